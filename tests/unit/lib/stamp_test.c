/* Stamping: made-up binaries, and Debian's own where the build has collected them. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/hex.h"
#include "lib/stamp.h"
#include "lib/str.h"

#define ROOT "9faf717b7f8ca2f93c256c79f8ac5591895d66d1ff3bee6397a70d29c65eed1a"

static struct err err;
static uint8_t root[32], ours[32];

static int
setup(void **state)
{
	(void)state;
	memset(ours, 0x5a, sizeof(ours));
	return hex_parse(root, 32, ROOT);
}

/* 256 bytes with the root at these places (-1: none). */
static void
fill(unsigned char ret[256], int first, int second)
{
	memset(ret, 7, 256);
	if (first >= 0)
		memcpy(ret + first, root, 32);
	if (second >= 0)
		memcpy(ret + second, root, 32);
}

static void
exactly_once(void **state)
{
	static const struct {
		const char *what;
		int first, second, rc;
	} rows[] = {
		{ "at the start", 0, -1, 0 },
		{ "in the middle", 101, -1, 0 },
		{ "at the very end", 224, -1, 0 },
		{ "not there", -1, -1, -EINVAL },
		{ "twice", 10, 200, -EINVAL },
		{ "twice, touching", 10, 42, -EINVAL },
	};
	unsigned char bytes[256], before[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		fill(bytes, rows[i].first, rows[i].second);
		memcpy(before, bytes, sizeof(before));
		if (stamp_root(bytes, sizeof(bytes), ours, &err) != rows[i].rc)
			fail_msg("%s: %s", rows[i].what, err.text);
		if (rows[i].rc == 0)
			memcpy(before + rows[i].first, ours, 32);
		if (memcmp(before, bytes, sizeof(bytes)) != 0)
			fail_msg("%s: wrong bytes", rows[i].what);
	}
}

static void
no_version(void **state)
{
	unsigned char bytes[8192];
	char version[STAMP_VERSION] = "as it was";

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(stamp_version(version, bytes, sizeof(bytes), &err), -EINVAL);
	assert_int_equal(stamp_version(version, bytes, 0, &err), -EINVAL);
	assert_string_equal(version, "as it was");
}

static unsigned char *
shipped(const char *name, size_t *ret_len)
{
	char *path = str_format("build/share/bootserver/ipxe/%s", name);
	char *bytes = NULL;

	if (access(path, R_OK) == 0)
		assert_int_equal(file_read(AT_FDCWD, path, &bytes, ret_len, &err), 0);
	free(path);
	return (unsigned char *)bytes;
}

static void
debian_root(void **state)
{
	static const char *const names[] = { "snponly.efi", "ipxe-amd64.efi", "ipxe-arm64.efi" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		size_t len;
		unsigned char *bytes = shipped(names[i], &len);

		if (bytes == NULL)
			skip();
		if (stamp_root(bytes, len, ours, &err) != 0)
			fail_msg("%s: %s", names[i], err.text);
		assert_null(memmem(bytes, len, root, 32));
		assert_int_equal(stamp_root(bytes, len, ours, &err), -EINVAL);
		free(bytes);
	}
}

/* The BIOS build's version is the one that the EFI build of the same package has in plain sight. */
static void
debian_version(void **state)
{
	char version[STAMP_VERSION], *line;
	size_t len, efi_len;
	unsigned char *bios = shipped("undionly.kpxe", &len);
	unsigned char *efi = shipped("snponly.efi", &efi_len);

	(void)state;
	if (bios == NULL || efi == NULL)
		skip();
	if (stamp_version(version, bios, len, &err) != 0)
		fail_msg("%s", err.text);
	line = str_format("iPXE,snponly.efi,%s,https://ipxe.org", version);
	if (memmem(efi, efi_len, line, strlen(line)) == NULL)
		fail_msg("%s is not the version of snponly.efi", version);
	free(line);
	/* EFI builds are not compressed */
	assert_int_equal(stamp_version(version, efi, efi_len, &err), -EINVAL);
	free(bios);
	free(efi);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exactly_once),
		cmocka_unit_test(no_version),
		cmocka_unit_test(debian_root),
		cmocka_unit_test(debian_version),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
