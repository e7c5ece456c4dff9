/* Mounts the state partition and binds its folders: see mounts.h. */
#include "cloud-init/agent/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <stdlib.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/str.h"

#define FSCK_MS 300000
#define FLUSH_MS 30000
#define CONTAINERD "/var/lib/containerd"

/* Folder on the state partition, its place in the root, mode when it is made.  Not /var/lib/cloud:
 * it says what cloud-init has done to this root already, and the root is new with every boot. */
static const struct bind {
	const char *kept, *place;
	mode_t mode;
} binds[] = {
	{ "containerd", CONTAINERD, 0711 },
	{ "kubelet", "/var/lib/kubelet", 0750 },
	{ "etcd", "/var/lib/etcd", 0700 },
	{ "kubernetes", "/etc/kubernetes", 0755 },
	{ "rook", "/var/lib/rook", 0755 },
	{ "pod-logs", "/var/log/pods", 0750 },	/* 50 MB a container: more than memory has */
};

/* Folders that stay where they are. */
static const struct bind folders[] = {
	{ "key", NULL, 0700 },
	{ "ssh", NULL, 0700 },
	{ "journal", NULL, 02755 },
	{ "image-cache", NULL, 0755 },
};

int
mounts_hold(const char *disk, struct err *err)
{
	char device[WHERE_MAX];
	int fd = open(where(device, "/dev/%s", disk), O_RDONLY | O_CLOEXEC), r;

	if (fd < 0)
		return err_errno(err, -errno, "cannot open %s", device);
	do
		r = flock(fd, LOCK_EX);
	while (r < 0 && errno == EINTR);
	if (r < 0) {
		r = err_errno(err, -errno, "cannot lock %s", device);
		close(fd);
		return r;
	}
	return fd;
}

static int
fsck(const char *device, struct err *err)
{
	const char *argv[] = { "e2fsck", "-p", device, NULL };
	char *out = NULL;
	int r = child_run(argv, FSCK_MS, NULL, err);

	if (r == -ENOENT)
		return 0;	/* recipe tiny: the kernel replays the journal */
	if (r > 1) {		/* nobody is there to answer questions */
		argv[1] = "-y";
		r = child_run(argv, FSCK_MS, &out, err);
	}
	/* 0: clean; 1: mended; e2fsck(8) */
	if (r > 1)
		r = err_set(err, -EIO, "e2fsck cannot mend %s (status %d): %s", device, r,
			    child_last_line(out));
	free(out);
	return r < 0 ? r : 0;
}

bool
mounts_is(const char *place)
{
	char path[WHERE_MAX], above[WHERE_MAX];
	struct stat a, b;

	return stat(where(path, "%s", place), &a) == 0 &&
	       stat(where(above, "%s/..", place), &b) == 0 && a.st_dev != b.st_dev;
}

int
mounts_state(const char *part, struct err *err)
{
	char device[WHERE_MAX], path[WHERE_MAX];
	int r;

	if (mounts_is(WHERE_STATE))
		return 0;
	where(device, "/dev/%s", part);
	r = file_mkdirs(AT_FDCWD, where(path, WHERE_STATE), 0755, err);
	if (r == 0)
		r = fsck(device, err);
	if (r < 0)
		return r;
	if (mount(device, path, "ext4", MS_NOATIME, NULL) < 0)
		return err_errno(err, -errno, "cannot mount %s", device);
	return 0;
}

static int
make_folder(const char *name, mode_t mode, char ret[WHERE_MAX], struct err *err)
{
	int r;

	where(ret, WHERE_STATE "/%s", name);
	r = file_mkdirs(AT_FDCWD, ret, mode, err);
	if (r == 0 && chmod(ret, mode) < 0)
		r = err_errno(err, -errno, "cannot set the mode of %s", ret);
	return r;
}

static int
bind_one(const char *from, const char *place, mode_t mode, struct err *err)
{
	char to[WHERE_MAX];
	struct stat a, b;
	int r;

	r = file_mkdirs(AT_FDCWD, where(to, "%s", place), mode, err);
	if (r < 0)
		return r;
	if (stat(from, &a) == 0 && stat(to, &b) == 0 && a.st_dev == b.st_dev &&
	    a.st_ino == b.st_ino)
		return 0;
	if (mount(from, to, NULL, MS_BIND, NULL) < 0)
		return err_errno(err, -errno, "cannot bind %s to %s", from, to);
	return 0;
}

/* journald writes into a folder named by the machine-id that it started with, journalctl reads the
 * one named by /etc/machine-id: both are the kept one. */
static int
bind_journal(const char *from, struct err *err)
{
	char *ids[] = { where_text("/etc/machine-id"), where_text(WHERE_STATE "/machine-id") };
	char *place;
	int r = 0;

	for (size_t i = 0; i < sizeof(ids) / sizeof(*ids); i++) {
		if (r == 0 && ids[i] && strlen(ids[i]) == 32 && where_systemd()) {
			place = str_format("/var/log/journal/%s", ids[i]);
			r = bind_one(from, place, 02755, err);
			free(place);
		}
		free(ids[i]);
	}
	return r;
}

/* journald may have looked for its folder before it was there: let it look again. */
static void
flush_journal(void)
{
	const char *argv[] = { "journalctl", "--flush", NULL };
	char path[WHERE_MAX];
	struct err ignored;

	if (!where_systemd())
		return;
	unlink(where(path, "/run/systemd/journal/flushed"));
	child_run(argv, FLUSH_MS, NULL, &ignored);
}

int
mounts_ram(struct err *err)
{
	char path[WHERE_MAX];
	int r;

	if (!where_systemd() || mounts_is(CONTAINERD))
		return 0;	/* recipe tiny runs no containers */
	r = file_mkdirs(AT_FDCWD, where(path, CONTAINERD), 0711, err);
	if (r == 0 && mount("tmpfs", path, "tmpfs", 0, "mode=0711,size=75%") < 0)
		r = err_errno(err, -errno, "cannot mount memory at %s", path);
	return r;
}

int
mounts_bind(struct err *err)
{
	char from[WHERE_MAX];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(*folders); i++)
		r = make_folder(folders[i].kept, folders[i].mode, from, err);
	for (size_t i = 0; r == 0 && i < sizeof(binds) / sizeof(*binds); i++) {
		r = make_folder(binds[i].kept, binds[i].mode, from, err);
		if (r == 0)
			r = bind_one(from, binds[i].place, binds[i].mode, err);
	}
	if (r == 0)
		r = bind_journal(where(from, WHERE_STATE "/journal"), err);
	if (r == 0)
		flush_journal();
	return r;
}
