/* What systemd-repart is told, against golden files: fixtures/golden/repart-*.txt. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/disk.h"
#include "cloud-init/agent/repart.h"
#include "lib/file.h"
#include "lib/str.h"

#define GIB (1ULL << 30)

static const struct {
	const char *golden;
	struct repart_wish wish;
} cases[] = {
	{ "repart-large", { 1024 * GIB, 64 * GIB, false } },
	{ "repart-large-rest", { 1024 * GIB, 64 * GIB, true } },
	{ "repart-small", { 8 * GIB, 64 * GIB, false } },
	{ "repart-small-rest", { 8 * GIB, 4 * GIB, true } },
	{ "repart-no-room-for-rest", { 8 * GIB, 64 * GIB, true } },
	{ "repart-least", { DISK_LEAST, 1 * GIB, true } },
};

static void
golden(void **state)
{
	struct repart_file files[REPART_FILES];
	struct buf text;
	char *path, *want;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		buf_init(&text);
		for (size_t n = repart_render(&cases[i].wish, files), j = 0; j < n; j++)
			buf_format(&text, "# %s\n%s", files[j].name, files[j].text);
		path = str_format("tests/unit/agent/fixtures/golden/%s.txt", cases[i].golden);
		if (getenv("GOLDEN_WRITE"))
			file_write((struct file_new){ AT_FDCWD, path, 0644 }, text.text, text.len,
				   &err);
		assert_int_equal(file_read(AT_FDCWD, path, &want, NULL, &err), 0);
		assert_string_equal(text.text, want);
		free(want);
		free(path);
		buf_fini(&text);
	}
}

static void
too_small(void **state)
{
	struct repart_file files[REPART_FILES];
	struct repart_wish wish = { DISK_LEAST - 1, 2 * GIB, false };

	(void)state;
	assert_int_equal(repart_render(&wish, files), 0);
}

/* Whatever the sizes: the partitions fit on the disk, and the state partition has at least 2
 * GiB. */
static void
always_fits(void **state)
{
	struct repart_file files[REPART_FILES];
	uint64_t mib;

	(void)state;
	for (uint64_t disk = DISK_LEAST; disk < 20 * GIB; disk += 77 * 1000 * 1000)
		for (uint64_t want = 0; want < 20 * GIB; want += GIB - 12345) {
			struct repart_wish wish = { disk, want, true };
			size_t n = repart_render(&wish, files);

			assert_in_range(n, 2, 3);
			mib = strtoull(strstr(files[1].text, "SizeMaxBytes=") + 13, NULL, 10);
			assert_true(mib >= 2048);
			assert_true((mib << 20) + DISK_ESP_BYTES + DISK_EDGE +
				    (n == 3 ? DISK_REST_LEAST : 0) <= disk);
		}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(too_small),
		cmocka_unit_test(always_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
