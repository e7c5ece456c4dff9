/* Looks at disks by reading alone: see probe.h. */
#include "cloud-init/agent/probe.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <blkid/blkid.h>

#include "cloud-init/agent/bluestore.h"
#include "cloud-init/agent/claim.h"
#include "lib/str.h"

#define GIB (1ULL << 30)
#define HEAD (2ULL << 20)	/* bytes looked at from either end */
#define SAMPLES 32		/* places between them */
#define SAMPLE 4096

void
probe_partition_name(char ret[32], const char *name, int number)
{
	size_t len = strlen(name);
	const char *p = len > 0 && isdigit((unsigned char)name[len - 1]) ? "p" : "";

	snprintf(ret, 32, "%.20s%s%d", name, p, number);
}

/* Reads exactly; past the end of the disk nothing is read and zeros are returned. */
static int
read_at(int fd, void *ret, size_t len, uint64_t at, uint64_t size)
{
	size_t got = 0;
	ssize_t n;

	memset(ret, 0, len);
	if (at >= size)
		return 0;
	if (len > size - at)
		len = (size_t)(size - at);
	while (got < len) {
		n = pread(fd, (char *)ret + got, len - got, (off_t)(at + got));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EIO;
		got += (size_t)n;
	}
	return 0;
}

/* All superblocks and partition tables that libblkid knows, wherever on the disk it looks. */
static void
look_signs(int fd, struct disk *disk)
{
	blkid_probe probe = blkid_new_probe();
	const char *value;
	int r;

	if (!probe || blkid_probe_set_device(probe, fd, 0, 0) < 0) {
		disk->failed = true;
		blkid_free_probe(probe);
		return;
	}
	blkid_probe_enable_superblocks(probe, 1);
	blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE | BLKID_SUBLKS_BADCSUM);
	blkid_probe_enable_partitions(probe, 1);
	blkid_probe_set_partitions_flags(probe, BLKID_PARTS_FORCE_GPT);
	while ((r = blkid_do_probe(probe)) == 0) {
		if (blkid_probe_lookup_value(probe, "TYPE", &value, NULL) == 0)
			disk_sign(disk, value);
		if (blkid_probe_lookup_value(probe, "PTTYPE", &value, NULL) == 0)
			disk_sign(disk, value);
	}
	if (r < 0)
		disk->failed = true;
	blkid_free_probe(probe);
}

static void
look_state_type(int fd, blkid_partition part, struct disk *disk)
{
	blkid_loff_t at = blkid_partition_get_start(part) * 512;
	blkid_loff_t len = blkid_partition_get_size(part) * 512;
	blkid_probe probe = blkid_new_probe();
	const char *type;

	if (probe && blkid_probe_set_device(probe, fd, at, len) == 0) {
		blkid_probe_enable_superblocks(probe, 1);
		blkid_probe_set_superblocks_flags(probe, BLKID_SUBLKS_TYPE);
		if (blkid_do_safeprobe(probe) == 0 &&
		    blkid_probe_lookup_value(probe, "TYPE", &type, NULL) == 0)
			str_copy(disk->state_type, sizeof(disk->state_type), type);
	}
	blkid_free_probe(probe);
}

static bool
label_is_ours(const char *label)
{
	return str_eq(label, DISK_LABEL_ESP) || str_eq(label, DISK_LABEL_STATE) ||
	       str_eq(label, DISK_LABEL_REST);
}

/* The state partition, if this is one. */
static void
look_state(int fd, blkid_partition part, struct disk *disk)
{
	if (!str_eq(blkid_partition_get_name(part), DISK_LABEL_STATE) || disk->state_part[0])
		return;
	probe_partition_name(disk->state_part, disk->name, blkid_partition_get_partno(part));
	look_state_type(fd, part, disk);
}

static void
look_label(int fd, blkid_partition part, struct disk *disk)
{
	(void)fd;
	if (!label_is_ours(blkid_partition_get_name(part)))
		disk->only_ours = false;
}

/* Calls `look` for each partition of a GPT, read as the kernel would (`flags` 0) or also from a
 * table of which only the copy or no protective MBR is there (BLKID_PARTS_FORCE_GPT).  True if
 * there is one. */
static bool
each_partition(int fd, int flags, void (*look)(int, blkid_partition, struct disk *),
	       struct disk *disk)
{
	blkid_probe probe = blkid_new_probe();
	blkid_partlist list = NULL;
	blkid_parttable table;
	bool gpt;

	if (probe && blkid_probe_set_device(probe, fd, 0, 0) == 0) {
		blkid_probe_enable_partitions(probe, 1);
		blkid_probe_set_partitions_flags(probe, BLKID_PARTS_ENTRY_DETAILS | flags);
		list = blkid_probe_get_partitions(probe);
	}
	table = list ? blkid_partlist_get_table(list) : NULL;
	gpt = table && str_eq(blkid_parttable_get_type(table), "gpt");
	for (int i = 0; gpt && i < blkid_partlist_numof_partitions(list); i++)
		look(fd, blkid_partlist_get_partition(list, i), disk);
	blkid_free_probe(probe);
	return gpt;
}

static void
look_partitions(int fd, struct disk *disk)
{
	each_partition(fd, 0, look_state, disk);
	disk->only_ours = true;
	if (!each_partition(fd, BLKID_PARTS_FORCE_GPT, look_label, disk))
		disk->only_ours = false;
}

/* Labels that contradict each other say nothing. */
static void
take_label(const char *seen, struct disk *disk)
{
	struct bluestore label;
	struct err ignored;

	if (bluestore_parse(&label, seen, BLUESTORE_LABEL, &ignored) < 0)
		return;
	if (disk->fsid[0] && !str_eq(disk->fsid, label.fsid)) {
		disk_sign(disk, "several OSDs");
		return;
	}
	str_copy(disk->fsid, sizeof(disk->fsid), label.fsid);
	str_copy(disk->osd, sizeof(disk->osd), label.whoami);
}

/* BlueStore keeps copies of its label at these offsets (multi-label devices, Ceph 19.2 and later);
 * the label begins with this line. */
static void
look_bluestore(int fd, struct disk *disk)
{
	static const uint64_t gib[] = { 0, 1, 10, 100, 1000 };
	char seen[BLUESTORE_LABEL], sign[DISK_SIGN];

	for (size_t i = 0; i < sizeof(gib) / sizeof(*gib); i++) {
		if (read_at(fd, seen, sizeof(seen), gib[i] * GIB, disk->size) < 0) {
			disk->failed = true;
			continue;
		}
		if (memcmp(seen, BLUESTORE_LINE, strlen(BLUESTORE_LINE)) != 0)
			continue;
		take_label(seen, disk);
		snprintf(sign, sizeof(sign), "ceph_bluestore@%lluGiB",
			 (unsigned long long)gib[i]);
		disk_sign(disk, sign);
	}
}

static void
sample(int fd, struct disk *disk, uint64_t from, uint64_t len)
{
	unsigned char piece[SAMPLE];

	for (uint64_t at = from; at < from + len && !disk->data && !disk->failed; at += SAMPLE) {
		if (read_at(fd, piece, sizeof(piece), at, disk->size) < 0)
			disk->failed = true;
		for (size_t i = 0; i < sizeof(piece) && !disk->data; i++)
			if (piece[i]) {
				disk->data = true;
				disk->data_at = at + i;
			}
	}
}

/* A disk without a known signature may still hold what matters (a plain encrypted volume, a raw
 * database): only zeros at both ends and in many places between count as blank. */
static void
look_data(int fd, struct disk *disk)
{
	uint64_t tail = disk->size > HEAD ? (disk->size - HEAD) / SAMPLE * SAMPLE : 0;

	sample(fd, disk, 0, HEAD);
	sample(fd, disk, tail, HEAD + SAMPLE);
	for (uint64_t i = 1; i <= SAMPLES; i++)
		sample(fd, disk, disk->size / SAMPLE / (SAMPLES + 1) * i * SAMPLE, SAMPLE);
	for (uint64_t gib = 1; gib <= 1000; gib *= 10)
		sample(fd, disk, gib * GIB, 16 * SAMPLE);
}

void
probe_bytes(const char *path, struct disk *disk)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), alone;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0) {
		disk->failed = true;
		goto out;
	}
	disk->size = (uint64_t)blkid_get_dev_size(fd);
	if (S_ISBLK(st.st_mode)) {
		disk->loop = major(st.st_rdev) == LOOP_MAJOR;
		alone = open(path, O_RDONLY | O_CLOEXEC | O_EXCL);
		disk->busy = alone < 0;
		if (alone >= 0)
			close(alone);
	}
	look_signs(fd, disk);
	look_bluestore(fd, disk);
	look_partitions(fd, disk);
	disk->claimed = claim_is(fd);
	if (disk->nsigns == 0 && !disk->claimed)
		look_data(fd, disk);
out:
	if (fd >= 0)
		close(fd);
}
