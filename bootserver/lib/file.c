/* The door to files: see file.h. */
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/str.h"

int
file_read_fd(int fd, size_t max, char **ret, size_t *ret_len, struct err *err)
{
	struct buf buf;
	char piece[65536];
	ssize_t got;

	buf_init(&buf);
	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			int code = -errno;

			buf_fini(&buf);
			return err_errno(err, code, "cannot read");
		}
		if ((size_t)got > max - buf.len) {
			buf_fini(&buf);
			return err_set(err, -EFBIG, "is larger than %zu bytes", max);
		}
		buf_add(&buf, piece, (size_t)got);
	}
	*ret = buf.text;
	if (ret_len)
		*ret_len = buf.len;
	return 0;
}

int
file_open(int dirfd, const char *path, int flags, struct err *err)
{
	/* not to wait for whoever might write to a FIFO of that name */
	int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags), r = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		r = errno == ENXIO || errno == ENODEV ? -EINVAL : -errno;	/* open(2) */
	else if (!S_ISREG(st.st_mode))
		r = S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return err_set(err, r, "cannot open %s: %s", path,
		       r == -EINVAL ? "not a regular file" : strerror(-r));
}

int
file_read(int dirfd, const char *path, char **ret, size_t *ret_len, struct err *err)
{
	int fd = file_open(dirfd, path, 0, err), r;

	if (fd < 0)
		return fd;
	r = file_read_fd(fd, FILE_MOST, ret, ret_len, err);
	close(fd);
	return r < 0 ? err_wrap(err, r, "%s", path) : 0;
}

int
file_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t put = write(fd, at, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -errno;
		at += put;
		len -= (size_t)put;
	}
	return 0;
}

/* So that the name, too, survives a power cut. */
static int
sync_folder(int dirfd, const char *path)
{
	char *folder = str_dup(path);
	char *slash = strrchr(folder, '/');
	int fd, r = 0;

	if (slash)
		slash[slash == folder ? 1 : 0] = '\0';
	fd = openat(dirfd, slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(folder);
	if (fd < 0)
		return -errno;
	if (fsync(fd) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int
fill(int fd, mode_t mode, const void *data, size_t len)
{
	int r = file_write_all(fd, data, len);

	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r;
}

int
file_write(struct file_new to, const void *data, size_t len, struct err *err)
{
	char *temp = str_format("%s.%d.tmp", to.path, (int)getpid());
	int fd, r;

	fd = openat(to.dirfd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		r = -errno;
		goto free_temp;
	}
	r = fill(fd, to.mode, data, len);
	close(fd);
	if (r == 0 && renameat(to.dirfd, temp, to.dirfd, to.path) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(to.dirfd, temp, 0);
		goto free_temp;
	}
	r = sync_folder(to.dirfd, to.path);
free_temp:
	free(temp);
	return r < 0 ? err_errno(err, r, "cannot write %s", to.path) : 0;
}

int
file_update(struct file_new to, const void *data, size_t len, struct err *err)
{
	struct stat st;
	char *old = NULL;
	size_t old_len = 0;
	bool same;
	int r;

	same = fstatat(to.dirfd, to.path, &st, 0) == 0 && (st.st_mode & 07777) == to.mode &&
	       (size_t)st.st_size == len &&
	       file_read(to.dirfd, to.path, &old, &old_len, err) == 0 &&
	       old_len == len && memcmp(old, data, len) == 0;
	free(old);
	if (same)
		return 0;
	r = file_write(to, data, len, err);
	return r < 0 ? r : 1;
}

int
file_mkdirs(int dirfd, const char *path, mode_t mode, struct err *err)
{
	char *copy = str_dup(path);
	int r = 0;

	for (char *at = copy + 1; r == 0; at++) {
		char old = *at;

		if (old != '/' && old != '\0')
			continue;
		*at = '\0';
		if (mkdirat(dirfd, copy, mode) < 0 && errno != EEXIST)
			r = err_errno(err, -errno, "cannot make the folder %s", copy);
		*at = old;
		if (old == '\0')
			break;
	}
	free(copy);
	return r;
}

static int
drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type;
	return at->level > 0 ? remove(path) : 0;
}

int
file_empty(const char *path, struct err *err)
{
	if (nftw(path, drop, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0 || errno == ENOENT)
		return 0;
	return err_errno(err, -errno, "cannot empty %s", path);
}
