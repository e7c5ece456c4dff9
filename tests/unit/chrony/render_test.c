/*
 * Sites and chronyd's configuration of each: tests/golden/chrony/NAME.{yaml,conf}.  With UPDATE=1
 * in the environment the files are written anew: look at the difference before it is committed.
 */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "chrony/chrony.h"
#include "lib/file.h"
#include "lib/str.h"
#include "site/parse.h"

static struct err err;

static struct site *
site_of(const char *text)
{
	struct site_source source = { .name = "site.yaml", .text = text, .len = strlen(text) };
	struct site_findings findings;
	struct site *site = site_parse(&source, 1, &findings);

	if (site == NULL)
		fail_msg("line %d: %s", findings.items[0].line, findings.items[0].text);
	site_findings_fini(&findings);
	return site;
}

static void
golden(void **state)
{
	static const char *const names[] = { "alone", "uplink" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = str_format("tests/golden/chrony/%s.yaml", names[i]), *yaml;
		char *conf = str_format("tests/golden/chrony/%s.conf", names[i]);
		char *text, *wanted = NULL;
		struct site *site;

		assert_int_equal(file_read(AT_FDCWD, path, &yaml, NULL, &err), 0);
		site = site_of(yaml);
		text = chrony_render(site);
		if (getenv("UPDATE") != NULL)
			assert_int_equal(file_write((struct file_new){ AT_FDCWD, conf, 0644 },
						    text, strlen(text), &err), 0);
		assert_int_equal(file_read(AT_FDCWD, conf, &wanted, NULL, &err), 0);
		assert_string_equal(text, wanted);
		free(wanted);
		free(text);
		site_free(site);
		free(yaml);
		free(conf);
		free(path);
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
		struct site *site = site_of(yaml);
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
