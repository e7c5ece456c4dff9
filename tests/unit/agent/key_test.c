/* The machine's key, and the counter that never goes back. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud-init/agent/key.h"
#include "lib/file.h"
#include "lib/pki.h"
#include "lib/str.h"

static char folder[] = "/tmp/bootserver-key-XXXXXX";

static int64_t
next(struct key *key)
{
	struct err err;
	int64_t n;

	assert_int_equal(key_next(key, &n, &err), 0);
	return n;
}

static char *
in_folder(const char *name)
{
	return str_format("%s/key/%s", folder, name);
}

static int64_t
on_disk(void)
{
	char *path = in_folder("counter"), *text;
	struct err err;
	int64_t n;

	assert_int_equal(file_read(AT_FDCWD, path, &text, NULL, &err), 0);
	n = strtoll(text, NULL, 10);
	free(text);
	free(path);
	return n;
}

static void
open_key(struct key *key)
{
	char *path = in_folder("");
	struct err err;

	path[strlen(path) - 1] = '\0';
	assert_int_equal(key_open(key, path, "n1", &err), 0);
	free(path);
}

/* Each number given out lies below what is on disk, and a new opening begins above it. */
static void
counter(void **state)
{
	int64_t last = 0, n;
	struct key key;

	(void)state;
	for (int life = 0; life < 3; life++) {
		open_key(&key);
		for (int i = 0; i < KEY_BLOCK + 10; i++) {
			n = next(&key);
			assert_true(n > last);
			assert_true(n <= on_disk());
			last = n;
		}
		key_fini(&key);	/* the rest of the block is lost, on purpose */
	}
	open_key(&key);
	key_jump(&key, last + 50000);
	assert_int_equal(next(&key), last + 50001);
	assert_true(on_disk() >= last + 50001);
	key_jump(&key, 3);
	assert_int_equal(next(&key), last + 50002);
	key_fini(&key);
}

static void
same_key_again(void **state)
{
	char one[SHA256_TEXT], two[SHA256_TEXT], *path = in_folder("machine.key");
	struct key key;
	struct stat st;

	(void)state;
	open_key(&key);
	pki_cert_pin(key.cert, one);
	key_fini(&key);
	open_key(&key);
	pki_cert_pin(key.cert, two);
	key_fini(&key);
	assert_string_equal(one, two);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	free(path);
}

/* A key that cannot be read is not replaced: the server has pinned it. */
static void
broken_key(void **state)
{
	char *path = in_folder("machine.key"), *whole = in_folder("");
	struct key key;
	struct err err;
	char *text;

	(void)state;
	assert_int_equal(file_write((struct file_new){ AT_FDCWD, path, 0600 }, "nonsense", 8,
				    &err), 0);
	assert_true(key_open(&key, whole, "n1", &err) < 0);
	assert_int_equal(file_read(AT_FDCWD, path, &text, NULL, &err), 0);
	assert_string_equal(text, "nonsense");
	free(text);
	free(path);
	free(whole);
}

static int
setup(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "key/machine.key", "key/machine.crt", "key/counter" };
	char *path;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		path = str_format("%s/%s", folder, names[i]);
		unlink(path);
		free(path);
	}
	path = in_folder("");
	rmdir(path);
	free(path);
	return rmdir(folder);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counter),
		cmocka_unit_test(same_key_again),
		cmocka_unit_test(broken_key),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
