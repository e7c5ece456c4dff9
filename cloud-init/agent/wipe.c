/*
 * The only way in which a data disk is erased: the operator has named it by its serial number and
 * said the code (the engine asks for both).  Here the disk is found once more, by looking: what the
 * operator saw may be another machine's by now, or in use.
 */
#include "cloud-init/agent/wipe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/disk.h"
#include "cloud-init/agent/probe.h"
#include "cloud-init/agent/state.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"

#define PARTITIONS_MOST 128
#define PIECE (1LL << 30)

/* Two names of one device, or of one file (in tests). */
static bool
same(const struct stat *a, const struct stat *b)
{
	if (S_ISBLK(a->st_mode) && S_ISBLK(b->st_mode))
		return a->st_rdev == b->st_rdev;
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* The disk, and its partitions. */
static size_t
devices_of(const struct disk *disk, struct stat ret[PARTITIONS_MOST + 1])
{
	char path[WHERE_MAX], name[32];
	size_t count = 0;

	if (stat(where(path, "/dev/%s", disk->name), &ret[0]) == 0)
		count++;
	for (int number = 1; number <= PARTITIONS_MOST; number++) {
		probe_partition_name(name, disk->name, number);
		if (stat(where(path, "/dev/%s", name), &ret[count]) == 0)
			count++;
	}
	return count;
}

/* Has the process of that folder one of the devices open? */
static bool
has_open(const char *process, const struct stat *devices, size_t count)
{
	char folder[WHERE_MAX], path[WHERE_MAX + 256];
	DIR *dir = opendir(where(folder, "/proc/%s/fd", process));
	struct dirent *entry;
	bool has = false;

	while (dir && !has && (entry = readdir(dir))) {
		struct stat st;

		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		if (entry->d_name[0] == '.' || stat(path, &st) < 0)
			continue;
		for (size_t i = 0; i < count; i++)
			has |= same(&st, &devices[i]);
	}
	if (dir)
		closedir(dir);
	return has;
}

/* BlueStore keeps no exclusive hold of its device that open(2) would meet, so whoever has it open
 * is looked for. */
static int
check_unused(const struct disk *disk, struct err *err)
{
	struct stat devices[PARTITIONS_MOST + 1];
	size_t count = devices_of(disk, devices);
	char folder[WHERE_MAX];
	DIR *dir = opendir(where(folder, "/proc"));
	struct dirent *entry;
	int r = 0;

	while (dir && r == 0 && (entry = readdir(dir))) {
		char *name;

		if (strspn(entry->d_name, "0123456789") != strlen(entry->d_name) ||
		    !has_open(entry->d_name, devices, count))
			continue;
		name = where_text("/proc/%s/comm", entry->d_name);
		r = err_set(err, -EBUSY, "disk %s is in use by %s (process %s)", disk->name,
			    name ? name : "a program", entry->d_name);
		free(name);
	}
	if (dir)
		closedir(dir);
	return r;
}

static int
check(const struct agent *agent, const struct disk *disk, struct err *err)
{
	const struct verdict *verdict = &agent->verdict;
	char why[256];

	if (disk_classify(disk, why, sizeof(why)) == DISK_SYSTEM ||
	    (verdict->result <= VERDICT_NEW && str_eq(disk->name, verdict->disk)))
		return err_set(err, -EPERM, "disk %s is the system disk", disk->name);
	if (disk->readonly)
		return err_set(err, -EROFS, "disk %s is write-protected", disk->name);
	return check_unused(disk, err);
}

/* The one disk of that serial number. */
static int
find(const struct disk *disks, size_t count, const char *serial, const struct disk **ret,
     struct err *err)
{
	const struct disk *found = NULL;

	for (size_t i = 0; i < count; i++) {
		if (!serial[0] || !str_eq(disks[i].serial, serial))
			continue;
		if (found)
			return err_set(err, -EEXIST, "disks %s and %s both have the serial number"
				       " %s", found->name, disks[i].name, serial);
		found = &disks[i];
	}
	if (!found)
		return err_set(err, -ENODEV, "no disk has the serial number %s", serial);
	*ret = found;
	return 0;
}

/* Gives the bytes back where the disk can do that and reads zeros then, else writes them. */
static int
zero(int fd, off_t at, off_t len)
{
	int modes[] = { FALLOC_FL_PUNCH_HOLE, FALLOC_FL_ZERO_RANGE };
	int r = -1;

	for (size_t i = 0; i < 2 && r < 0; i++)
		r = fallocate(fd, modes[i] | FALLOC_FL_KEEP_SIZE, at, len);
	return r < 0 ? -errno : 0;
}

static int
erase(const struct disk *disk, int fd, struct err *err)
{
	off_t size = (off_t)disk->size;
	int r = 0;

	for (off_t at = 0; at < size && r == 0; at += PIECE) {
		r = zero(fd, at, size - at < PIECE ? size - at : PIECE);
		if (r < 0)
			return err_errno(err, r, "disk %s at byte %lld", disk->name, (long long)at);
		printf("%lld of %lld GiB\n", (long long)(at / PIECE) + 1,
		       (long long)((size - 1) / PIECE) + 1);
	}
	if (fsync(fd) < 0)
		return err_errno(err, -errno, "disk %s", disk->name);
	return 0;
}

/* What is written is read again: this is the word that the operator relies on. */
static int
verify(const struct disk *disk, struct err *err)
{
	struct disk now = { 0 };
	char path[WHERE_MAX], why[256];

	str_copy(now.name, sizeof(now.name), disk->name);
	probe_bytes(where(path, "/dev/%s", disk->name), &now);
	if (disk_classify(&now, why, sizeof(why)) == DISK_BLANK)
		return 0;
	return err_set(err, -EIO, "disk %s was erased, but %s", disk->name, why);
}

static int
wipe(const struct disk *disk, struct err *err)
{
	int64_t began = clock_mono_ms();
	char path[WHERE_MAX];
	int fd = open(where(path, "/dev/%s", disk->name), O_RDWR | O_EXCL | O_CLOEXEC), r;

	if (fd < 0)
		return err_errno(err, -errno, "disk %s", disk->name);
	r = erase(disk, fd, err);
	close(fd);
	if (r == 0)
		r = verify(disk, err);
	if (r == 0)
		printf("disk %s (serial number %s, %llu MiB) is blank now, after %lld s\n",
		       disk->name, disk->serial, (unsigned long long)(disk->size >> 20),
		       (long long)(clock_mono_ms() - began) / 1000);
	return r;
}

int
wipe_run(const struct agent *agent, const json_t *order, struct err *err)
{
	struct disk *disks = mem_new(DISK_MOST * sizeof(*disks));
	const struct disk *disk = NULL;
	size_t count = probe_all(NULL, disks, DISK_MOST);
	int r = find(disks, count, json_str(order, "serial", ""), &disk, err);

	if (r == 0)
		r = check(agent, disk, err);
	if (r < 0)
		err_wrap(err, r, "nothing was written");
	else
		r = wipe(disk, err);
	free(disks);
	return r;
}

void
wipe_after(struct agent *agent)
{
	state_look(&agent->input, &agent->verdict);
	json_object_set(agent->facts, "disks", agent->verdict.disks);
	agent->stale = true;
}
