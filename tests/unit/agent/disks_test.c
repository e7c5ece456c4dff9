/* The list of disks, from trees like /sys/block and /dev/disk/by-id. */
#include "cmocka_all.h"

#include "cloud-init/agent/probe.h"
#include "lib/str.h"
#include "tree.h"

static void
block(const char *name, const char *attribute, const char *value)
{
	char *path = str_format("/sys/block/%s/%s", name, attribute);

	tree_file(path, value);
	free(path);
}

/* A disk whose bytes are a sparse file of 4 GiB. */
static void
add(const char *name)
{
	char *path = str_format("/dev/%s", name), full[WHERE_MAX];

	block(name, "size", "8388608\n");
	block(name, "removable", "0\n");
	block(name, "queue/rotational", "0\n");
	tree_file(path, "");
	assert_int_equal(truncate(where(full, "%s", path), 4LL << 30), 0);
	free(path);
}

static void
names_and_serials(void **state)
{
	struct disk d[8];

	(void)state;
	add("vdb");
	block("vdb", "serial", "n1-DISK1\n");
	add("sda");
	block("sda", "device/model", "  EXAMPLE SSD   \n");
	tree_link("/dev/disk/by-id/wwn-0x5000", "../../sda");
	tree_link("/dev/disk/by-id/ata-EXAMPLE_1", "../../sda");
	tree_link("/dev/disk/by-id/ata-EXAMPLE_1-part1", "../../sda1");
	tree_link("/dev/disk/by-id/scsi-EXAMPLE_1", "../../sda");
	assert_int_equal(probe_all(NULL, d, 8), 2);
	assert_string_equal(d[0].name, "sda");
	assert_string_equal(d[0].by_id, "/dev/disk/by-id/ata-EXAMPLE_1");
	assert_string_equal(d[0].model, "EXAMPLE SSD");
	assert_int_equal(d[0].size, 4LL << 30);
	assert_false(d[0].data || d[0].failed || d[0].rotational);
	assert_string_equal(d[1].by_id, "/dev/disk/by-id/virtio-n1-DISK1");	/* without udev */
	assert_false(d[0].named || d[1].named);
}

/* The site file may use any of a disk's names, with or without the folder. */
static void
wished(void **state)
{
	static const char *const wishes[] = { "/dev/disk/by-id/wwn-0x5000", "ata-EXAMPLE_1",
					      "sda" };
	struct disk d[8];

	(void)state;
	add("sda");
	add("vdb");
	block("vdb", "serial", "n1-DISK1\n");
	tree_link("/dev/disk/by-id/wwn-0x5000", "../../sda");
	tree_link("/dev/disk/by-id/ata-EXAMPLE_1", "../../sda");
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(probe_all(wishes[i], d, 8), 2);
		assert_true(d[0].named && !d[1].named);
	}
	probe_all("virtio-n1-DISK1", d, 8);
	assert_true(!d[0].named && d[1].named);
	probe_all("ata-EXAMPLE_1-part1", d, 8);
	assert_true(!d[0].named && !d[1].named);
}

static void
no_disks(void **state)
{
	static const char *const names[] = { "loop0", "ram0", "sr0", "dm-0", "md127", "zram0",
					     "mmcblk0boot0", "nbd0" };
	struct disk d[8];

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		add(names[i]);
	add("sdz");
	block("sdz", "removable", "1\n");	/* a stick */
	add("sdy");
	block("sdy", "size", "0\n");		/* a card reader without a card */
	add("nvme0c0n1");
	block("nvme0c0n1", "hidden", "1\n");	/* one path of several */
	assert_int_equal(probe_all(NULL, d, 8), 0);
}

static void
unreadable(void **state)
{
	struct disk d[8];
	char why[128];

	(void)state;
	block("sda", "size", "8388608\n");	/* no /dev/sda */
	assert_int_equal(probe_all(NULL, d, 8), 1);
	assert_int_equal(disk_classify(&d[0], why, sizeof(why)), DISK_UNKNOWN);
	assert_int_equal(d[0].size, 4LL << 30);
}

static void
named_by_udev(void **state)
{
	(void)state;
	assert_true(probe_named());
	add("sda");
	block("sda", "dev", "8:0\n");
	add("loop0");
	assert_false(probe_named());
	tree_file("/run/udev/data/b8:0", "I:1\n");
	assert_true(probe_named());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_and_serials, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(wished, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(no_disks, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(unreadable, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(named_by_udev, tree_init, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
