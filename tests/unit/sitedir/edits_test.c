/* The files that the API writes: what they look like, what they leave alone. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/json.h"
#include "site/parse.h"
#include "sitedir/edits.h"
#include "tests/unit/sitedir/folder.h"

static const char site_yaml[] = "site: {name: lab}\n"
				"server: {interface: eno1, address: 10.9.0.1/24}\n"
				"image: edge\n";

static json_t *
machine(void)
{
	return json_pack("{s:s, s:[s,s], s:{s:s}, s:s, s:n, s:b}", "name", "n5", "mac",
			 "52:54:00:00:00:05", "52:54:00:00:00:06", "labels", "use",
			 "web: \"fast\" # é", "serial", "0x10", "rack", "diskless", 1);
}

/* What is written is what the site's parser reads. */
static void
written_is_read(void **state)
{
	json_t *object = machine(), *again;
	struct site_findings findings;
	struct site_source sources[2] = {{ "site.yaml", site_yaml, sizeof(site_yaml) - 1 }};
	struct site *site;
	struct err err = { "" };
	char *text;

	(void)state;
	assert_int_equal(edits_format(object, &text, &err), 0);
	assert_true(edits_ours(text, strlen(text)));
	sources[1] = (struct site_source){ "machines.d/n5.yaml", text, strlen(text) };
	site = site_parse(sources, 2, &findings);
	if (!site)
		fail_msg("%s\n%s", findings.items[0].text, text);
	assert_int_equal(site->nmachines, 1);
	assert_string_equal(site->machines[0].name, "n5");
	assert_int_equal(site->machines[0].macs.count, 2);
	assert_string_equal(site->machines[0].serial, "0x10");
	assert_string_equal(site->machines[0].labels[0].value, "web: \"fast\" # é");
	again = edits_parse(text, strlen(text));
	json_object_del(object, "rack");	/* was null: not said */
	assert_true(json_equal(again, object));
	site_findings_fini(&findings);
	site_free(site);
	json_decref(again);
	json_decref(object);
	free(text);
}

static void
strange_keys(void **state)
{
	static const char *const keys[] = { "", "a: b", "name\nx", "N", "- x" };
	struct err err = { "" };
	char *text;

	(void)state;
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *object = json_pack("{s:s}", keys[i], "n5");

		assert_int_equal(edits_format(object, &text, &err), -EINVAL);
		json_decref(object);
	}
}

static void
changed_by_hand(void **state)
{
	static const char *const texts[] = {
		"", "machines:\n- name: n5\n",
		"# Written by the operator's API: change the machine there.\n",
		"# Written by the operator's API: change the machine there.\n"
		"machines:\n- name: n5\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_null(edits_parse(texts[i], strlen(texts[i])));
}

static void
files(void **state)
{
	static const char person[] = "machines: []\n";
	json_t *object = machine();
	struct err err = { "" };
	struct stat st;
	char *text;

	(void)state;
	assert_int_equal(mkdir("machines.d", 0755), 0);
	assert_int_equal(edits_format(object, &text, &err), 0);
	assert_int_equal(edits_write(AT_FDCWD, "n5", text, &err), 0);
	assert_int_equal(edits_write(AT_FDCWD, "n5", text, &err), 0);
	assert_int_equal(stat("machines.d/n5.yaml", &st), 0);
	assert_int_equal(edits_write(AT_FDCWD, "n5", NULL, &err), 0);
	assert_int_not_equal(stat("machines.d/n5.yaml", &st), 0);
	assert_int_equal(edits_write(AT_FDCWD, "n5", NULL, &err), 0);

	assert_int_equal(file_write((struct file_new){ AT_FDCWD, "machines.d/n5.yaml", 0644 },
				    person, strlen(person), &err), 0);
	assert_int_equal(edits_write(AT_FDCWD, "n5", text, &err), -EEXIST);
	assert_int_equal(edits_write(AT_FDCWD, "n5", NULL, &err), -EEXIST);
	assert_int_equal(stat("machines.d/n5.yaml", &st), 0);
	assert_int_equal(edits_write(AT_FDCWD, "../site", text, &err), -EINVAL);
	free(text);
	json_decref(object);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(written_is_read), cmocka_unit_test(strange_keys),
		cmocka_unit_test(changed_by_hand), IN_FOLDER(files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
