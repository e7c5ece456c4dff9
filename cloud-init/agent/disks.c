/*
 * The list of the machine's disks, from /sys/block and /dev/disk/by-id: see probe.h.
 */
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/probe.h"
#include "cloud-init/agent/where.h"
#include "lib/str.h"

static void
attribute(char *ret, size_t size, const char *disk, const char *name)
{
	char *text = where_text("/sys/block/%s/%s", disk, name), *at = text;

	while (at && *at == ' ')
		at++;
	str_copy(ret, size, at ? at : "");
	free(text);
}

static int64_t
number(const char *disk, const char *name)
{
	char text[32];

	attribute(text, sizeof(text), disk, name);
	return strtoll(text, NULL, 10);
}

/* What can carry a system, and is not made of other disks. */
static bool
is_disk(const char *name)
{
	static const char *const other[] = { "loop", "ram", "zram", "sr", "fd", "dm-", "md", "nbd",
					     "mtdblock", "bcache", "drbd", "rbd", NULL };

	for (size_t i = 0; other[i]; i++)
		if (str_starts(name, other[i]))
			return false;
	if (name[0] == '.' || strstr(name, "boot") || strstr(name, "rpmb"))
		return false;
	return number(name, "removable") == 0 && number(name, "hidden") == 0 &&
	       number(name, "size") > 0;
}

/* The lower the better: names that a person recognises before bare numbers. */
static int
link_rank(const char *name)
{
	if (strstr(name, "-part") || str_starts(name, "dm-") || str_starts(name, "lvm-"))
		return 99;
	return str_starts(name, "wwn-") || str_starts(name, "nvme-eui.") ||
	       str_starts(name, "nvme-uuid.") || str_starts(name, "scsi-3") ? 2 : 1;
}

static bool
link_is(const char *folder, const char *name, const char *disk)
{
	char path[WHERE_MAX + 256], target[PATH_MAX];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return false;
	target[n] = '\0';
	last = strrchr(target, '/');
	return str_eq(last ? last + 1 : target, disk);
}

/* The by-id name, and whether one of the disk's names is the wished one. */
static void
look_links(struct disk *disk, const char *wish)
{
	char folder[WHERE_MAX], best[240] = "";
	DIR *dir = opendir(where(folder, "/dev/disk/by-id"));
	struct dirent *entry;
	int rank = 99;

	while (dir && (entry = readdir(dir))) {
		if (!link_is(folder, entry->d_name, disk->name))
			continue;
		if (str_eq(wish, entry->d_name))
			disk->named = true;
		if (link_rank(entry->d_name) < rank ||
		    (link_rank(entry->d_name) == rank && rank < 99 &&
		     strcmp(entry->d_name, best) < 0)) {
			rank = link_rank(entry->d_name);
			str_copy(best, sizeof(best), entry->d_name);
		}
	}
	if (dir)
		closedir(dir);
	/* Without udev: the one kind of name that needs no rules. */
	if (!best[0] && str_starts(disk->name, "vd") && disk->serial[0])
		snprintf(best, sizeof(best), "virtio-%.200s", disk->serial);
	if (best[0])
		snprintf(disk->by_id, sizeof(disk->by_id), "/dev/disk/by-id/%s", best);
	if (str_eq(wish, best) || str_eq(wish, disk->name))
		disk->named = true;
}

static void
look_disk(const char *name, const char *wish, struct disk *ret)
{
	char path[WHERE_MAX];

	*ret = (struct disk){ 0 };
	str_copy(ret->name, sizeof(ret->name), name);
	attribute(ret->serial, sizeof(ret->serial), name, "serial");
	if (!ret->serial[0])
		attribute(ret->serial, sizeof(ret->serial), name, "device/serial");
	attribute(ret->model, sizeof(ret->model), name, "device/model");
	ret->rotational = number(name, "queue/rotational") != 0;
	ret->readonly = number(name, "ro") != 0;
	look_links(ret, wish);
	probe_bytes(where(path, "/dev/%s", name), ret);
	if (!ret->size)
		ret->size = (uint64_t)number(name, "size") * 512;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* udev keeps a file for each device that it has finished with: /run/udev/data/b<major>:<minor>. */
static bool
is_named(const char *disk)
{
	char *number = where_text("/sys/block/%s/dev", disk), *path;
	bool named;

	path = str_format("/run/udev/data/b%s", number ? number : "");
	named = where_is(path);
	free(path);
	free(number);
	return named;
}

bool
probe_named(void)
{
	char folder[WHERE_MAX];
	DIR *dir = opendir(where(folder, "/sys/block"));
	struct dirent *entry;
	bool all = true;

	while (dir && all && (entry = readdir(dir)))
		all = !is_disk(entry->d_name) || is_named(entry->d_name);
	if (dir)
		closedir(dir);
	return all;
}

size_t
probe_all(const char *system_disk, struct disk *ret, size_t most)
{
	const char *wish = system_disk;
	char folder[WHERE_MAX];
	struct dirent **names;
	size_t count = 0;
	int n;

	if (wish && strrchr(wish, '/'))
		wish = strrchr(wish, '/') + 1;
	n = scandir(where(folder, "/sys/block"), &names, NULL, by_name);
	for (int i = 0; i < n; i++) {
		if (count < most && is_disk(names[i]->d_name))
			look_disk(names[i]->d_name, wish, &ret[count++]);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return count;
}
