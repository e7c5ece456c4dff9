/* What the engine learns of a machine's firmware: the way to its disk, the binary that starts. */
#include "tests/unit/engine/bench.c"

/* Its boot script is local.ipxe, with these ways in this order. */
static void
asks(struct bench *b, const char *first, const char *second, char nonce[BOOT_NONCE])
{
	json_t *answer = bench_boot(b, MAC1, "10.9.0.101");
	const json_t *vars = json_object_get(answer, "vars");

	assert_string_equal(json_str(answer, "script", ""), "local");
	assert_string_equal(json_str(vars, "way1", ""), first);
	assert_string_equal(json_str(vars, "way2", ""), second);
	str_copy(nonce, BOOT_NONCE, json_str(vars, "nonce", ""));
	json_decref(answer);
}

static void
reports(struct bench *b, const char *nonce, const char *state, const char *text)
{
	bench_say(b, false, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "report", "nonce",
				      nonce, "ip", "10.9.0.101", "phase", "kernel", "state", state,
				      "text", text), NULL, 0);
}

static void
plan_local(struct bench *b)
{
	json_decref(bench_route(b, "PUT", "/v1/machines/n1/plan", "{\"kind\": \"local\"}", 200));
}

static void
way_that_leads_away_is_remembered(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];

	plan_local(b);
	assert_string_equal(bench_shows(b, "n1", "local_way"), "(null)");
	asks(b, "exit", "sanboot", nonce);
	reports(b, nonce, "begin", "local disk by exit");
	assert_string_equal(bench_shows(b, "n1", "local_way_state"), "trying");
	assert_string_equal(bench_shows(b, "n1", "state"), "away");

	/* soon back: it led nowhere */
	clock_fake_ms += 30000;
	asks(b, "sanboot", "chain", nonce);
	assert_string_equal(bench_shows(b, "n1", "local_way_state"), "failed");
	reports(b, nonce, "begin", "local disk by sanboot");
	clock_fake_ms += 3000;
	reports(b, nonce, "begin", "local disk by chain");
	clock_fake_ms += 60000;
	assert_string_equal(bench_shows(b, "n1", "local_way_state"), "works");
	asks(b, "chain", "exit", nonce);
	assert_string_equal(bench_shows(b, "n1", "local_way"), "chain");
	assert_string_equal(bench_shows(b, "n1", "local_way_state"), "works");

	/* over a restart of the server */
	bench_stop(b);
	bench_start(b, bench_site);
	asks(b, "chain", "exit", nonce);

	/* its firmware's DHCP request counts too, not only the script that it gets to ask for */
	reports(b, nonce, "begin", "local disk by chain");
	clock_fake_ms += 20000;
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	clock_fake_ms += 60000;
	asks(b, "exit", "sanboot", nonce);
}

static void
no_way_leads_there(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];

	plan_local(b);
	asks(b, "exit", "sanboot", nonce);
	reports(b, nonce, "begin", "local disk by sanboot");
	reports(b, nonce, "begin", "local disk by reformat");	/* no way of ours */
	assert_string_equal(bench_shows(b, "n1", "local_way"), "sanboot");
	reports(b, nonce, "fail", "local disk does not boot 2c048087");
	assert_string_equal(bench_shows(b, "n1", "state"), "failed");
	clock_fake_ms += 60000;
	assert_string_equal(bench_shows(b, "n1", "local_way_state"), "failed");
	asks(b, "chain", "exit", nonce);
}

static void
fetches(struct bench *b, const char *file)
{
	clock_fake_ms += 30000;
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	/* OVMF asks for the size first, and dnsmasq tells of two transfers */
	for (int i = 0; i < 2; i++)
		bench_say(b, true, json_pack("{s:s, s:s, s:s, s:i}", "type", "tftp", "ip",
					     "10.9.0.101", "file", file, "size", 300000), NULL, 0);
}

/* What the keeper was told of dnsmasq last; NULL: nothing new. */
static char *
configured(struct bench *b)
{
	char *ret = NULL;

	for (json_t *said; (said = bench_hear(b->keeper)); json_decref(said))
		if (json_str(said, "dnsmasq", NULL)) {
			free(ret);
			ret = str_dup(json_str(said, "dnsmasq", ""));
		}
	return ret;
}

static void
binary_that_does_not_start_is_changed(void **state)
{
	struct bench *b = *state;
	char *text;

	fetches(b, "/run/bootserver/tftp/snponly.efi");
	fetches(b, "/run/bootserver/tftp/snponly.efi");
	assert_string_equal(bench_shows(b, "n1", "binary"), "(null)");
	free(configured(b));
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_string_equal(bench_shows(b, "n1", "binary"), "ipxe-amd64.efi");
	assert_string_equal(bench_shows(b, "n1", "state"), "waiting");
	text = configured(b);
	assert_non_null(text);
	assert_non_null(strstr(text, "\ndhcp-mac=set:fw-ipxe-amd64.efi," MAC1 "\n"));
	free(text);

	/* neither starts: that is Secure Boot */
	fetches(b, "/run/bootserver/tftp/ipxe-amd64.efi");
	fetches(b, "/run/bootserver/tftp/ipxe-amd64.efi");
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_string_equal(bench_shows(b, "n1", "state"), "stalled");
	assert_non_null(strstr(bench_shows(b, "n1", "text"), "Secure Boot is on"));

	/* until it is off */
	json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	bench_stop(b);
	bench_start(b, bench_site);
	assert_string_equal(bench_shows(b, "n1", "binary"), "snponly.efi");
	{
		json_t *shown = bench_route(b, "GET", "/v1/machines/n1", NULL, 200);

		assert_false(json_flag(shown, "secure_boot", true));
		json_decref(shown);
	}
}

/* It came as far as its script: that is no Secure Boot, whatever else keeps it from asking. */
static void
binary_that_starts_is_no_sign_of_secure_boot(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 5; i++) {
		fetches(b, "/run/bootserver/tftp/snponly.efi");
		fetches(b, "/run/bootserver/tftp/autoexec.ipxe");
	}
	assert_string_equal(bench_shows(b, "n1", "binary"), "ipxe-amd64.efi");
	assert_null(strstr(bench_shows(b, "n1", "text"), "Secure Boot"));
}

static void
machine_that_asks_keeps_its_binary(void **state)
{
	struct bench *b = *state;

	for (int i = 0; i < 4; i++) {
		fetches(b, "/run/bootserver/tftp/snponly.efi");
		clock_fake_ms += 5000;
		json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	}
	fetches(b, "/run/bootserver/tftp/snponly.efi");
	bench_say(b, false, json_pack("{s:s, s:s}", "type", "greet", "ip", "10.9.0.101"), NULL, 0);
	fetches(b, "/run/bootserver/tftp/snponly.efi");
	fetches(b, "/run/bootserver/tftp/snponly.efi");
	assert_string_equal(bench_shows(b, "n1", "binary"), "(null)");
}

static void
a_persons_word_is_kept(void **state)
{
	struct bench *b = *state;
	static const char said[] =
		"site: {name: lab, domain: lab.internal}\n"
		"server: {interface: br0, address: 10.9.0.1/24}\n"
		"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
		"image: edge\n"
		"machines: [{name: n1, mac: \"" MAC1 "\", firmware: snponly.efi}]\n";

	bench_site_file(b, "reload", said);
	for (int i = 0; i < 3; i++)
		fetches(b, "/run/bootserver/tftp/snponly.efi");
	assert_string_equal(bench_shows(b, "n1", "binary"), "(null)");
}

/* Another DHCP server names the binary: it must be told, and the machine fetches the old one till
 * then, which is no sign of Secure Boot. */
static void
another_server_names_the_binary(void **state)
{
	struct bench *b = *state;
	static const char said[] =
		"site: {name: lab, domain: lab.internal}\n"
		"server: {interface: br0, address: 10.9.0.1/24}\n"
		"dhcp: {mode: none}\n"
		"image: edge\n"
		"machines: [{name: n1, mac: \"" MAC1 "\"}]\n";

	bench_site_file(b, "reload", said);
	for (int i = 0; i < 4; i++)
		fetches(b, "/run/bootserver/tftp/snponly.efi");
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_string_equal(bench_shows(b, "n1", "state"), "waiting");
	assert_non_null(strstr(bench_shows(b, "n1", "text"),
			       "have the site's DHCP server give it ipxe-amd64.efi"));
	for (int i = 0; i < 2; i++)
		fetches(b, "/run/bootserver/tftp/ipxe-amd64.efi");
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient:Arch:00007", "");
	assert_string_equal(bench_shows(b, "n1", "state"), "stalled");
	assert_non_null(strstr(bench_shows(b, "n1", "text"), "Secure Boot is on"));
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(way_that_leads_away_is_remembered),
		CASE(no_way_leads_there),
		CASE(binary_that_does_not_start_is_changed),
		CASE(binary_that_starts_is_no_sign_of_secure_boot),
		CASE(machine_that_asks_keeps_its_binary),
		CASE(a_persons_word_is_kept),
		CASE(another_server_names_the_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
