/* Who is who: by the site file, by what a machine says, by a person's approval. */
#include "tests/unit/engine/bench.c"

static void
unknown_machine_waits_until_a_person_approves_it(void **state)
{
	struct bench *b = *state;
	json_t *answer = bench_boot(b, STRANGE, "10.9.0.102"),
	       *vars = json_object_get(answer, "vars");
	char body[64];

	assert_string_equal(json_str(answer, "script", ""), "wait");
	assert_string_equal(json_str(vars, "machine", ""), "m-525400000099");
	assert_int_equal(strlen(json_str(vars, "code", "")), 9);
	assert_string_equal(bench_shows(b, "m-525400000099", "state"), "waiting");
	json_decref(bench_route(b, "POST", "/v1/approve", "{\"code\": \"AAAA-AAAA\"}", 404));
	/* the name of a machine is no code */
	json_decref(bench_route(b, "POST", "/v1/approve", "{\"code\": \"m-525400000099\"}", 404));
	snprintf(body, sizeof(body), "{\"code\": \"%s\"}", json_str(vars, "code", ""));
	json_decref(answer);
	json_decref(bench_route(b, "POST", "/v1/approve", body, 200));
	json_decref(bench_route(b, "POST", "/v1/approve", body, 404));
	answer = bench_hear(b->keeper);	/* its name goes to dnsmasq */
	assert_non_null(strstr(json_str(answer, "hosts", ""), STRANGE));
	json_decref(answer);
	answer = bench_boot(b, STRANGE, "10.9.0.102");
	assert_string_equal(json_str(answer, "script", ""), "image");
	json_decref(answer);
}

static void
code_is_there_while_a_person_is_waited_for(void **state)
{
	struct bench *b = *state;
	char *site = str_format("%srules: [{match: {platform: efi}, approve: true}]\n", bench_site);
	char *without = str_format("%.*s", (int)(strstr(bench_site, "  - {name: n2") - bench_site),
				   bench_site);
	json_t *answer;

	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	assert_int_equal(strlen(bench_shows(b, STRANGE, "code")), 9);
	bench_site_file(b, "reload", site);	/* a rule takes it in */
	answer = bench_boot(b, STRANGE, "10.9.0.102");
	assert_string_equal(json_str(answer, "script", ""), "image");
	assert_string_equal(bench_shows(b, STRANGE, "code"), "(null)");
	json_decref(answer);
	/* n2 is taken out of the site file: it is a stranger again */
	json_decref(bench_boot(b, MAC2, "10.9.0.103"));
	bench_site_file(b, "reload", without);
	answer = bench_boot(b, MAC2, "10.9.0.103");
	assert_string_equal(json_str(answer, "script", ""), "wait");
	assert_int_equal(strlen(json_str(json_object_get(answer, "vars"), "code", "")), 9);
	json_decref(answer);
	free(without);
	free(site);
}

/* A rule gives an iPXE binary: by what the site file says at once, by what the machine said of
 * itself from the next configuration on. */
static void
firmware_by_rule(void **state)
{
	struct bench *b = *state;
	char *site = str_format("%sprofiles: [{name: old, firmware: snponly.efi}]\n"
				"rules: [{match: {platform: efi}, profile: old}]\n", bench_site);

	bench_site_file(b, "reload", site);
	assert_null(strstr(json_str(b->config, "dnsmasq", ""), "dhcp-mac="));
	json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	bench_site_file(b, "reload", site);
	assert_non_null(strstr(json_str(b->config, "dnsmasq", ""),
			       "\ndhcp-mac=set:fw-snponly.efi," MAC1 "\n"));
	assert_null(strstr(json_str(b->config, "dnsmasq", ""), MAC2));
	free(site);
}

static void
approval_may_give_a_name(void **state)
{
	struct bench *b = *state;

	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	json_decref(bench_route(b, "POST", "/v1/machines/m-525400000099/approve",
				"{\"name\": \"n1\"}", 409));
	json_decref(bench_route(b, "POST", "/v1/machines/m-525400000099/approve",
				"{\"name\": \"Not a name\"}", 422));
	json_decref(bench_route(b, "POST", "/v1/machines/m-525400000099/approve",
				"{\"name\": \"boot\"}", 422));
	json_decref(bench_route(b, "POST", "/v1/machines/m-525400000099/approve",
				"{\"name\": \"api\"}", 422));
	json_decref(bench_route(b, "POST", "/v1/machines/" STRANGE "/approve",
				"{\"name\": \"n9\"}", 200));
	json_decref(bench_route(b, "GET", "/v1/machines/m-525400000099", NULL, 404));
	assert_string_equal(bench_shows(b, "n9", "plan"), "image");
	json_decref(bench_route(b, "POST", "/v1/machines/n9/approve", NULL, 409));
}

static void
machines_are_known_by_what_the_site_says(void **state)
{
	struct bench *b = *state;
	json_t *answer;

	/* another network card of n2, which the site file knows by UUID */
	answer = bench_boot_as(b, "52:54:00:00:00:0a", "10.9.0.103",
			       "11111111-2222-3333-4444-555555555555");
	assert_string_equal(json_str(json_object_get(answer, "vars"), "machine", ""), "n2");
	json_decref(answer);
	/* the MAC address of n1 beats the UUID of n2 */
	answer = bench_boot_as(b, MAC1, "10.9.0.101", "11111111-2222-3333-4444-555555555555");
	assert_string_equal(json_str(json_object_get(answer, "vars"), "machine", ""), "n1");
	json_decref(answer);
	/* boards whose maker left the UUID empty are not one machine */
	json_decref(bench_boot_as(b, "52:54:00:00:00:0b", "10.9.0.104",
				  "00000000-0000-0000-0000-000000000000"));
	json_decref(bench_boot_as(b, "52:54:00:00:00:0c", "10.9.0.105",
				  "00000000-0000-0000-0000-000000000000"));
	assert_int_equal(b->e->nmachines, 4);
}

static void
new_site_file_takes_machines_over(void **state)
{
	struct bench *b = *state;
	int64_t boot;
	char *site = str_format("%s  - {name: n3, mac: \"" STRANGE "\"}\n", bench_site);
	char *other;
	json_t *answer;

	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	boot = b->e->last_boot;
	bench_site_file(b, "reload", site);
	assert_true(json_flag(b->config, "ok", false));
	json_decref(bench_route(b, "GET", "/v1/machines/m-525400000099", NULL, 404));
	assert_string_equal(bench_shows(b, "n3", "code"), "(null)");
	answer = bench_boot(b, STRANGE, "10.9.0.102");	/* the boot in which it waited goes on */
	assert_string_equal(json_str(answer, "script", ""), "image");
	json_decref(answer);
	assert_int_equal(b->e->last_boot, boot);
	/* the boards of n1 and n3 change places */
	other = str_format("%.*s  - {name: n1, mac: \"" STRANGE "\"}\n  - {name: n3, mac: \"" MAC1
			   "\"}\n", (int)(strstr(bench_site, "  - {name: n1") - bench_site),
			   bench_site);
	bench_site_file(b, "reload", other);
	assert_true(json_flag(b->config, "ok", false));
	answer = bench_boot(b, MAC1, "10.9.0.101");
	assert_string_equal(json_str(json_object_get(answer, "vars"), "machine", ""), "n3");
	json_decref(answer);
	free(other);
	free(site);
}

static void
what_is_known_outlives_the_engine(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	json_t *answer;

	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	json_decref(bench_route(b, "POST", "/v1/machines/" STRANGE "/approve",
				"{\"name\": \"n9\"}", 200));
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	bench_stop(b);
	bench_start(b, bench_site);
	answer = bench_boot(b, STRANGE, "10.9.0.102");
	assert_string_equal(json_str(json_object_get(answer, "vars"), "machine", ""), "n9");
	assert_string_equal(json_str(answer, "script", ""), "image");
	json_decref(answer);
	bench_transfer(b, nonce, "kernel one", "begin");
	assert_string_equal(bench_shows(b, "n1", "phase"), "kernel");
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@1");
}

/* One that asks again as it did before costs the row of its boot; when it was seen is known of that
 * after a restart. */
static void
asking_again_saves_the_boot_alone(void **state)
{
	struct bench *b = *state;
	json_t *answer;
	int before;

	json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	clock_fake_ms += 60000;
	before = sqlite3_total_changes(b->e->db.sql);
	json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	assert_int_equal(sqlite3_total_changes(b->e->db.sql) - before, 1);
	/* but what it says of itself is kept */
	json_decref(bench_boot_as(b, MAC1, "10.9.0.101", "22222222-2222-3333-4444-555555555555"));
	assert_int_equal(sqlite3_total_changes(b->e->db.sql) - before, 3);
	bench_stop(b);
	bench_start(b, bench_site);
	answer = bench_route(b, "GET", "/v1/machines/n1", NULL, 200);
	assert_int_equal(json_num(answer, "seen_ms", 0), BENCH_NOW + 60000);
	assert_string_equal(json_str(answer, "uuid", ""), "22222222-2222-3333-4444-555555555555");
	json_decref(answer);
}

static void
unknown_machines_are_bounded(void **state)
{
	struct bench *b = *state;
	char mac[18];

	for (int i = 0; i < UNKNOWN_MOST + 50; i++) {
		snprintf(mac, sizeof(mac), "02:00:00:00:%02x:%02x", i >> 8, i & 255);
		clock_fake_ms++;
		json_decref(bench_boot(b, mac, "10.9.0.102"));
	}
	assert_int_equal(b->e->nmachines, UNKNOWN_MOST + 2);
	assert_null(index_find(&b->e->macs, "02:00:00:00:00:00"));
	assert_non_null(index_find(&b->e->macs, mac));
}

static void
other_clients_of_dhcp_are_no_machines(void **state)
{
	struct bench *b = *state;

	bench_lease(b, STRANGE, "10.9.0.150", "android-dhcp-14", "");
	assert_int_equal(b->e->nmachines, 2);
	bench_lease(b, STRANGE, "10.9.0.150", "PXEClient:Arch:00000", "");
	assert_int_equal(b->e->nmachines, 3);
	assert_string_equal(bench_shows(b, "m-525400000099", "ip"), "10.9.0.150");
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(unknown_machine_waits_until_a_person_approves_it),
		CASE(code_is_there_while_a_person_is_waited_for),
		CASE(firmware_by_rule), CASE(approval_may_give_a_name),
		CASE(machines_are_known_by_what_the_site_says),
		CASE(new_site_file_takes_machines_over),
		CASE(what_is_known_outlives_the_engine),
		CASE(asking_again_saves_the_boot_alone),
		CASE(unknown_machines_are_bounded),
		CASE(other_clients_of_dhcp_are_no_machines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
