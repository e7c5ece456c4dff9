/* What libblkid and our own eyes see on disks, here sparse files with planted signatures. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/claim.h"
#include "cloud-init/agent/probe.h"
#include "lib/file.h"
#include "lib/str.h"

#define GIB (1ULL << 30)
#define SIZE (1200 * GIB)

static char path[] = "/tmp/bootserver-probe-XXXXXX";

/* A fresh sparse file of `size` bytes. */
static int
fresh(uint64_t size)
{
	int fd = open(path, O_RDWR | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	return fd;
}

static void
put(int fd, uint64_t at, const void *bytes, size_t len)
{
	assert_int_equal(pwrite(fd, bytes, len, (off_t)at), len);
}

static struct disk
look(int fd)
{
	struct disk d = { .name = "vda" };

	close(fd);
	probe_bytes(path, &d);
	return d;
}

static bool
has_sign(const struct disk *d, const char *sign)
{
	for (size_t i = 0; i < d->nsigns; i++)
		if (str_eq(d->signs[i], sign))
			return true;
	return false;
}

static void
expect_unknown(int fd, const char *sign)
{
	struct disk d = look(fd);
	char why[256];

	if (disk_classify(&d, why, sizeof(why)) != DISK_UNKNOWN || (sign && !has_sign(&d, sign)))
		fail_msg("%s: the disk %s", sign ? sign : "data", why);
}

static void
blank(void **state)
{
	struct disk d = look(fresh(SIZE));
	char why[256];

	(void)state;
	assert_int_equal(d.size, SIZE);
	assert_int_equal(disk_classify(&d, why, sizeof(why)), DISK_BLANK);
	assert_false(d.data || d.failed || d.claimed || d.busy);
}

static void
missing(void **state)
{
	struct disk d = { .name = "vda" };
	char why[256];

	(void)state;
	probe_bytes("/nonexistent", &d);
	assert_int_equal(disk_classify(&d, why, sizeof(why)), DISK_UNKNOWN);
}

static void
bluestore(void **state)
{
	static const uint64_t gib[] = { 0, 1, 10, 100, 1000 };
	static const char label[] = "bluestore block device\n"
				    "12345678-1234-1234-1234-123456789012\n";
	char sign[64];
	int fd;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		fd = fresh(SIZE);
		put(fd, gib[i] * GIB, label, sizeof(label));
		snprintf(sign, sizeof(sign), "ceph_bluestore@%lluGiB", (unsigned long long)gib[i]);
		expect_unknown(fd, sign);
	}
}

/* A whole label tells whose it is, wherever it lies; two clusters' on one disk nobody's. */
static void
osd(void **state)
{
	static const char fsid[] = "4f9c3a52-0d1e-4b6f-9a77-1c2d3e4f5a6b";
	char *label, *at, why[256];
	struct err err;
	struct disk d;
	size_t len;
	int fd = fresh(SIZE);

	(void)state;
	assert_int_equal(file_read(AT_FDCWD, "tests/fuzz/corpus/bluestore/osd-3", &label, &len,
				   &err), 0);
	put(fd, 10 * GIB, label, len);
	d = look(fd);
	assert_string_equal(d.fsid, fsid);
	assert_string_equal(d.osd, "3");
	assert_int_equal(disk_classify(&d, why, sizeof(why)), DISK_FOREIGN);
	d.ours = true;
	assert_int_equal(disk_classify(&d, why, sizeof(why)), DISK_OURS);

	fd = fresh(SIZE);
	put(fd, 0, label, len);
	for (at = label; memcmp(at, fsid, 36) != 0; at++)
		;
	*at = '5';
	put(fd, 100 * GIB, label, len);
	expect_unknown(fd, "several OSDs");
	free(label);
}

static void
put_ext4(int fd, uint64_t at)
{
	unsigned char super[1024] = { 0 };

	memcpy(super + 0x38, "\x53\xef", 2);
	super[0x18] = 2;	/* 4 KiB blocks */
	super[0x4c] = 1;	/* dynamic revision */
	super[0x60] = 0x42;	/* extents, filetype */
	super[0x5c] = 4;	/* journal */
	put(fd, at + 1024, super, sizeof(super));
}

static void
known_formats(void **state)
{
	int fd = fresh(SIZE);

	(void)state;
	put_ext4(fd, 0);
	expect_unknown(fd, "ext4");
	fd = fresh(SIZE);
	put(fd, 512, "LABELONE\1\0\0\0\0\0\0\0\0\0\0\0\x20\0\0\0LVM2 001", 32);
	expect_unknown(fd, "LVM2_member");
	fd = fresh(SIZE);
	put(fd, 0, "LUKS\xba\xbe\0\1", 8);
	expect_unknown(fd, "crypto_LUKS");
	fd = fresh(SIZE);
	put(fd, 0, "XFSB", 4);
	expect_unknown(fd, NULL);
	fd = fresh(SIZE);	/* an MBR with one partition */
	put(fd, 446, "\0\0\2\0\x83\0\0\0\0\x08\0\0\0\0\x10\0", 16);
	put(fd, 510, "\x55\xaa", 2);
	expect_unknown(fd, "dos");
}

/* No signature at all, but not empty: both ends, between, and where BlueStore's labels would be. */
static void
plain_data(void **state)
{
	const uint64_t places[] = { 0, 65536, (2 << 20) - 1, SIZE - 1, SIZE - (1 << 20), GIB + 9000,
				    SIZE / 4096 / 33 * 16 * 4096 + 5 };
	struct disk d;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		fd = fresh(SIZE);
		put(fd, places[i], "x", 1);
		d = look(fd);
		assert_true(d.data);
		assert_int_equal(d.data_at, places[i]);
		assert_int_equal(d.nsigns, 0);
	}
}

/* GPT by hand (UEFI specification, chapter 5): one header and its entries at either end. */
static uint32_t
crc32_of(const unsigned char *data, size_t len)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < len; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void
le(unsigned char *at, uint64_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		at[i] = (unsigned char)(value >> 8 * i);
}

struct gpt {
	unsigned char entries[128 * 128];
	unsigned char head[512];
	uint64_t sectors;
};

static void
gpt_add(struct gpt *gpt, int n, const char *label, uint64_t first, uint64_t last)
{
	unsigned char *e = gpt->entries + 128 * n;

	memset(e, 0x11, 16);
	memset(e + 16, 0x22 + n, 16);
	le(e + 32, first, 8);
	le(e + 40, last, 8);
	for (size_t i = 0; i < strlen(label); i++)
		e[56 + 2 * i] = (unsigned char)label[i];
}

static void
gpt_put(int fd, struct gpt *gpt, bool primary)
{
	uint64_t here = primary ? 1 : gpt->sectors - 1, other = primary ? gpt->sectors - 1 : 1;
	uint64_t entries = primary ? 2 : gpt->sectors - 33;

	memset(gpt->head, 0, sizeof(gpt->head));
	memcpy(gpt->head, "EFI PART\0\0\1\0\x5c\0\0\0", 16);
	le(gpt->head + 24, here, 8);
	le(gpt->head + 32, other, 8);
	le(gpt->head + 40, 34, 8);
	le(gpt->head + 48, gpt->sectors - 34, 8);
	memset(gpt->head + 56, 0x33, 16);
	le(gpt->head + 72, entries, 8);
	le(gpt->head + 80, 128, 4);
	le(gpt->head + 84, 128, 4);
	le(gpt->head + 88, crc32_of(gpt->entries, sizeof(gpt->entries)), 4);
	le(gpt->head + 16, crc32_of(gpt->head, 92), 4);
	put(fd, here * 512, gpt->head, sizeof(gpt->head));
	put(fd, entries * 512, gpt->entries, sizeof(gpt->entries));
}

static void
put_pmbr(int fd)
{
	put(fd, 446, "\0\0\2\0\xee\xff\xff\xff\1\0\0\0\xff\xff\xff\xff", 16);
	put(fd, 510, "\x55\xaa", 2);
}

static struct gpt
our_gpt(uint64_t size)
{
	struct gpt gpt = { .sectors = size / 512 };

	gpt_add(&gpt, 0, DISK_LABEL_ESP, 2048, 2099199);
	gpt_add(&gpt, 1, DISK_LABEL_STATE, 2099200, 6293503);
	return gpt;
}

static void
stale_backup(void **state)
{
	struct gpt gpt = { .sectors = 8 * GIB / 512 };
	int fd = fresh(8 * GIB);

	(void)state;
	gpt_add(&gpt, 0, "windows", 2048, 40960);
	gpt_put(fd, &gpt, false);
	expect_unknown(fd, NULL);
}

static void
our_own(void **state)
{
	struct gpt gpt = our_gpt(8 * GIB);
	int fd = fresh(8 * GIB);
	struct disk d;
	char why[256];

	(void)state;
	put_pmbr(fd);
	gpt_put(fd, &gpt, true);
	gpt_put(fd, &gpt, false);
	put_ext4(fd, 2099200 * 512ULL);
	d = look(fd);
	assert_true(d.only_ours);
	assert_string_equal(d.state_part, "vda2");
	assert_string_equal(d.state_type, "ext4");
	assert_int_equal(disk_classify(&d, why, sizeof(why)), DISK_SYSTEM);
}

static void
gpt_of_others(void **state)
{
	struct gpt gpt = our_gpt(8 * GIB);
	int fd = fresh(8 * GIB);
	struct disk d;

	(void)state;
	gpt_add(&gpt, 1, "home", 2099200, 6293503);
	memset(gpt.entries + 128 + 56 + 8, 0, 64);
	put_pmbr(fd);
	gpt_put(fd, &gpt, true);
	assert_int_equal(claim_set(fd), 0);
	d = look(fd);
	assert_false(d.only_ours);
	assert_true(d.claimed);
	expect_unknown(open(path, O_RDWR), "gpt");
}

/* The stages in which systemd-repart can be cut: marked disks are begun again, others are left. */
static void
cut_short(void **state)
{
	struct gpt gpt = our_gpt(8 * GIB);
	struct disk d;
	char why[256];
	int fd;

	(void)state;
	for (int stage = 0; stage < 3; stage++)
		for (int marked = 0; marked < 2; marked++) {
			fd = fresh(8 * GIB);
			put_ext4(fd, 2099200 * 512ULL);
			put(fd, 1 << 20, "\xeb\x58\x90mkfs.fat", 11);
			if (stage > 0)
				gpt_put(fd, &gpt, false);
			if (stage > 1)
				gpt_put(fd, &gpt, true);
			if (marked)
				assert_int_equal(claim_set(fd), 0);
			d = look(fd);
			assert_int_equal(disk_classify(&d, why, sizeof(why)),
					 marked ? DISK_BLANK : DISK_UNKNOWN);
			assert_string_equal(d.state_part, "");
		}
}

static void
mark_comes_and_goes(void **state)
{
	int fd = fresh(8 * GIB);

	(void)state;
	assert_false(claim_is(fd));
	assert_int_equal(claim_set(fd), 0);
	assert_true(claim_is(fd));
	assert_int_equal(claim_clear(fd), 0);
	assert_false(claim_is(fd));
	assert_int_equal(lseek(fd, 0, SEEK_END), 8 * GIB);
	assert_false(look(fd).data);
}

static void
names(void **state)
{
	char name[32];

	(void)state;
	probe_partition_name(name, "sda", 2);
	assert_string_equal(name, "sda2");
	probe_partition_name(name, "nvme0n1", 12);
	assert_string_equal(name, "nvme0n1p12");
}

static int
setup(void **state)
{
	(void)state;
	close(mkstemp(path));
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blank),	  cmocka_unit_test(missing),
		cmocka_unit_test(bluestore),	  cmocka_unit_test(osd),
		cmocka_unit_test(known_formats),  cmocka_unit_test(stale_backup),
		cmocka_unit_test(plain_data),
		cmocka_unit_test(our_own),	  cmocka_unit_test(gpt_of_others),
		cmocka_unit_test(cut_short),	  cmocka_unit_test(mark_comes_and_goes),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
