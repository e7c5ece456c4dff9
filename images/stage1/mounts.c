/* The file systems without which nothing can be seen: a table, mounted in order. */
#include "images/stage1/mounts.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "images/stage1/stage1.h"

struct mount_row {
	const char *type, *path;
	unsigned long flags;
	const char *options;
};

static const struct mount_row kernel[] = {
	{ "proc", "/proc", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL },
	{ "sysfs", "/sys", MS_NOSUID | MS_NOEXEC | MS_NODEV, NULL },
	{ "devtmpfs", "/dev", MS_NOSUID, "mode=0755" },
	{ "tmpfs", "/run", MS_NOSUID | MS_NODEV, "mode=0755" },
};

static const struct mount_row stay[] = {
	{ "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC, "mode=0620,gid=5,ptmxmode=0666" },
	{ "tmpfs", "/dev/shm", MS_NOSUID | MS_NODEV, "mode=1777" },
	{ "tmpfs", "/tmp", MS_NOSUID | MS_NODEV, "mode=1777" },
};

static int
mount_rows(const struct mount_row *rows, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		mkdir(rows[i].path, 0755);
		if (mount(rows[i].type, rows[i].path, rows[i].type, rows[i].flags,
			  rows[i].options) < 0 && errno != EBUSY)
			return err_errno(err, -errno, "cannot mount %s on %s", rows[i].type,
					 rows[i].path);
	}
	return 0;
}

int
mounts_kernel(struct err *err)
{
	int ret = mount_rows(kernel, sizeof(kernel) / sizeof(kernel[0]), err);

	if (ret < 0)
		return ret;
	if (mkdir(STAGE1_DIR, 0755) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "cannot make %s", STAGE1_DIR);
	return 0;
}

int
mounts_stay(struct err *err)
{
	return mount_rows(stay, sizeof(stay) / sizeof(stay[0]), err);
}

int
mounts_run_limit(uint64_t bytes, struct err *err)
{
	char options[64];

	snprintf(options, sizeof(options), "mode=0755,size=%llu", (unsigned long long)bytes);
	if (mount("tmpfs", "/run", "tmpfs", MS_REMOUNT | MS_NOSUID | MS_NODEV, options) < 0)
		return err_errno(err, -errno, "cannot give /run %llu bytes",
				 (unsigned long long)bytes);
	return 0;
}
