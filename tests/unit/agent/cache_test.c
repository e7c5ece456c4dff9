/* The image cache on the state partition. */
#include "cmocka_all.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "cloud-init/agent/cache.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "tree.h"

#define FOLDER CACHE_FOLDER
#define ROOT "the bytes of a root"

static char digest[SHA256_TEXT];

/* In place of libc's: a state partition of the test's, whatever disk the tests are on. */
static uint64_t blocks_free;
int
fstatvfs(int fd, struct statvfs *ret)
{
	(void)fd;
	*ret = (struct statvfs){ .f_frsize = 4096, .f_blocks = 1000, .f_bavail = blocks_free };
	return 0;
}

/* An image that was cached `age_s` seconds ago, under a name made of one digit. */
static void
old_image(char digit, int age_s)
{
	const struct timespec when[2] = { { 1000000000 - age_s, 0 }, { 1000000000 - age_s, 0 } };
	char name[SHA256_TEXT], *path, full[WHERE_MAX];

	memset(name, digit, 64);
	name[64] = '\0';
	path = str_format(FOLDER "/%s", name);
	tree_file(path, "old");
	assert_int_equal(utimensat(AT_FDCWD, where(full, "%s", path), when, 0), 0);
	free(path);
}

static bool
has(char digit)
{
	char name[SHA256_TEXT], *path;
	bool there;

	memset(name, digit, 64);
	name[64] = '\0';
	path = str_format(FOLDER "/%s", name);
	there = where_is(path);
	free(path);
	return there;
}

static int
setup(void **state)
{
	if (tree_init(state) < 0)
		return -1;
	blocks_free = 500;
	sha256_text(digest, ROOT, strlen(ROOT));
	tree_file(WHERE_RUN "/root.erofs", ROOT);
	tree_file(FOLDER "/new-left-by-a-power-cut", "half");
	return 0;
}

static void
kept_once(void **state)
{
	char *path = str_format(FOLDER "/%s", digest), *text;
	struct err err;

	(void)state;
	assert_int_equal(cache_root(digest, &err), 1);
	text = where_text("%s", path);
	assert_string_equal(text, ROOT);
	assert_false(where_is(FOLDER "/new-left-by-a-power-cut"));
	assert_int_equal(cache_root(digest, &err), 0);
	free(text);
	free(path);
}

static void
the_newest_stay(void **state)
{
	struct err err;

	(void)state;
	old_image('a', 300);
	old_image('b', 100);
	old_image('c', 200);
	old_image('d', 400);
	old_image('e', 250);
	old_image('f', 50);
	assert_int_equal(cache_root(digest, &err), 1);
	assert_true(has('b') && has('c') && has('e') && has('f'));
	assert_false(has('a') || has('d'));
}

/* A file in use outlives newer ones, and one that cannot have room drives out the others alone. */
static void
those_in_use_stay(void **state)
{
	char used[SHA256_TEXT];

	(void)state;
	memset(used, 'a', 64);
	used[64] = '\0';
	cache_keep(used);
	old_image('a', 900);
	for (char c = 'b'; c <= 'f'; c++)
		old_image(c, 100 + c);
	assert_true(cache_room(digest, 1));
	assert_true(has('a') && has('b') && has('e'));
	assert_false(has('f'));
	assert_false(cache_room(digest, 1ULL << 60));
	assert_true(has('a'));
	assert_false(has('b'));
}

/* A tenth of the partition stays free, whatever is asked for. */
static void
a_tenth_stays(void **state)
{
	struct err err;

	(void)state;
	blocks_free = 101;
	assert_true(cache_room(digest, 4095));
	assert_false(cache_room(digest, 4096));
	blocks_free = 100;
	assert_int_equal(cache_root(digest, &err), 0);
	assert_false(where_is(FOLDER "/new-left-by-a-power-cut"));
}

/* Bytes that are not what was booted never get the name of it. */
static void
wrong_bytes(void **state)
{
	char *path = str_format(FOLDER "/%s", digest);
	struct err err;

	(void)state;
	tree_file(WHERE_RUN "/root.erofs", "other bytes");
	assert_int_equal(cache_root(digest, &err), -EBADMSG);
	assert_false(where_is(path));
	free(path);
	path = str_format(FOLDER "/new-%s", digest);
	assert_false(where_is(path));
	free(path);
}

static void
nothing_to_do(void **state)
{
	char full[WHERE_MAX];
	struct err err;

	(void)state;
	assert_int_equal(cache_root("none", &err), 0);
	assert_int_equal(unlink(where(full, WHERE_RUN "/root.erofs")), 0);
	assert_int_equal(cache_root(digest, &err), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(kept_once, setup, tree_fini),
		cmocka_unit_test_setup_teardown(the_newest_stay, setup, tree_fini),
		cmocka_unit_test_setup_teardown(those_in_use_stay, setup, tree_fini),
		cmocka_unit_test_setup_teardown(a_tenth_stays, setup, tree_fini),
		cmocka_unit_test_setup_teardown(wrong_bytes, setup, tree_fini),
		cmocka_unit_test_setup_teardown(nothing_to_do, setup, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
