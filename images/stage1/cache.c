/*
 * The copy of the root that an earlier boot left on the state partition.  It is copied to RAM, as
 * if it had been fetched, and hashed on the way: so the partition is free again for the agent, and
 * a disk that changes its mind later changes nothing.
 */
#include "images/stage1/cache.h"

#include <blkid/blkid.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/stage1/modules.h"
#include "lib/file.h"
#include "lib/str.h"

#define PIECE (1024 * 1024)
#define MOUNTED "/state"

/* How each file system is mounted so that nothing at all is written. */
static const struct {
	const char *type, *options;
} types[] = {
	{ "ext4", "noload" },
	{ "xfs", "norecovery" },
};

bool
cache_is_state(const char *uevent)
{
	static const char line[] = "PARTNAME=" CACHE_LABEL;

	for (const char *at = uevent; (at = strstr(at, line)) != NULL; at++) {
		char after = at[sizeof(line) - 1];
		if ((at == uevent || at[-1] == '\n') && (after == '\n' || after == '\0'))
			return true;
	}
	return false;
}

static int
copy(int from, struct blob *blob, struct err *err)
{
	char *piece = mem_new(PIECE);
	ssize_t len;
	int code = 0;

	while (code == 0 && (len = read(from, piece, PIECE)) != 0)
		code = len < 0 ? err_errno(err, -errno, "cannot read the cached root") :
				 blob_add(blob, piece, (size_t)len, err);
	free(piece);
	return code == 0 ? blob_check(blob, err) : code;
}

int
cache_copy(const char *source, const struct blob_target *target, struct err *err)
{
	struct blob blob;
	int from = open(source, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (from < 0)
		return err_errno(err, -errno, "cannot open %s", source);
	int code = blob_open(&blob, target, err);
	if (code == 0) {
		code = copy(from, &blob, err);
		blob_close(&blob, code == 0);
	}
	close(from);
	return code;
}

/* The row of `types` for what libblkid finds on the device, or -1. */
static int
probe(const char *device)
{
	blkid_probe probe = blkid_new_probe_from_filename(device);
	const char *type = NULL;
	int row = -1;

	if (probe == NULL)
		return -1;
	if (blkid_do_safeprobe(probe) == 0)
		blkid_probe_lookup_value(probe, "TYPE", &type, NULL);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (str_eq(types[i].type, type))
			row = (int)i;
	}
	blkid_free_probe(probe);
	return row;
}

/* One state partition: 1, 0 or negative as cache_take(). */
static int
take_from(const char *name, const struct blob_target *target, struct modules *modules,
	  struct err *err)
{
	char *device = str_format("/dev/%s", name);
	char *file = str_format("%s/%s/%s", MOUNTED, CACHE_DIR, target->sha256);
	int row = probe(device), code = 0;
	struct stat st;

	if (row < 0)
		goto out;
	modules_load(modules, types[row].type, err);	/* built in, or mount() says it */
	mkdir(MOUNTED, 0700);
	if (mount(device, MOUNTED, types[row].type, MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  types[row].options) < 0) {
		code = err_errno(err, -errno, "cannot mount the state partition %s", device);
		goto out;
	}
	if (lstat(file, &st) == 0) {
		char *line = str_format("%.1f MiB from %s", (double)st.st_size / 1048576, device);
		target->say(target->arg, line);
		free(line);
		code = cache_copy(file, target, err);
		code = code < 0 ? err_wrap(err, code, "cached root on %s", device) : 1;
	}
	if (umount(MOUNTED) < 0)
		umount2(MOUNTED, MNT_DETACH);
out:
	free(device);
	free(file);
	return code;
}

static bool
is_state(const char *name)
{
	char *path = str_format("/sys/class/block/%s/uevent", name);
	char *text = NULL;
	struct err err;
	bool is = file_read(AT_FDCWD, path, &text, NULL, &err) == 0 && cache_is_state(text);

	free(path);
	free(text);
	return is;
}

int
cache_take(const struct blob_target *target, struct modules *modules, struct err *err)
{
	DIR *dir = opendir("/sys/class/block");
	int code = 0;

	if (dir == NULL)
		return 0;	/* a kernel without disks */
	for (struct dirent *entry; code != 1 && (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] != '.' && is_state(entry->d_name)) {
			int one = take_from(entry->d_name, target, modules, err);
			code = one != 0 ? one : code;
		}
	}
	closedir(dir);
	return code;
}
