/*
 * Sites and chronyd's configuration of each: tests/golden/chrony/NAME.{yaml,conf}.  With UPDATE=1
 * in the environment the files are written anew: look at the difference before it is committed.
 */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "chrony/chrony.h"
#include "lib/str.h"
#include "tests/unit/golden.h"
#include "tests/unit/site/given.h"

static void
golden(void **state)
{
	static const char *const names[] = { "alone", "uplink" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *yaml = str_format("tests/golden/chrony/%s.yaml", names[i]);
		char *wanted = str_format("tests/golden/chrony/%s.conf", names[i]);
		struct site *site = given_file(yaml);
		char *text = chrony_render(site);

		golden_is(wanted, text);
		free(text);
		site_free(site);
		free(wanted);
		free(yaml);
	}
}

#define SITE \
	"site: {name: lab, domain: lab.internal}\n" \
	"server: {interface: eno1, address: 10.9.0.1/24}\n" \
	"image: edge\n"

/* Whom machines ask, and that nothing is rendered where nothing is served. */
static void
servers(void **state)
{
	static const struct {
		const char *more, *server;
		bool serves;
	} rows[] = {
		{ "", "10.9.0.1", true },
		{ "time: {serve: false}\n", NULL, false },
		{ "dhcp: {ntp: [10.9.0.7, 10.9.0.8]}\n", "10.9.0.7", true },
		{ "dhcp: {ntp: 10.9.0.7}\ntime: {serve: false}\n", "10.9.0.7", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *yaml = str_format("%s%s", SITE, rows[i].more);
		struct site *site = given(yaml);
		char *server = chrony_server(site), *text = chrony_render(site);

		if (!str_eq(server, rows[i].server) || (text != NULL) != rows[i].serves)
			fail_msg("row %zu: %s", i, server ? server : "nobody");
		free(text);
		free(server);
		site_free(site);
		free(yaml);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
