/*
 * The root: EROFS in RAM, never written, under an overlay in RAM.  The kernel's direct mount of an
 * EROFS file does not take files on tmpfs (6.12), hence the loop device.
 */
#include "images/stage1/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "images/stage1/stage1.h"

#define LOWER "/lower"
#define UPPER "/upper"
#define LOOP_PATH 32

static const char *const inits[] = { "/sbin/init", "/usr/lib/systemd/systemd" };

/* A read-only loop device over `image`, which lets go of it when it is unmounted. */
static int
loop_start(const char *image, char ret[LOOP_PATH], int *ret_fd, struct err *err)
{
	struct loop_config config = {
		.block_size = 4096,
		.info = { .lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR },
	};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int file = open(image, O_RDONLY | O_CLOEXEC), loop = -1, code = 0;

	int number = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0)
		code = err_errno(err, -errno, "no loop device to be had");
	if (code == 0) {
		snprintf(ret, LOOP_PATH, "/dev/loop%d", number);
		loop = open(ret, O_RDONLY | O_CLOEXEC);
		config.fd = (uint32_t)file;
		if (file < 0 || loop < 0 || ioctl(loop, LOOP_CONFIGURE, &config) < 0)
			code = err_errno(err, -errno, "cannot set up %s over %s", ret, image);
	}
	if (control >= 0)
		close(control);
	if (file >= 0)
		close(file);
	if (code < 0 && loop >= 0)
		close(loop);
	if (code == 0)
		*ret_fd = loop;
	return code;
}

static int
mount_lower(const char *image, struct err *err)
{
	char loop[LOOP_PATH];
	int fd = -1, code = loop_start(image, loop, &fd, err);

	if (code < 0)
		return code;
	mkdir(LOWER, 0755);
	if (mount(loop, LOWER, "erofs", MS_RDONLY, NULL) < 0)
		code = err_errno(err, -errno, "cannot mount the root as erofs");
	close(fd);
	return code;
}

static int
mount_overlay(uint64_t limit, struct err *err)
{
	char options[96];

	snprintf(options, sizeof(options), "mode=0755,size=%llu", (unsigned long long)limit);
	mkdir(UPPER, 0755);
	if (mount("tmpfs", UPPER, "tmpfs", 0, options) < 0)
		return err_errno(err, -errno, "cannot mount the overlay's memory");
	if (mkdir(UPPER "/upper", 0755) < 0 || mkdir(UPPER "/work", 0755) < 0)
		return err_errno(err, -errno, "cannot make the overlay's folders");
	mkdir(STAGE1_NEWROOT, 0755);
	if (mount("overlay", STAGE1_NEWROOT, "overlay", 0,
		  "lowerdir=" LOWER ",upperdir=" UPPER "/upper,workdir=" UPPER "/work") < 0)
		return err_errno(err, -errno, "cannot mount the overlay");
	return 0;
}

static const char *
find_init(void)
{
	char path[256];

	for (size_t i = 0; i < sizeof(inits) / sizeof(inits[0]); i++) {
		struct stat st;
		snprintf(path, sizeof(path), "%s%s", STAGE1_NEWROOT, inits[i]);
		/* a link in there may lead to an absolute path: followed after chroot() */
		if (lstat(path, &st) == 0)
			return inits[i];
	}
	return NULL;
}

int
root_mount(const char *image, uint64_t limit, struct err *err)
{
	int code = mount_lower(image, err);

	if (code < 0)
		return code;
	code = mount_overlay(limit, err);
	if (code == 0 && find_init() == NULL)
		code = err_set(err, -ENOENT, "the root has no /sbin/init");
	if (code < 0) {		/* so that it can be tried again */
		umount2(STAGE1_NEWROOT, MNT_DETACH);
		umount2(UPPER, MNT_DETACH);
		umount2(LOWER, MNT_DETACH);
	}
	return code;
}

/* Deletes what lies below the folder, on its own file system only; closes `fd`. */
static void
empty(int fd, dev_t device)
{
	DIR *dir = fdopendir(fd);

	if (dir == NULL) {
		close(fd);
		return;
	}
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		struct stat st;
		const char *name = entry->d_name;
		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
		    fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_dev != device)
			continue;
		if (!S_ISDIR(st.st_mode)) {
			unlinkat(fd, name, 0);
			continue;
		}
		int sub = openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (sub >= 0)
			empty(sub, device);
		unlinkat(fd, name, AT_REMOVEDIR);
	}
	closedir(dir);
}

/* Frees the initrd's memory; nothing happens unless `fd` is the kernel's own RAM file system. */
static void
empty_initrd(int fd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) == 0 && fstat(fd, &st) == 0 &&
	    (fs.f_type == RAMFS_MAGIC || fs.f_type == TMPFS_MAGIC))
		empty(fd, st.st_dev);
	else
		close(fd);
}

static int
move_mounts(struct err *err)
{
	static const char *const moved[] = { "/dev", "/proc", "/sys", "/run" };
	char path[64];

	for (size_t i = 0; i < sizeof(moved) / sizeof(moved[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", STAGE1_NEWROOT, moved[i]);
		if (mount(moved[i], path, NULL, MS_MOVE, NULL) < 0)
			return err_errno(err, -errno, "cannot move %s into the root", moved[i]);
	}
	return 0;
}

int
root_switch(char **argv, struct err *err)
{
	const char *init = find_init();
	int old = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = move_mounts(err);

	if (code < 0)
		return code;
	if (chdir(STAGE1_NEWROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 ||
	    chroot(".") < 0 || chdir("/") < 0)
		return err_errno(err, -errno, "cannot make the root the root");
	if (init == NULL || access(init, X_OK) < 0)
		return err_set(err, -ENOENT, "the root has no %s", inits[0]);
	if (old >= 0)
		empty_initrd(old);
	argv[0] = (char *)(uintptr_t)init;
	execv(init, argv);
	return err_errno(err, -errno, "cannot start %s", init);
}
