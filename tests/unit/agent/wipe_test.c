/* Which disk may be erased, and that it is then. */
#include "cmocka_all.h"

#include <errno.h>
#include <sys/stat.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/wipe.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tree.h"

#define SIZE (3LL << 30)

/* A disk that is a sparse file with some bytes at either end and beyond the first GiB. */
static void
add(const char *name, const char *serial)
{
	static const long long places[] = { 0, (1LL << 30) + 5, SIZE - 600 };
	char *path = str_format("/dev/%s", name), *facts = str_format("/sys/block/%s", name);
	char full[WHERE_MAX], *file;
	int fd;

	tree_file(path, "");
	file = str_format("%s/serial", facts);
	tree_file(file, serial);
	free(file);
	file = str_format("%s/size", facts);
	tree_file(file, "6291456\n");
	free(file);
	fd = open(where(full, "%s", path), O_WRONLY);
	assert_true(fd >= 0 && ftruncate(fd, SIZE) == 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(pwrite(fd, "precious", 8, places[i]), 8);
	close(fd);
	free(path);
	free(facts);
}

static long long
blocks(const char *name)
{
	char full[WHERE_MAX];
	struct stat st;

	assert_int_equal(stat(where(full, "/dev/%s", name), &st), 0);
	assert_int_equal(st.st_size, SIZE);
	return st.st_blocks;
}

static int
wipe(const struct agent *agent, const char *serial, struct err *err)
{
	json_t *order = json_pack("{s:s, s:s}", "kind", "wipe", "serial", serial);
	int r = wipe_run(agent, order, err);

	json_decref(order);
	return r;
}

static void
refused(const struct agent *agent, const char *serial, const char *why)
{
	struct err err;

	assert_true(wipe(agent, serial, &err) < 0);
	if (!strstr(err.text, why))
		fail_msg("%s: %s", serial, err.text);
	assert_true(str_starts(err.text, "nothing was written: "));
}

static void
that_disk_alone(void **state)
{
	struct agent agent = { .verdict = { .result = VERDICT_KEPT, .disk = "vda" } };
	long long before;
	struct err err;

	(void)state;
	add("vda", "S0");
	add("vdb", "S1");
	add("vdc", "S2");
	before = blocks("vdc");
	assert_true(before > 0);
	assert_int_equal(wipe(&agent, "S1", &err), 0);
	assert_int_equal(blocks("vdb"), 0);
	assert_int_equal(blocks("vda"), before);
	assert_int_equal(blocks("vdc"), before);
}

static void
not_these(void **state)
{
	struct agent agent = { .verdict = { .result = VERDICT_KEPT, .disk = "vda" } };
	char full[WHERE_MAX];
	long long before;

	(void)state;
	add("vda", "S0");
	add("vdb", "S1");
	add("vdc", "S1");
	add("vdd", "S3");
	add("vde", "S4");
	add("vdf", "");
	tree_file("/sys/block/vdd/ro", "1\n");
	tree_file("/dev/vde1", "");
	tree_file("/proc/77/comm", "ceph-osd\n");
	tree_link("/proc/77/fd/9", where(full, "/dev/vde1"));
	before = blocks("vdb");
	refused(&agent, "S0", "disk vda is the system disk");
	refused(&agent, "S1", "disks vdb and vdc both have the serial number S1");
	refused(&agent, "S3", "disk vdd is write-protected");
	refused(&agent, "S4", "disk vde is in use by ceph-osd (process 77)");
	refused(&agent, "S9", "no disk has the serial number S9");
	refused(&agent, "", "no disk has the serial number");
	for (const char *name = "abcdef"; *name; name++)
		assert_int_equal(blocks((char[]){ 'v', 'd', *name, '\0' }), before);
}

/* The server hears what the disks are now, not what they were at the start of the boot. */
static void
told_anew(void **state)
{
	struct agent agent = { .verdict = { .result = VERDICT_RAM } };
	const json_t *disk;
	struct err err;

	(void)state;
	add("vdb", "S1");
	agent.input.site = json_object();
	agent.facts = json_object();
	wipe_after(&agent);
	disk = json_array_get(json_object_get(agent.facts, "disks"), 0);
	assert_string_equal(json_str(disk, "use", ""), "unknown");
	assert_int_equal(wipe(&agent, "S1", &err), 0);
	agent.stale = false;
	wipe_after(&agent);
	assert_true(agent.stale);
	disk = json_array_get(json_object_get(agent.facts, "disks"), 0);
	assert_string_equal(json_str(disk, "use", ""), "blank");
	verdict_fini(&agent.verdict);
	json_decref(agent.input.site);
	json_decref(agent.facts);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, tree_init, tree_fini)

int
main(void)
{
	const struct CMUnitTest tests[] = { TEST(that_disk_alone), TEST(not_these),
					    TEST(told_anew) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
