/* What a disk is, and which one becomes the system disk. */
#include "cmocka_all.h"

#include <string.h>

#include "cloud-init/agent/disk.h"
#include "lib/str.h"

#define GIB (1ULL << 30)

static struct disk
disk(const char *name, uint64_t size, const char *sign)
{
	struct disk d = { .size = size };

	str_copy(d.name, sizeof(d.name), name);
	if (sign)
		disk_sign(&d, sign);
	return d;
}

static struct disk
ours(const char *name, uint64_t size)
{
	struct disk d = disk(name, size, "gpt");

	d.only_ours = true;
	str_copy(d.state_part, sizeof(d.state_part), "vda2");
	str_copy(d.state_type, sizeof(d.state_type), "ext4");
	return d;
}

static enum disk_use
use_of(const struct disk *d, const char *reason)
{
	char why[256];
	enum disk_use use = disk_classify(d, why, sizeof(why));

	if (!strstr(why, reason))
		fail_msg("\"%s\" does not say \"%s\"", why, reason);
	return use;
}

static void
classes(void **state)
{
	struct disk blank = disk("vda", 8 * GIB, NULL), d;

	(void)state;
	assert_int_equal(use_of(&blank, "is blank"), DISK_BLANK);
	d = ours("vda", 8 * GIB);
	assert_int_equal(use_of(&d, "carries"), DISK_SYSTEM);
	d.busy = true;	/* its own mount, when `state` runs again */
	assert_int_equal(use_of(&d, "carries"), DISK_SYSTEM);
	d = ours("vda", 8 * GIB);
	str_copy(d.state_type, sizeof(d.state_type), "crypto_LUKS");
	assert_int_equal(use_of(&d, "without an ext4"), DISK_UNKNOWN);
}

/* One doubt each: never blank. */
static void
doubts(void **state)
{
	static const char *const signs[] = { "gpt", "dos", "PMBR", "ext4", "LVM2_member",
					     "crypto_LUKS", "linux_raid_member", "zfs_member",
					     "ceph_bluestore", "ceph_bluestore@1000GiB" };
	struct disk d;

	(void)state;
	for (size_t i = 0; i < sizeof(signs) / sizeof(*signs); i++) {
		d = disk("vda", 8 * GIB, signs[i]);
		assert_int_equal(use_of(&d, signs[i]), DISK_UNKNOWN);
	}
	d = disk("vda", 8 * GIB, NULL);
	d.failed = true;
	assert_int_equal(use_of(&d, "cannot be read"), DISK_UNKNOWN);
	d.failed = false;
	d.readonly = true;
	assert_int_equal(use_of(&d, "write-protected"), DISK_UNKNOWN);
	d.readonly = false;
	d.busy = true;
	assert_int_equal(use_of(&d, "in use"), DISK_UNKNOWN);
	d.busy = false;
	d.data = true;
	d.data_at = 4097;
	assert_int_equal(use_of(&d, "at byte 4097"), DISK_UNKNOWN);
}

/* Whose OSD it is comes before whether it is in use; one among other things is a doubt. */
static void
osds(void **state)
{
	struct disk d = disk("vdb", 8 * GIB, "ceph_bluestore");

	(void)state;
	disk_sign(&d, "ceph_bluestore@1GiB");
	assert_int_equal(use_of(&d, "holds ceph_bluestore"), DISK_UNKNOWN);
	str_copy(d.fsid, sizeof(d.fsid), "4f9c3a52-0d1e-4b6f-9a77-1c2d3e4f5a6b");
	assert_int_equal(use_of(&d, "OSD ? of the Ceph cluster 4f9c3a52"), DISK_FOREIGN);
	str_copy(d.osd, sizeof(d.osd), "3");
	d.ours = d.busy = true;
	assert_int_equal(use_of(&d, "holds OSD 3 of this site's Ceph"), DISK_OURS);
	disk_sign(&d, "several OSDs");
	assert_int_equal(use_of(&d, "in use"), DISK_UNKNOWN);
	d.failed = true;
	assert_int_equal(use_of(&d, "cannot be read"), DISK_UNKNOWN);
}

/* Our mark alone does not make a disk ours again: what lies on it must be ours, too. */
static void
half_made(void **state)
{
	struct disk d = disk("vda", 8 * GIB, NULL);

	(void)state;
	d.claimed = true;
	assert_int_equal(use_of(&d, "when it stopped"), DISK_BLANK);
	disk_sign(&d, "gpt");
	assert_int_equal(use_of(&d, "gpt"), DISK_UNKNOWN);
	d.only_ours = true;
	assert_int_equal(use_of(&d, "when it stopped"), DISK_BLANK);
	d.busy = true;
	assert_int_equal(use_of(&d, "in use"), DISK_UNKNOWN);
	d.busy = false;
	disk_sign(&d, "LVM2_member");
	assert_int_equal(use_of(&d, "LVM2_member"), DISK_UNKNOWN);
}

static void
expect(const struct disk *disks, size_t n, struct disk_wish wish, enum disk_verdict verdict,
       const char *reason)
{
	struct disk_choice choice;

	disk_choose(disks, n, &wish, &choice);
	if (choice.verdict != verdict || !strstr(choice.reason, reason))
		fail_msg("verdict %d, \"%s\"; wanted %d, \"%s\"", choice.verdict, choice.reason,
			 verdict, reason);
}

static void
choices(void **state)
{
	struct disk_wish none = { 0 }, diskless = { .diskless = true };
	struct disk d[3] = { disk("sda", 64 * GIB, NULL), disk("sdb", 8 * GIB, NULL),
			     disk("sdc", 4 * GIB, "LVM2_member") };

	(void)state;
	expect(NULL, 0, none, DISK_RAM, "no disk");
	expect(d, 3, none, DISK_MAKE, "disk sdb is blank");
	expect(&d[2], 1, none, DISK_STALL, "disk sdc holds LVM2_member; nothing was written");
	expect(&d[2], 1, diskless, DISK_RAM, "sdc");
	d[1].size = DISK_LEAST - 1;
	expect(d, 3, none, DISK_MAKE, "disk sda");
	expect(&d[1], 1, none, DISK_STALL, "has 3073 MiB, needs 3074 MiB");
	expect(&d[1], 2, none, DISK_STALL, "nothing was written");
	d[1].size = DISK_LEAST;
	expect(&d[1], 2, none, DISK_MAKE, "sdb");
	d[0] = ours("sda", 512 * GIB);
	expect(d, 3, none, DISK_KEEP, "disk sda carries");
	expect(d, 3, diskless, DISK_KEEP, "disk sda carries");
	d[1] = ours("sdb", 8 * GIB);
	expect(d, 3, none, DISK_STALL, "both carry a state partition");
	d[0].named = true;
	expect(d, 3, (struct disk_wish){ "virtio-A", false }, DISK_KEEP, "disk sda");
}

static void
wishes(void **state)
{
	struct disk_wish wish = { "virtio-A", false }, diskless = { "virtio-A", true };
	struct disk d[2] = { disk("vda", 8 * GIB, NULL), disk("vdb", 16 * GIB, NULL) };

	(void)state;
	expect(d, 2, wish, DISK_STALL, "virtio-A is not in this machine");
	expect(d, 2, diskless, DISK_RAM, "virtio-A is not in this machine");
	expect(NULL, 0, wish, DISK_STALL, "virtio-A is not in this machine");
	d[1].named = true;
	expect(d, 2, wish, DISK_MAKE, "disk vdb");
	disk_sign(&d[1], "ext4");
	expect(d, 2, wish, DISK_STALL, "disk vdb holds ext4");
}

static void
signs_are_bounded(void **state)
{
	struct disk d = disk("vda", GIB, NULL);
	char sign[16];

	(void)state;
	for (int i = 0; i < 40; i++) {
		snprintf(sign, sizeof(sign), "s%d", i);
		disk_sign(&d, sign);
		disk_sign(&d, sign);
	}
	assert_int_equal(d.nsigns, DISK_SIGNS);
	assert_string_equal(d.signs[DISK_SIGNS - 1], "more");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classes),
		cmocka_unit_test(doubts),
		cmocka_unit_test(osds),
		cmocka_unit_test(half_made),
		cmocka_unit_test(choices),
		cmocka_unit_test(wishes),
		cmocka_unit_test(signs_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
