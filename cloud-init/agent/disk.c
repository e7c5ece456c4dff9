/*
 * What a disk is, and which one becomes the system disk: see disk.h.  The rules of
 * disk_classify() stand in the order in which a person would want to hear the reason.
 */
#include "cloud-init/agent/disk.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

void
disk_sign(struct disk *disk, const char *sign)
{
	for (size_t i = 0; i < disk->nsigns; i++)
		if (str_eq(disk->signs[i], sign))
			return;
	if (disk->nsigns == DISK_SIGNS)
		str_copy(disk->signs[DISK_SIGNS - 1], DISK_SIGN, "more");
	else
		str_copy(disk->signs[disk->nsigns++], DISK_SIGN, sign);
}

const char *
disk_use_name(enum disk_use use)
{
	static const char *const names[] = { "system", "blank", "unknown", "ours",
					     "foreign" };

	return names[use];
}

static bool
has_state(const struct disk *disk)
{
	return disk->state_part[0] != '\0';
}

/* A disk that our own partitioning left half done: the mark is there and nothing that is not
 * ours. */
static bool
half_made(const struct disk *disk)
{
	if (!disk->claimed)
		return false;
	for (size_t i = 0; i < disk->nsigns; i++)
		if (!str_eq(disk->signs[i], "gpt") && !str_eq(disk->signs[i], "PMBR"))
			return false;
	return disk->nsigns == 0 || disk->only_ours;
}

static void
list_signs(const struct disk *disk, char *ret, size_t size)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < disk->nsigns; i++)
		buf_format(&text, "%s%s", i ? ", " : "", disk->signs[i]);
	snprintf(ret, size, "holds %s", text.text);
	buf_fini(&text);
}

/* An OSD of Ceph and nothing else. */
static bool
is_osd(const struct disk *disk)
{
	for (size_t i = 0; i < disk->nsigns; i++)
		if (!str_starts(disk->signs[i], "ceph_bluestore"))
			return false;
	return disk->nsigns > 0 && disk->fsid[0];
}

/* Held by its own OSD or not: whose it is does not change by that. */
static enum disk_use
classify_osd(const struct disk *disk, char *why, size_t size)
{
	const char *number = disk->osd[0] ? disk->osd : "?";

	if (disk->ours) {
		snprintf(why, size, "holds OSD %s of this site's Ceph", number);
		return DISK_OURS;
	}
	snprintf(why, size, "holds OSD %s of the Ceph cluster %s, which is not this site's", number,
		 disk->fsid);
	return DISK_FOREIGN;
}

enum disk_use
disk_classify(const struct disk *disk, char *why, size_t size)
{
	enum disk_use use = DISK_UNKNOWN;

	if (disk->failed)
		snprintf(why, size, "cannot be read");
	else if (disk->readonly)
		snprintf(why, size, "is write-protected");
	else if (is_osd(disk))
		use = classify_osd(disk, why, size);
	else if (has_state(disk) && str_eq(disk->state_type, "ext4")) {
		snprintf(why, size, "carries this machine's state partition");
		use = DISK_SYSTEM;
	} else if (disk->busy)
		snprintf(why, size, "is in use by another program");
	else if (half_made(disk)) {
		snprintf(why, size, "was being partitioned for this machine when it stopped");
		use = DISK_BLANK;
	} else if (has_state(disk))
		snprintf(why, size, "has a partition %s without an ext4 file system",
			 DISK_LABEL_STATE);
	else if (disk->nsigns > 0)
		list_signs(disk, why, size);
	else if (disk->data)
		snprintf(why, size, "holds data of no known format at byte %llu",
			 (unsigned long long)disk->data_at);
	else {
		snprintf(why, size, "is blank");
		use = DISK_BLANK;
	}
	return use;
}

static void __attribute__((format(printf, 4, 5)))
choice_set(struct disk_choice *ret, enum disk_verdict verdict, const struct disk *disk,
	   const char *fmt, ...)
{
	va_list ap;

	ret->verdict = verdict;
	ret->disk = disk;
	va_start(ap, fmt);
	vsnprintf(ret->reason, sizeof(ret->reason), fmt, ap);
	va_end(ap);
}

/* The verdict about one disk that is the only candidate. */
static void
choose_one(const struct disk *disk, struct disk_choice *ret)
{
	char why[256];
	enum disk_use use = disk_classify(disk, why, sizeof(why));

	if (use == DISK_SYSTEM)
		choice_set(ret, DISK_KEEP, disk, "disk %s %s", disk->name, why);
	else if (use != DISK_BLANK)
		choice_set(ret, DISK_STALL, disk, "disk %s %s; nothing was written", disk->name,
			   why);
	else if (disk->size < DISK_LEAST)
		choice_set(ret, DISK_STALL, disk, "disk %s has %llu MiB, needs %llu MiB",
			   disk->name, (unsigned long long)(disk->size >> 20),
			   (unsigned long long)(DISK_LEAST >> 20));
	else
		choice_set(ret, DISK_MAKE, disk, "disk %s %s", disk->name, why);
}

/* How well a disk answers to be the system disk: lower is better; equal ranks: the smaller disk. */
static int
rank(const struct disk *disk)
{
	char why[256];
	enum disk_use use = disk_classify(disk, why, sizeof(why));

	if (use == DISK_SYSTEM)
		return 0;
	if (use == DISK_BLANK && disk->size >= DISK_LEAST)
		return half_made(disk) ? 1 : 2;
	return use != DISK_BLANK ? 3 : 4;
}

static bool
better(const struct disk *a, const struct disk *b)
{
	int ra = rank(a), rb = rank(b);

	return ra != rb ? ra < rb : a->size < b->size;
}

static void
choose_any(const struct disk *disks, size_t count, struct disk_choice *ret)
{
	const struct disk *best = &disks[0];

	for (size_t i = 1; i < count; i++)
		if (better(&disks[i], best))
			best = &disks[i];
	for (size_t i = 0; i < count; i++)
		if (rank(best) == 0 && rank(&disks[i]) == 0 && &disks[i] != best) {
			choice_set(ret, DISK_STALL, &disks[i], "disks %s and %s both carry a "
				   "state partition: name the right one as system-disk in the "
				   "site file", best->name, disks[i].name);
			return;
		}
	choose_one(best, ret);
}

void
disk_choose(const struct disk *disks, size_t count, const struct disk_wish *wish,
	    struct disk_choice *ret)
{
	const struct disk *named = NULL;

	for (size_t i = 0; i < count; i++)
		if (disks[i].named)
			named = &disks[i];
	if (wish->system_disk && named)
		choose_one(named, ret);
	else if (wish->system_disk)
		choice_set(ret, DISK_STALL, NULL, "the site file's system-disk %s is not in this "
			   "machine", wish->system_disk);
	else if (count == 0)
		choice_set(ret, DISK_RAM, NULL, "the machine has no disk");
	else
		choose_any(disks, count, ret);
	if (ret->verdict == DISK_STALL && wish->diskless)
		ret->verdict = DISK_RAM;
}
