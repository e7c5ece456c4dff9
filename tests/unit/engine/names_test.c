/*
 * What dnsmasq is told of names: reserved addresses, the control plane wherever it is, and, where
 * another server leases, where each machine was seen.
 */
#include "tests/unit/engine/bench.c"

/* What the keeper is told after a second, or NULL. */
static json_t *
after_a_second(struct bench *b)
{
	struct err err = { "" };
	json_t *body;

	while ((body = bench_hear(b->keeper)) != NULL)
		json_decref(body);
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
	return bench_hear(b->keeper);
}

static void
names_are(json_t *body, const char *type, const char *names)
{
	assert_non_null(body);
	assert_string_equal(json_str(body, "type", ""), type);
	assert_string_equal(json_str(body, "names", ""), names);
	json_decref(body);
}

static void
the_control_plane_follows_its_lease(void **state)
{
	struct bench *b = *state;

	names_are(json_incref(b->config), "config", "");
	bench_lease(b, MAC2, "10.9.0.102", "PXEClient", "");
	assert_null(after_a_second(b));		/* dnsmasq knows n2 by its lease */
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient", "");
	names_are(after_a_second(b), "names", "10.9.0.101 n1.lab.internal n1\n"
					      "10.9.0.101 api.lab.internal api\n");
	assert_null(after_a_second(b));
	bench_lease(b, MAC1, "10.9.0.103", "PXEClient", "");
	names_are(after_a_second(b), "names", "10.9.0.103 n1.lab.internal n1\n"
					      "10.9.0.103 api.lab.internal api\n");
	/* another machine has the address now, and n1 none that is known */
	bench_lease(b, MAC2, "10.9.0.103", "PXEClient", "");
	names_are(after_a_second(b), "names", "");
}

static const char proxy_site[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {mode: proxy}\n"
	"image: edge\n"
	"machines:\n"
	"  - {name: n1, mac: \"" MAC1 "\", address: 10.9.0.11}\n"
	"  - {name: n2, mac: \"" MAC2 "\"}\n";

static void
machines_seen_behind_another_server(void **state)
{
	struct bench *b = *state;
	const char *known = "10.9.0.11 n1.lab.internal n1\n"
			    "10.9.0.11 api.lab.internal api\n";

	bench_site_file(b, "reload", proxy_site);
	names_are(json_incref(b->config), "config", known);
	/* a stranger has no name until somebody took it in */
	bench_lease(b, STRANGE, "10.9.0.99", "PXEClient", "");
	assert_null(after_a_second(b));
	bench_lease(b, MAC2, "10.9.0.55", "PXEClient", "");
	names_are(after_a_second(b), "names", "10.9.0.11 n1.lab.internal n1\n"
					      "10.9.0.55 n2.lab.internal n2\n"
					      "10.9.0.11 api.lab.internal api\n");
	/* and a new engine knows it still */
	bench_stop(b);
	bench_start(b, proxy_site);
	names_are(json_incref(b->config), "config", "10.9.0.11 n1.lab.internal n1\n"
						    "10.9.0.55 n2.lab.internal n2\n"
						    "10.9.0.11 api.lab.internal api\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_control_plane_follows_its_lease, bench_enter,
						bench_leave),
		cmocka_unit_test_setup_teardown(machines_seen_behind_another_server, bench_enter,
						bench_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
