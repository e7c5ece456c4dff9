/* Files: whole or not at all, unchanged files untouched, folders. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"

static char folder[] = "/tmp/file_test.XXXXXX";
static struct err err;
static int dir;

static int
setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	return dir < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	unlinkat(dir, "a/b/x", 0);
	unlinkat(dir, "a/b", AT_REMOVEDIR);
	unlinkat(dir, "a", AT_REMOVEDIR);
	close(dir);
	return rmdir(folder);	/* fails if a temporary file was left */
}

static void
files(void **state)
{
	struct stat before, after;
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(file_read(dir, "a/b/x", &text, &len, &err), -ENOENT);
	assert_int_equal(file_write((struct file_new){ dir, "a/b/x", 0600 }, "one", 3,
				    &err), -ENOENT);
	assert_int_equal(file_mkdirs(dir, "a/b", 0755, &err), 0);
	assert_int_equal(file_mkdirs(dir, "a/b", 0755, &err), 0);
	assert_int_equal(file_update((struct file_new){ dir, "a/b/x", 0600 }, "one", 3, &err), 1);
	assert_int_equal(fstatat(dir, "a/b/x", &before, 0), 0);
	assert_int_equal(before.st_mode & 0777, 0600);
	assert_int_equal(file_update((struct file_new){ dir, "a/b/x", 0600 }, "one", 3, &err), 0);
	assert_int_equal(fstatat(dir, "a/b/x", &after, 0), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(file_update((struct file_new){ dir, "a/b/x", 0640 }, "one", 3, &err), 1);
	assert_int_equal(file_update((struct file_new){ dir, "a/b/x", 0640 }, "two", 3, &err), 1);
	assert_int_equal(file_read(dir, "a/b/x", &text, &len, &err), 0);
	assert_string_equal(text, "two");
	assert_int_equal(len, 3);
	free(text);
	assert_int_equal(file_read(dir, "a/b", &text, &len, &err), -EISDIR);
	assert_non_null(strstr(err.text, "a/b"));
}

/* What may never give a byte, or never end, is refused at once. */
static void
no_files(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *text;

	(void)state;
	alarm(10);
	assert_int_equal(mkfifoat(dir, "no", 0600), 0);
	assert_int_equal(file_read(dir, "no", &text, NULL, &err), -EINVAL);
	assert_string_equal(err.text, "cannot open no: not a regular file");
	unlinkat(dir, "no", 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/no", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	close(fd);
	assert_int_equal(file_read(dir, "no", &text, NULL, &err), -EINVAL);
	unlinkat(dir, "no", 0);
	assert_int_equal(symlinkat("/dev/zero", dir, "no"), 0);
	assert_int_equal(file_read(dir, "no", &text, NULL, &err), -EINVAL);
	unlinkat(dir, "no", 0);
	assert_int_equal(file_open(AT_FDCWD, "/", 0, &err), -EISDIR);
	alarm(0);
}

/* What is in it goes, however deep; what a link in it names stays, and so does the folder. */
static void
emptied(void **state)
{
	char *path = str_format("%s/e", folder), *kept = str_format("%s/kept", folder);
	struct stat st;

	(void)state;
	assert_int_equal(file_empty(path, &err), 0);
	assert_int_equal(file_mkdirs(dir, "e/f/g", 0755, &err), 0);
	assert_int_equal(file_write((struct file_new){ dir, "e/f/g/x", 0600 }, "1", 1, &err), 0);
	assert_int_equal(file_write((struct file_new){ dir, "kept", 0600 }, "1", 1, &err), 0);
	assert_int_equal(symlinkat(kept, dir, "e/link"), 0);
	assert_int_equal(file_empty(path, &err), 0);
	assert_int_equal(unlinkat(dir, "e", AT_REMOVEDIR), 0);	/* fails if anything is in it */
	assert_int_equal(fstatat(dir, "kept", &st, 0), 0);
	assert_int_equal(unlinkat(dir, "kept", 0), 0);
	free(kept);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(files), cmocka_unit_test(no_files),
					   cmocka_unit_test(emptied) };

	return cmocka_run_group_tests(tests, setup, teardown);
}
