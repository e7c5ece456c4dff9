/* Which disks of a machine are Rook's: a table of disks, rules and lists. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "roles/devices.h"

#define GB ((int64_t)1000000000)
#define ID "/dev/disk/by-id/"

static struct site_device_rule rules[2];
static char *named[3];
static struct site_machine machine;
static struct site site;

static struct roles_disk
disk(enum roles_use use)
{
	return (struct roles_disk){ .name = "sda", .path = ID "ata-DISK_S1", .type = "ssd",
				    .model = "ACME DISK", .serial = "S1", .size = 960 * GB,
				    .use = use };
}

static void
site_init(size_t nrules, size_t nnamed)
{
	machine = (struct site_machine){ .devices = { named, nnamed } };
	site = (struct site){ .machines = &machine, .nmachines = 1 };
	site.storage = (struct site_storage){ .place = { .line = 1 }, .rules = rules,
					      .nrules = nrules };
}

static void
expect(const struct roles_disk *what, bool taken, const char *reason)
{
	struct roles_node node = { .machine = &machine, .name = "n1", .disks = what, .ndisks = 1 };
	struct roles_choice choice;

	roles_devices(&site, &node, &choice);
	assert_string_equal(choice.reason, reason);
	assert_int_equal(choice.taken, taken);
}

static void
by_use(void **state)
{
	static const struct {
		enum roles_use use;
		bool taken;
		const char *reason;
	} rows[] = {
		{ ROLES_USE_BLANK, true, "is a blank ssd of 960 GB" },
		{ ROLES_USE_OURS, true, "holds an OSD of this cluster" },
		{ ROLES_USE_FOREIGN, false, "is another Ceph cluster's, and is kept" },
		{ ROLES_USE_SYSTEM, false, "is the system disk" },
		{ ROLES_USE_UNKNOWN, false, "is not blank, and is kept" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct roles_disk one = disk(rows[i].use);

		site_init(0, 0);
		expect(&one, rows[i].taken, rows[i].reason);
		/* naming a disk by hand gives no leave to overwrite it */
		named[0] = (char *)"ata-DISK_S1";
		site_init(0, 1);
		expect(&one, rows[i].taken, rows[i].reason);
		machine.roles = site.roles_said = SITE_ROLE_WORKER | SITE_ROLE_DPU;
		expect(&one, false, "the machine has not the role storage");
	}
}

static void
by_rule(void **state)
{
	struct roles_disk one = disk(ROLES_USE_BLANK), ours = disk(ROLES_USE_OURS);

	(void)state;
	site_init(1, 0);
	rules[0] = (struct site_device_rule){ .type = (char *)"nvme" };
	expect(&one, false, "fits none of the site's rules");
	expect(&ours, true, "holds an OSD of this cluster");	/* whatever the rules became */
	rules[0].type = (char *)"ssd";
	rules[0].model = (char *)"acme";
	expect(&one, true, "is a blank ssd of 960 GB");
	rules[0].size_least = 961 * GB;
	expect(&one, false, "fits none of the site's rules");
	rules[0].size_least = 960 * GB;
	rules[0].size_most = 960 * GB;
	expect(&one, true, "is a blank ssd of 960 GB");
	rules[0].size_most = 959 * GB;
	expect(&one, false, "fits none of the site's rules");
	rules[1] = (struct site_device_rule){ .size_most = 2000 * GB };
	site_init(2, 0);
	expect(&one, true, "is a blank ssd of 960 GB");
}

static void
by_name(void **state)
{
	struct roles_disk one = disk(ROLES_USE_BLANK);

	(void)state;
	named[0] = (char *)"ata-DISK_S2";
	named[1] = (char *)"wwn-0x1_S1";	/* another of its names */
	site_init(1, 1);
	rules[0] = (struct site_device_rule){ .type = (char *)"nvme" };
	expect(&one, false, "is not among the machine's devices");
	site_init(1, 2);
	expect(&one, true, "is a blank ssd of 960 GB");
	named[1] = (char *)"ata-DISK_XS1";	/* not this serial number */
	expect(&one, false, "is not among the machine's devices");
	one.serial = "";
	named[1] = (char *)"ata-DISK_";
	expect(&one, false, "is not among the machine's devices");
}

static void
what_cannot_be(void **state)
{
	struct roles_disk one = disk(ROLES_USE_BLANK);
	char *path;

	(void)state;
	site_init(0, 0);
	one.size = ((int64_t)5 << 30) - 1;
	expect(&one, false, "is too small for an OSD");
	one.size++;
	expect(&one, true, "is a blank ssd of 5.4 GB");
	one.path = NULL;
	expect(&one, false, "has no name below /dev/disk/by-id/");
	assert_null(roles_device_path(&one));
	one.name = "loop3";
	expect(&one, true, "is a blank ssd of 5.4 GB");
	path = roles_device_path(&one);
	assert_string_equal(path, "/dev/loop3");
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_use), cmocka_unit_test(by_rule), cmocka_unit_test(by_name),
		cmocka_unit_test(what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
