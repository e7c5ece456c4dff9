/* What a machine is given when it asks, and what its timeline says of that. */
#include "tests/unit/engine/bench.c"

#include "engine/hub.h"
#include "engine/machines.h"
#include "engine/timeline.h"

static void
config_tells_all_that_the_keeper_needs(void **state)
{
	struct bench *b = *state;
	json_t *tftp = json_object_get(b->config, "tftp");

	assert_true(json_flag(b->config, "ok", false));
	assert_int_equal(json_array_size(json_object_get(b->config, "listen")), 2);
	assert_string_equal(json_str(b->config, "url", ""), "http://10.9.0.1");
	assert_string_equal(json_str(b->config, "interface", ""), "br0");
	assert_int_equal(strlen(json_str(b->config, "ca", "")), 64);
	assert_non_null(strstr(json_str(b->config, "dnsmasq", ""), "dhcp-range"));
	assert_non_null(strstr(json_str(b->config, "hosts", ""), MAC1));
	assert_non_null(strstr(json_str(tftp, "autoexec.ipxe", ""), "set ours 2.0.0\n"));
	assert_non_null(strstr(json_str(tftp, "nic.ipxe", ""), "echo nic\n"));
}

static void
site_with_a_fault_is_told_and_changes_nothing(void **state)
{
	struct bench *b = *state;
	json_t *first, *answer;

	bench_site_file(b, "reload", "site: {name: lab}\nserver: 7\n");
	assert_false(json_flag(b->config, "ok", true));
	first = json_array_get(json_object_get(b->config, "findings"), 0);
	assert_string_equal(json_str(first, "file", ""), "site.yaml");
	assert_true(json_num(first, "line", 0) > 0);
	answer = bench_boot(b, MAC1, "10.9.0.101");
	assert_string_equal(json_str(answer, "script", ""), "image");
	json_decref(answer);
}

static void
machine_of_the_site_boots_its_image(void **state)
{
	struct bench *b = *state;
	json_t *answer = bench_boot(b, MAC1, "10.9.0.101"), *vars = json_object_get(answer, "vars");
	char sha256[SHA256_TEXT], args[600];

	sha256_text(sha256, "kernel one", 10);
	assert_string_equal(json_str(answer, "script", ""), "image");
	assert_string_equal(json_str(vars, "kernel", ""), sha256);
	assert_string_equal(json_str(vars, "machine", ""), "n1");
	assert_string_equal(json_str(vars, "image", ""), "edge@1");
	assert_null(json_object_get(vars, "code"));
	sha256_text(sha256, "the root", 8);
	snprintf(args, sizeof(args), "quiet bootserver.url=http://10.9.0.1 bootserver.machine=n1"
		 " bootserver.nonce=%s bootserver.root=%s bootserver.size=8",
		 json_str(vars, "nonce", ""), sha256);
	assert_string_equal(json_str(vars, "args", ""), args);
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@1");
	assert_string_equal(bench_shows(b, "n1", "last_good"), "(null)");
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
	assert_int_equal(b->e->metrics.decision_s.count, 1);
	assert_int_equal(b->e->metrics.decisions[PLAN_IMAGE], 1);
	json_decref(answer);
}

static void
request_without_a_mac_is_a_failure_script(void **state)
{
	struct bench *b = *state;
	json_t *answer = bench_boot(b, "nonsense", "10.9.0.101");

	assert_string_equal(json_str(answer, "script", ""), "failure");
	json_decref(answer);
	answer = bench_boot(b, "", "10.9.0.101");
	assert_string_equal(json_str(answer, "script", ""), "failure");
	json_decref(answer);
	assert_int_equal(b->e->nmachines, 2);
}

static void
retries_belong_to_one_boot(void **state)
{
	struct bench *b = *state;
	char first[BOOT_NONCE], second[BOOT_NONCE];
	int64_t boot;

	bench_nonce(b, MAC1, "10.9.0.101", "image", first);
	boot = b->e->last_boot;
	bench_nonce(b, MAC1, "10.9.0.101", "image", second);
	assert_string_not_equal(first, second);
	assert_int_equal(b->e->last_boot, boot);
	assert_int_equal(bench_count(b, "n1", "script", "done"), 1);
	/* the former script may still be running */
	bench_transfer(b, first, "kernel one", "begin");
	assert_string_equal(bench_shows(b, "n1", "phase"), "kernel");
	bench_nonce(b, MAC1, "10.9.0.101", "image", second);
	assert_int_equal(b->e->last_boot, boot + 1);
}

static void
transfers_move_the_boot_forward(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	struct buf metrics;
	json_t *answer;

	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	bench_transfer(b, "00000000000000000000000000000000", "kernel one", "begin");
	bench_transfer(b, nonce, "something else", "begin");
	assert_string_equal(bench_shows(b, "n1", "phase"), "script");
	bench_transfer(b, nonce, "kernel one", "begin");
	bench_transfer(b, nonce, "kernel one", "progress");
	answer = bench_route(b, "GET", "/v1/machines/n1", NULL, 200);
	assert_int_equal(json_num(json_object_get(answer, "progress"), "done", 0), 5);
	json_decref(answer);
	assert_int_equal(bench_count(b, "n1", "kernel", "progress"), 0);
	buf_init(&metrics);
	metrics_format(b->e, &metrics);
	assert_non_null(strstr(metrics.text, "bootserver_transfer_done_bytes"
			       "{machine=\"n1\",part=\"kernel\"} 5\n"));
	assert_non_null(strstr(metrics.text, "bootserver_transfer_size_bytes"
			       "{machine=\"n1\",part=\"kernel\"} 10\n"));
	buf_fini(&metrics);
	bench_transfer(b, nonce, "kernel one", "broken");
	assert_string_equal(bench_shows(b, "n1", "state"), "waiting");
	bench_transfer(b, nonce, "kernel one", "begin");
	bench_transfer(b, nonce, "kernel one", "done");
	bench_transfer(b, nonce, "the initrd", "begin");
	bench_transfer(b, nonce, "the initrd", "done");
	bench_transfer(b, nonce, "the root", "begin");
	assert_string_equal(bench_shows(b, "n1", "phase"), "root");
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
	/* it waits for its turn: its place is shown, and not stored each time */
	bench_transfer(b, nonce, "the root", "queued");
	assert_string_equal(bench_shows(b, "n1", "state"), "waiting");
	assert_string_equal(bench_shows(b, "n1", "text"), "waits for its turn: place 3 of 9");
	bench_transfer(b, nonce, "the root", "queued");
	assert_int_equal(bench_count(b, "n1", "root", "wait"), 1);
	bench_transfer(b, nonce, "the root", "begin");
	assert_string_equal(bench_shows(b, "n1", "text"), "0.0 MB, goes on at 50 %");
	bench_transfer(b, nonce, "the root", "still");
	assert_string_equal(bench_shows(b, "n1", "text"),
			    "stage 1 stopped acknowledging at 50 %");
	bench_transfer(b, nonce, "the root", "begin");
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
	/* a late word about the kernel is kept, and does not move the boot back */
	bench_transfer(b, nonce, "kernel one", "begin");
	assert_string_equal(bench_shows(b, "n1", "phase"), "root");
}

static void
unsigned_reports_reach_no_further_than_root(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	static const char *const phases[] = { "enrol", "storage", "healthy" };

	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	for (int i = 0; i < 3; i++)
		bench_say(b, false,
			  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "report", "nonce",
				    nonce, "ip", "10.9.0.101", "phase", phases[i], "state", "done",
				    "text", ""),
			  NULL, 0);
	assert_string_equal(bench_shows(b, "n1", "phase"), "script");
	/* and what moves no boot is the engine's to say */
	bench_say(b, false,
		  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "report", "nonce", nonce,
			    "ip", "10.9.0.101", "phase", "root", "state", "note", "text",
			    "order reboot: done"),
		  NULL, 0);
	assert_int_equal(bench_count(b, "n1", "root", "note"), 0);
	bench_say(b, false,
		  json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "report", "nonce", nonce,
			    "ip", "10.9.0.101", "phase", "stage1", "state", "stall", "text",
			    "memory 512 MiB,\nneeds \"900\" MiB"),
		  NULL, 0);
	assert_string_equal(bench_shows(b, "n1", "state"), "stalled");
	assert_string_equal(bench_shows(b, "n1", "text"), "memory 512 MiB, needs '900' MiB");
}

static void
firmware_begins_a_new_boot_after_one_that_went_on(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	int64_t boot;

	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_string_equal(bench_shows(b, "n1", "phase"), "dhcp");
	boot = b->e->last_boot;
	bench_say(b, true,
		  json_pack("{s:s, s:s, s:s, s:i}", "type", "tftp", "ip", "10.9.0.101", "file",
			    "/run/bootserver/tftp/snponly.efi", "size", 7),
		  NULL, 0);
	assert_string_equal(bench_shows(b, "n1", "text"), "snponly.efi");
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "iPXE");
	bench_say(b, false, json_pack("{s:s, s:s}", "type", "greet", "ip", "10.9.0.101"), NULL, 0);
	assert_string_equal(bench_shows(b, "n1", "phase"), "ipxe");
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	bench_transfer(b, nonce, "kernel one", "begin");
	assert_int_equal(b->e->last_boot, boot);
	/* dnsmasq's script is behind in a storm: that is no new boot */
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "iPXE");
	assert_int_equal(b->e->last_boot, boot);
	/* later than anything can be late: a new boot, until the former one is heard to go on */
	clock_fake_ms += 6000;
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_int_equal(b->e->last_boot, boot + 1);
	bench_transfer(b, nonce, "kernel one", "broken");
	assert_string_equal(bench_shows(b, "n1", "phase"), "dhcp");
	bench_transfer(b, nonce, "the initrd", "begin");
	assert_string_equal(bench_shows(b, "n1", "phase"), "initrd");
	/* Linux renews its lease */
	clock_fake_ms += 60000;
	bench_lease(b, MAC1, "10.9.0.101", "", "");
	assert_int_equal(b->e->last_boot, boot + 1);
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_int_equal(b->e->last_boot, boot + 2);
	assert_string_equal(bench_shows(b, "n1", "phase"), "dhcp");
}

static void
plan_for_one_boot_is_used_up_by_it(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];

	json_decref(bench_route(b, "PUT", "/v1/machines/n1/plan",
				"{\"kind\": \"local\", \"once\": true}", 200));
	bench_nonce(b, MAC1, "10.9.0.101", "local", nonce);
	assert_string_equal(bench_shows(b, "n1", "state"), "away");
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	json_decref(bench_route(b, "PUT", "/v1/machines/n1/plan", "{\"kind\": \"wait\"}", 200));
	bench_nonce(b, MAC1, "10.9.0.101", "wait", nonce);
	bench_nonce(b, MAC1, "10.9.0.101", "wait", nonce);
	json_decref(bench_route(b, "PUT", "/v1/machines/n1/plan", "{\"kind\": \"image\"}", 200));
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	json_decref(bench_route(b, "PUT", "/v1/machines/n1/plan", "{\"kind\": \"dance\"}", 422));
}

static void
newest_generation_unless_another_is_asked_for(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];

	bench_image("edge", "kernel two");
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@1");
	json_decref(bench_route(b, "POST", "/v1/images/reload", NULL, 200));
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@2");
	json_decref(
		bench_route(b, "POST", "/v1/machines/n1/reimage", "{\"image\": \"edge@1\"}", 200));
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@1");
	json_decref(
		bench_route(b, "POST", "/v1/machines/n1/reimage", "{\"image\": \"edge@7\"}", 409));
	json_decref(
		bench_route(b, "POST", "/v1/machines/n1/reimage", "{\"image\": \"e d g e\"}", 422));
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@1");
	json_decref(bench_route(b, "POST", "/v1/machines/n1/reimage", NULL, 200));
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@2");
}

static void
refuses(struct bench *b, const char *name, const char *ref, const char *sentence)
{
	char *path = str_format("/v1/machines/%s/reimage", name);
	char *body = str_format("{\"image\": \"%s\"}", ref);
	json_t *answer = bench_route(b, "POST", path, body, 409);

	assert_string_equal(json_str(answer, "error", ""), sentence);
	json_decref(answer);
	free(body);
	free(path);
}

/* Nobody knows what it is but the site file, if that says it. */
static void
machine_never_seen_is_given_an_image_that_is_there(void **state)
{
	struct bench *b = *state;
	char *site = str_format("%s  - {name: n4, mac: 52:54:00:00:00:04, arch: arm64}\n"
				"  - {name: n5, mac: 52:54:00:00:00:05, arch: amd64}\n",
				bench_site);

	bench_site_file(b, "reload", site);
	refuses(b, "n2", "nope@1", "image nope@1 is not in the store: bootserver image ls");
	refuses(b, "n5", "edge@7", "image edge@7 is not in the store: bootserver image ls");
	refuses(b, "n4", "edge@1", "image edge@1 has no arm64");
	for (const char *const *name = (const char *const[]){ "n2", "n5", NULL }; *name; name++) {
		char *path = str_format("/v1/machines/%s/reimage", *name);

		json_decref(bench_route(b, "POST", path, "{\"image\": \"edge@1\"}", 200));
		assert_string_equal(bench_shows(b, *name, "image"), "edge@1");
		free(path);
	}
	free(site);
}

static void
site_json_opens_to_a_nonce_of_a_boot_alone(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	json_t *answer, *site = NULL;
	struct err err;
	const char *body;

	answer = bench_ask(b, json_pack("{s:s, s:s, s:s}", "type", "site-json", "nonce",
					"0123456789abcdef0123456789abcdef", "ip", "10.9.0.101"));
	assert_int_equal(json_num(answer, "status", 0), 403);
	json_decref(answer);
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	answer = bench_ask(b, json_pack("{s:s, s:s, s:s}", "type", "site-json", "nonce", nonce,
					"ip", "10.9.0.101"));
	assert_int_equal(json_num(answer, "status", 0), 200);
	body = json_str(answer, "body", "");
	assert_int_equal(json_parse(&site, body, strlen(body), &err), 0);
	assert_string_equal(json_str(json_object_get(site, "machine"), "name", ""), "n1");
	assert_int_equal(json_num(json_object_get(site, "machine"), "state-size", 0), 68719476736);
	assert_true(str_starts(json_str(site, "ca", ""), "-----BEGIN CERTIFICATE"));
	assert_null(strstr(body, "PRIVATE"));
	json_decref(site);
	json_decref(answer);
	/* a lease of which dnsmasq's script told late began a boot that never was */
	clock_fake_ms += 10000;
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	answer = bench_ask(b, json_pack("{s:s, s:s, s:s}", "type", "site-json", "nonce", nonce,
					"ip", "10.9.0.101"));
	assert_int_equal(json_num(answer, "status", 0), 200);
	assert_string_equal(bench_shows(b, "n1", "phase"), "script");
	json_decref(answer);
}

static void
boot_that_stands_still_is_named(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	struct err err;

	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	bench_transfer(b, nonce, "kernel one", "begin");
	clock_fake_ms += 179000;
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
	clock_fake_ms += 2000;
	engine_tick(b->e);
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
	assert_string_equal(bench_shows(b, "n1", "state"), "stalled");
	assert_string_equal(bench_shows(b, "n1", "phase"), "kernel");
	assert_int_equal(bench_count(b, "n1", "kernel", "stall"), 1);
	bench_transfer(b, nonce, "kernel one", "done");
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
}

static void
events_can_be_read_from_any_point(void **state)
{
	struct bench *b = *state;
	struct hub_reader *all, *news;
	char text[8192], nonce[BOOT_NONCE];
	ssize_t len;

	json_decref(bench_boot(b, MAC2, "10.9.0.103"));
	all = hub_open(b->e, 0, false);
	news = hub_open(b->e, -1, true);
	assert_int_equal(hub_read(b->e, news, text, sizeof(text)), 0);
	len = hub_read(b->e, all, text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	assert_non_null(strstr(text, "\"machine\":\"n2\""));
	assert_int_equal(hub_read(b->e, all, text, sizeof(text)), -1);
	hub_close(b->e, all);
	bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
	bench_transfer(b, nonce, "kernel one", "progress");
	len = hub_read(b->e, news, text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	assert_non_null(strstr(text, "\"id\":0,"));
	assert_non_null(strstr(text, "\"state\":\"progress\""));
	len = hub_read(b->e, news, text, sizeof(text) - 1);
	assert_true(len > 0);
	text[len] = '\0';
	assert_non_null(strstr(text, "\"phase\":\"script\""));
	assert_null(strstr(text, "\"machine\":\"n2\""));
	hub_close(b->e, news);
}

static void
monitoring_sees_machines_by_state(void **state)
{
	struct bench *b = *state;
	json_t *answer;
	const char *text;

	json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	json_decref(bench_boot(b, STRANGE, "10.9.0.102"));
	answer = bench_ask(b, json_pack("{s:s}", "type", "metrics"));
	text = json_str(answer, "body", "");
	assert_non_null(strstr(text, "bootserver_machines{state=\"booting\"} 1\n"));
	assert_non_null(strstr(text, "bootserver_machines{state=\"waiting\"} 1\n"));
	assert_non_null(strstr(text, "bootserver_machines{state=\"new\"} 1\n"));
	assert_non_null(strstr(text, "bootserver_decisions_total{plan=\"wait\"} 1\n"));
	assert_non_null(strstr(text, "bootserver_decision_duration_seconds_count 2\n"));
	assert_non_null(strstr(text, "bootserver_boot_duration_seconds_bucket{le=\"+Inf\"} 0\n"));
	json_decref(answer);
	answer = bench_ask(b, json_pack("{s:s}", "type", "health"));
	assert_int_equal(json_num(answer, "status", 0), 200);
	json_decref(answer);
}

static void
old_boots_are_forgotten(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];
	sqlite3_stmt *row;
	int count = 0;

	for (int i = 0; i < BOOTS_KEPT + 15; i++) {
		bench_nonce(b, MAC1, "10.9.0.101", "image", nonce);
		bench_transfer(b, nonce, "kernel one", "begin");
	}
	for (row = db_ask(&b->e->db, DB_BOOTS_OF, "ii",
			  ((struct machine *)index_find(&b->e->names, "n1"))->id, (int64_t)1000);
	     db_next(&b->e->db, row);)
		count++;
	assert_int_equal(count, BOOTS_KEPT);
	/* nonces of boots that are over are no longer good */
	assert_true(b->e->nonces.count <= 2 * BOOT_NONCES);
}

/* `image rm` asks who needs an image: a plan for one boot changes nothing of that. */
static void
image_is_needed_after_a_plan_for_one_boot(void **state)
{
	struct bench *b = *state;

	for (int once = 1; once >= 0; once--) {
		json_t *images, *uses;
		char says[80];

		snprintf(says, sizeof(says), "{\"kind\": \"rescue\", \"once\": %s}",
			 once ? "true" : "false");
		json_decref(bench_route(b, "PUT", "/v1/machines/n1/plan", says, 200));
		images = bench_route(b, "GET", "/v1/images", NULL, 200);
		uses = json_object_get(json_array_get(images, 0), "used_by");
		assert_int_equal(json_array_size(uses), once ? 2 : 1);
		json_decref(images);
	}
}

static void
routes_say_what_is_wrong(void **state)
{
	struct bench *b = *state;
	json_t *answer;

	json_decref(bench_route(b, "GET", "/v1/nothing", NULL, 404));
	json_decref(bench_route(b, "GET", "/v1/machines/n7", NULL, 404));
	json_decref(bench_route(b, "GET", "/v1/machines/n1/plan", NULL, 405));
	json_decref(bench_route(b, "GET", "/v1/machines/", NULL, 404));
	answer = bench_route(b, "DELETE", "/v1/machines", NULL, 405);
	assert_non_null(json_str(answer, "error", NULL));
	json_decref(answer);
	answer = bench_route(b, "GET", "/v1/images", NULL, 200);
	assert_string_equal(json_str(json_array_get(answer, 0), "name", ""), "edge");
	json_decref(answer);
	answer = bench_route(b, "GET", "/v1/site", NULL, 200);
	assert_false(json_flag(answer, "ready", true));
	json_decref(answer);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(config_tells_all_that_the_keeper_needs),
		CASE(site_with_a_fault_is_told_and_changes_nothing),
		CASE(machine_of_the_site_boots_its_image),
		CASE(request_without_a_mac_is_a_failure_script),
		CASE(retries_belong_to_one_boot),
		CASE(transfers_move_the_boot_forward),
		CASE(unsigned_reports_reach_no_further_than_root),
		CASE(firmware_begins_a_new_boot_after_one_that_went_on),
		CASE(plan_for_one_boot_is_used_up_by_it),
		CASE(image_is_needed_after_a_plan_for_one_boot),
		CASE(newest_generation_unless_another_is_asked_for),
		CASE(machine_never_seen_is_given_an_image_that_is_there),
		CASE(site_json_opens_to_a_nonce_of_a_boot_alone),
		CASE(boot_that_stands_still_is_named),
		CASE(events_can_be_read_from_any_point),
		CASE(monitoring_sees_machines_by_state),
		CASE(old_boots_are_forgotten),
		CASE(routes_say_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
