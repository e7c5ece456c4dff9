/*
 * Sites and the networkd files of their machines, one machine after the other:
 * tests/golden/networkd/NAME.{yaml,files}.  With UPDATE=1 in the environment the files are written
 * anew: look at the difference before it is committed.
 */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "networkd/networkd.h"
#include "plan/plan.h"
#include "tests/unit/golden.h"
#include "tests/unit/site/given.h"

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
		char *yaml = str_format("tests/golden/networkd/%s.yaml", names[i]);
		char *wanted = str_format("tests/golden/networkd/%s.files", names[i]);
		struct site *site = given_file(yaml);
		char *text = files_of(site);

		golden_is(wanted, text);
		free(text);
		site_free(site);
		free(wanted);
		free(yaml);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(golden) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
