/* The files that the site gives a root: where they may go, and in which round. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/stage1/files.h"
#include "lib/file.h"
#include "tests/unit/sitedir/folder.h"

#define NETWORK "/run/systemd/network/30-bond0.netdev"
#define CLOUD "/etc/cloud/cloud.cfg.d/99-bootserver.cfg"

static bool
holds(const char *path, const char *wanted)
{
	struct err err;
	char *text;
	bool same;

	if (file_read(AT_FDCWD, path, &text, NULL, &err) < 0)
		return false;
	same = strcmp(text, wanted) == 0;
	free(text);
	return same;
}

static void
two_rounds(void **state)
{
	json_t *site = json_pack("{s:{s:s, s:s}}", "files", NETWORK, "one\n", CLOUD, "two\n");
	struct stat st;
	struct err err;

	(void)state;
	assert_int_equal(files_write_run(site, "first", &err), 1);
	assert_true(holds("first" NETWORK, "one\n"));
	assert_int_equal(access("first" CLOUD, F_OK), -1);
	assert_int_equal(files_write_root(site, "second", &err), 1);
	assert_true(holds("second" CLOUD, "two\n"));
	assert_int_equal(access("second" NETWORK, F_OK), -1);
	assert_int_equal(stat("second" CLOUD, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	json_decref(site);
}

/* What is said of no place of ours is left alone, and told, while the others are written. */
static void
elsewhere(void **state)
{
	static const char *const bad[] = {
		"/etc/shadow", "/run/systemd/network/../../../etc/shadow",
		"etc/cloud/cloud.cfg.d/x", "/run/systemd/generator/x", "/etc/cloud/cloud.cfg.d/a b",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json_t *site = json_pack("{s:{s:s, s:s}}", "files", bad[i], "bad", CLOUD, "good");
		struct err err;

		assert_int_equal(files_write_root(site, "root", &err), -EINVAL);
		assert_non_null(strstr(err.text, bad[i]));
		assert_int_equal(files_write_run(site, "root", &err), -EINVAL);
		assert_true(holds("root" CLOUD, "good"));
		assert_int_equal(access("root/etc/shadow", F_OK), -1);
		assert_int_equal(access("root/run/systemd", F_OK), -1);
		assert_int_equal(unlink("root" CLOUD), 0);
		json_decref(site);
	}
}

/* A server that knows nothing of this. */
static void
nothing(void **state)
{
	json_t *site = json_pack("{s:i}", "schema", 1);
	struct err err;

	(void)state;
	assert_int_equal(files_write_run(site, "root", &err), 0);
	assert_int_equal(files_write_root(NULL, "root", &err), 0);
	assert_int_equal(access("root", F_OK), -1);
	json_decref(site);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(two_rounds, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(elsewhere, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(nothing, folder_enter, folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
