/* Facts from trees like /sys and /proc: fixtures/NAME/ → fixtures/golden/facts-NAME.json. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/facts.h"
#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define FIXTURES "tests/unit/agent/fixtures"

static void
compare(const char *name, const char *mac, const struct ears *ears)
{
	char *root = str_format(FIXTURES "/%s", name);
	char *golden = str_format(FIXTURES "/golden/facts-%s.json", name), *text, *want;
	json_t *facts;
	struct err err;

	where_root_set(root);
	facts = facts_collect(mac, ears, NULL);
	assert_true(strlen(json_str(facts, "kernel", "")) > 0);
	assert_true(strlen(json_str(facts, "arch", "")) > 0);
	json_object_del(facts, "kernel");	/* this machine's, not the tree's */
	json_object_del(facts, "arch");
	text = json_dumps(facts, JSON_INDENT(1) | JSON_SORT_KEYS);
	if (getenv("GOLDEN_WRITE"))
		file_write((struct file_new){ AT_FDCWD, golden, 0644 }, text, strlen(text), &err);
	assert_int_equal(file_read(AT_FDCWD, golden, &want, NULL, &err), 0);
	assert_string_equal(text, want);
	where_root_set("");
	json_decref(facts);
	free(want);
	free(text);
	free(golden);
	free(root);
}

static void
a_server(void **state)
{
	struct ears ears = { .fd = -1, .heard = { { 3, { "02:ab:cd:00:00:01", "Ethernet1/12",
							 "leaf" } } } };

	(void)state;
	compare("server", "52:54:00:00:00:01", &ears);
}

static void
a_board_with_device_tree(void **state)
{
	(void)state;
	compare("board", "", NULL);
}

static void
an_empty_tree(void **state)
{
	char text[128];
	json_t *facts;

	(void)state;
	where_root_set(FIXTURES "/nothing-here");
	facts = facts_collect("", NULL, NULL);
	where_root_set("");
	assert_int_equal(json_array_size(json_object_get(facts, "nics")), 0);
	assert_int_equal(json_num(facts, "memory", -1), 0);
	facts_summary(facts, text, sizeof(text));
	assert_string_equal(text, "0 cores, 0 MiB, 0 NICs, 0 disks");
	json_decref(facts);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server),
		cmocka_unit_test(a_board_with_device_tree),
		cmocka_unit_test(an_empty_tree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
