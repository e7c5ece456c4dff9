/* Keeps the root image on the state partition: see cache.h. */
#include "cloud-init/agent/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/sha256.h"
#include "lib/str.h"

#define PIECE (1 << 20)

static char kept[CACHE_KEPT][SHA256_TEXT];

void
cache_keep(const char *sha256)
{
	for (size_t i = 0; i < CACHE_KEPT; i++)
		if (!kept[i][0] || str_eq(kept[i], sha256)) {
			str_copy(kept[i], sizeof(kept[i]), sha256);
			return;
		}
}

static bool
is_kept(const char *name)
{
	for (size_t i = 0; i < CACHE_KEPT; i++)
		if (str_eq(kept[i], name))
			return true;
	return false;
}

/* Removes the oldest files beyond the `most` newest, and what a lost power left half written. */
static void
tidy(int dir, size_t most)
{
	struct dirent *entry;
	char oldest[256];
	struct timespec when = { 0 };
	struct stat st;
	size_t count;
	DIR *d;

	do {
		count = 0;
		oldest[0] = '\0';
		d = fdopendir(openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
		while (d && (entry = readdir(d))) {
			if (str_starts(entry->d_name, "new-"))
				unlinkat(dir, entry->d_name, 0);
			if (!hex_is_sha256(entry->d_name) || is_kept(entry->d_name) ||
			    fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
				continue;
			if (count++ == 0 || st.st_mtim.tv_sec < when.tv_sec) {
				when = st.st_mtim;
				str_copy(oldest, sizeof(oldest), entry->d_name);
			}
		}
		if (d)
			closedir(d);
	} while (count > most && unlinkat(dir, oldest, 0) == 0);
}

static bool
has_room(int dir, off_t size)
{
	struct statvfs fs;
	uint64_t free_bytes;

	if (fstatvfs(dir, &fs) < 0)
		return false;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	/* A tenth of the partition stays for what the machine is there for. */
	return free_bytes > (uint64_t)size + (uint64_t)fs.f_blocks * fs.f_frsize / 10;
}

static bool
make_room(int dir, off_t size)
{
	if (!has_room(dir, size))
		tidy(dir, 0);
	return has_room(dir, size);
}

bool
cache_room(const char *sha256, uint64_t size)
{
	char path[WHERE_MAX];
	int dir = open(where(path, CACHE_FOLDER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool room;

	if (dir < 0)
		return false;
	cache_keep(sha256);
	tidy(dir, CACHE_MOST);
	room = make_room(dir, (off_t)size);
	close(dir);
	return room;
}

static int
copy_pieces(int from, int to, const char *sha256, struct err *err)
{
	struct sha256 *sum = sha256_new();
	char *piece = mem_new(PIECE), text[SHA256_TEXT];
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(from, piece, PIECE)) != 0) {
		if (n < 0) {
			r = errno == EINTR ? 0 : err_errno(err, -errno, "cannot read root.erofs");
			continue;
		}
		sha256_add(sum, piece, (size_t)n);
		r = file_write_all(to, piece, (size_t)n);
		if (r < 0)
			err_errno(err, r, "cannot write to the image cache");
	}
	sha256_end(sum, text);
	free(piece);
	if (r == 0 && !str_eq(text, sha256))
		r = err_set(err, -EBADMSG, "root.erofs is not the image that was booted");
	if (r == 0 && fsync(to) < 0)
		r = err_errno(err, -errno, "cannot write to the image cache");
	return r;
}

static int
copy(int from, int dir, const char *sha256, struct err *err)
{
	char name[80];
	int to, r;

	snprintf(name, sizeof(name), "new-%s", sha256);
	to = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);
	if (to < 0)
		return err_errno(err, -errno, "cannot write to the image cache");
	r = copy_pieces(from, to, sha256, err);
	close(to);
	if (r == 0 && (renameat(dir, name, dir, sha256) < 0 || fsync(dir) < 0))
		r = err_errno(err, -errno, "cannot write to the image cache");
	if (r < 0)
		unlinkat(dir, name, 0);
	return r < 0 ? r : 1;
}

int
cache_root(const char *sha256, struct err *err)
{
	char path[WHERE_MAX];
	struct stat st;
	int from = -1, dir = -1, r = 0;

	if (!hex_is_sha256(sha256))
		return 0;
	from = open(where(path, WHERE_RUN "/root.erofs"), O_RDONLY | O_CLOEXEC);
	dir = open(where(path, CACHE_FOLDER), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (from < 0 || dir < 0 || fstat(from, &st) < 0)
		goto out;
	cache_keep(sha256);
	tidy(dir, CACHE_MOST);
	if (faccessat(dir, sha256, F_OK, 0) == 0) {
		utimensat(dir, sha256, NULL, 0);
		goto out;
	}
	if (make_room(dir, st.st_size))
		r = copy(from, dir, sha256, err);
out:
	if (from >= 0)
		close(from);
	if (dir >= 0)
		close(dir);
	return r;
}
