/* Which files a site has, and in which order they are read. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "sitedir/sources.h"
#include "tests/unit/sitedir/folder.h"

static const char site_text[] = "site: {name: lab}\n"
				"server: {interface: eno1, address: 10.9.0.1/24}\nimage: edge\n";

static void
put(const char *path, const char *text)
{
	struct err err = { "" };

	if (file_write((struct file_new){ AT_FDCWD, path, 0644 }, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

static void
order(void **state)
{
	char **names;
	size_t count;
	struct err err = { "" };

	(void)state;
	mkdir("machines.d", 0755);
	put("site.yaml", site_text);
	put("machines.d/b.yaml", "");
	put("machines.d/a.yaml", "");
	put("machines.d/B.yaml", "");
	put("machines.d/.hidden.yaml", "");
	put("machines.d/a.yaml~", "");
	put("machines.d/notes.txt", "");
	assert_int_equal(sitedir_names(AT_FDCWD, &names, &count, &err), 0);
	assert_int_equal(count, 4);
	assert_string_equal(names[0], "site.yaml");
	assert_string_equal(names[1], "machines.d/B.yaml");
	assert_string_equal(names[2], "machines.d/a.yaml");
	assert_string_equal(names[3], "machines.d/b.yaml");
	assert_null(names[4]);
	sitedir_names_free(names);
}

static void
loads(void **state)
{
	struct site_findings findings;
	struct site *site = NULL;
	struct err err = { "" };

	(void)state;
	put("site.yaml", site_text);
	mkdir("machines.d", 0755);
	put("machines.d/n1.yaml", "machines: [{name: n1, mac: 52:54:00:00:00:01}]\n");
	assert_int_equal(sitedir_load(AT_FDCWD, &site, &findings, &err), 0);
	assert_int_equal(site->nmachines, 1);
	assert_int_equal(site->machines[0].place.file, 1);
	assert_string_equal(site->files[1], "machines.d/n1.yaml");
	site_free(site);
	site_findings_fini(&findings);
}

/* A file beside site.yaml has the one fault, told of this name by a sentence that holds `part`. */
static void
assert_fault(const char *path, const char *text, const char *name, const char *part)
{
	struct site_findings findings;
	struct site *site = NULL;
	struct err err = { "" };

	put("site.yaml", site_text);
	mkdir("machines.d", 0755);
	put(path, text);
	assert_int_equal(sitedir_load(AT_FDCWD, &site, &findings, &err), -EINVAL);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.items[0].file, name);
	assert_non_null(strstr(findings.items[0].text, part));
	site_findings_fini(&findings);
}

/* Machines that a person wrote into a file of another ending are not left out in silence. */
static void
other_ending(void **state)
{
	(void)state;
	assert_fault("machines.d/n1.yml", "machines: [{name: n1, mac: 52:54:00:00:00:01}]\n",
		     "machines.d/n1.yml", "ends in .yaml");
}

/* A file's name is foreign text as well, and a finding is one line. */
static void
odd_name(void **state)
{
	(void)state;
	assert_fault("machines.d/a\nb\x1b[31m\xff.yaml", "machines: [{name: n1, mac: zz}]\n",
		     "machines.d/a?b?[31m?.yaml", "mac");
}

static void
faults(void **state)
{
	struct site_findings findings;
	struct site *site = NULL;
	struct err err = { "" };

	(void)state;
	assert_int_equal(sitedir_load(AT_FDCWD, &site, &findings, &err), -ENOENT);
	assert_non_null(strstr(err.text, "bootserver init"));
	assert_int_equal(findings.count, 0);
	put("site.yaml", "site: {name: lab}\n");
	assert_int_equal(sitedir_load(AT_FDCWD, &site, &findings, &err), -EINVAL);
	assert_int_equal(findings.errors, 1);
	assert_null(site);
	site_findings_fini(&findings);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(order, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(loads, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(other_ending, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(odd_name, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(faults, folder_enter, folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
