/*
 * Sites and the networkd files of their machines, one machine after the other:
 * tests/golden/networkd/NAME.{yaml,files}.  With UPDATE=1 in the environment the files are written
 * anew: look at the difference before it is committed.
 */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "networkd/networkd.h"
#include "plan/plan.h"
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
add_file(void *user, const char *name, const char *text)
{
	buf_format(user, "--- %s\n%s", name, text);
}

/* Each machine as if it had booted by the last of its MACs. */
static char *
files_of(const struct site *site)
{
	const struct plan_claims nothing = { .mac = "" };
	struct buf all;

	buf_init(&all);
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];
		struct site_boot boot;
		struct networkd_ask ask = {
			.boot = &boot, .ip = "10.9.0.101",
			.mac = machine->macs.items[machine->macs.count - 1],
		};

		plan_settings(site, machine, &nothing, &boot);
		buf_format(&all, "=== %s\n", machine->name);
		networkd_render(&ask, add_file, &all);
	}
	return all.text;
}

static void
golden(void **state)
{
	static const char *const names[] = { "bond", "vlan", "cards" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = str_format("tests/golden/networkd/%s.yaml", names[i]), *yaml;
		char *files = str_format("tests/golden/networkd/%s.files", names[i]);
		char *text, *wanted = NULL;
		struct site *site;

		assert_int_equal(file_read(AT_FDCWD, path, &yaml, NULL, &err), 0);
		site = site_of(yaml);
		text = files_of(site);
		if (getenv("UPDATE") != NULL)
			assert_int_equal(file_write((struct file_new){ AT_FDCWD, files, 0644 },
						    text, strlen(text), &err), 0);
		assert_int_equal(file_read(AT_FDCWD, files, &wanted, NULL, &err), 0);
		assert_string_equal(text, wanted);
		free(wanted);
		free(text);
		site_free(site);
		free(yaml);
		free(files);
		free(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(golden) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
