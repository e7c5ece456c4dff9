/*
 * The parts of images: bytes named by their SHA-256.  They come in under a name of their own and
 * are renamed when all of them are there, on the disk, and have the right digest.
 */
#include "sitedir/parts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/hex.h"
#include "lib/str.h"

#define RESERVE (256 << 20)	/* bytes of the disk that images leave free */
#define INCOMING ".incoming"	/* the one part that is on its way in; the lock makes it one */

enum { PIECE = 1 << 20 };

static void
tell(const struct store_watch *watch, const struct image_part *part, uint64_t done)
{
	if (watch)
		watch->moved(watch->arg, part, done);
}

/* Reads `from` to its end, into `to` unless that is -1; the digest must be the part's. */
static int
part_pass(int from, int to, const struct image_part *part, const struct store_watch *watch,
	  struct err *err)
{
	struct sha256 *sum = sha256_new();
	char digest[SHA256_TEXT];
	char *piece = mem_new(PIECE);
	uint64_t done = 0;
	ssize_t got;
	int r = 0;

	while (r == 0 && (got = read(from, piece, PIECE)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			r = err_errno(err, -errno, "cannot read part %s", part->part);
			break;
		}
		sha256_add(sum, piece, (size_t)got);
		done += (uint64_t)got;
		if (to >= 0)
			r = file_write_all(to, piece, (size_t)got);
		if (r < 0)
			err_errno(err, r, "cannot write part %s to the store", part->part);
		tell(watch, part, done);
	}
	sha256_end(sum, digest);
	free(piece);
	if (r < 0)
		return r;
	if (done != part->size)
		return err_set(err, -EBADMSG,
			       "part %s (%s) has %" PRIu64 " bytes, the manifest says %" PRIu64,
			       part->part, site_arch_name(part->arch), done, part->size);
	if (strcmp(digest, part->sha256) != 0)
		return err_set(err, -EBADMSG,
			       "part %s (%s) is damaged: its digest is %.12s…, the manifest says "
			       "%.12s…",
			       part->part, site_arch_name(part->arch), digest, part->sha256);
	return 0;
}

/* The part's file; `flags` are those of file_open(). */
static int
part_open(int dirfd, const char *path, int flags, const struct image_part *part, struct err *err)
{
	int fd = file_open(dirfd, path, flags, err);

	return fd >= 0 ? fd : err_wrap(err, fd, "part %s (%s)", part->part,
				       site_arch_name(part->arch));
}

static int
part_copy(int dirfd, int folder, const struct image_part *part, const struct store_watch *watch,
	  struct err *err)
{
	char *path = str_format("store/sha256/%s", part->sha256);
	int from, to = -1, r;

	from = r = part_open(folder, part->sha256, 0, part, err);
	if (r < 0)
		goto free_path;
	to = openat(dirfd, "store/sha256/" INCOMING,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to < 0) {
		r = err_errno(err, -errno, "cannot write to store/sha256");
		goto close_from;
	}
	r = part_pass(from, to, part, watch, err);
	if (r == 0 && (fchmod(to, 0444) < 0 || fsync(to) < 0 ||
		       renameat(dirfd, "store/sha256/" INCOMING, dirfd, path) < 0))
		r = err_errno(err, -errno, "cannot write %s", path);
	if (r < 0)
		unlinkat(dirfd, "store/sha256/" INCOMING, 0);
	close(to);
close_from:
	close(from);
free_path:
	free(path);
	return r;
}

/* There, with the right size. */
static bool
part_there(int dirfd, const struct image_part *part)
{
	char *path = str_format("store/sha256/%s", part->sha256);
	struct stat st;
	bool there = fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		     S_ISREG(st.st_mode) && (uint64_t)st.st_size == part->size;

	free(path);
	return there;
}

/* Reads the part that is in the store; 0 if it is whole. */
static int
part_verify(int dirfd, const struct image_part *part, const struct store_watch *watch,
	    struct err *err)
{
	char *path = str_format("store/sha256/%s", part->sha256);
	int fd = part_open(dirfd, path, O_NOFOLLOW, part, err), r;

	free(path);
	if (fd < 0)
		return fd;
	r = part_pass(fd, -1, part, watch, err);
	close(fd);
	return r;
}

/* Does an earlier part of the image have the same bytes? */
static bool
is_again(const struct image *image, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(image->parts[i].sha256, image->parts[at].sha256) == 0)
			return true;
	return false;
}

/* Bytes of the parts that are not there yet. */
static uint64_t
missing(int dirfd, const struct image *image)
{
	uint64_t need = 0;

	for (size_t i = 0; i < image->nparts; i++)
		if (!is_again(image, i) && !part_there(dirfd, &image->parts[i]))
			need += image->parts[i].size;
	return need;
}

/* Is there room for what is missing?  One sentence now instead of a full disk later: the database
 * lies on the same disk as a rule, and a machine's boot cannot be remembered on a full one. */
static int
room_check(int dirfd, const struct image *image, struct err *err)
{
	int fd = openat(dirfd, "store/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t need = missing(dirfd, image), room;
	struct statvfs fs;

	if (fd < 0)
		return err_errno(err, -errno, "cannot open store/sha256");
	if (fstatvfs(fd, &fs) < 0) {
		close(fd);
		return 0;
	}
	close(fd);
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (need == 0 || need + (need >> 6) + RESERVE <= room)
		return 0;
	return err_set(err, -ENOSPC, "the image needs %" PRIu64 " MiB in the store; %" PRIu64
		       " MiB are free, of which %d are kept for the database: make room, for one "
		       "with `bootserver image rm`", (need >> 20) + 1, room >> 20,
		       RESERVE >> 20);
}

/* Bytes of all parts that are there. */
static int
parts_size(int dirfd, uint64_t *ret, struct err *err)
{
	int fd = openat(dirfd, "store/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct stat st;

	if (!dir)
		return err_errno(err, -errno, "cannot read store/sha256");
	*ret = 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		if (hex_is_sha256(entry->d_name) &&
		    fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			*ret += (uint64_t)st.st_size;
	closedir(dir);
	return 0;
}

int
parts_fit(int dirfd, const struct image *image, uint64_t limit, struct err *err)
{
	uint64_t need = missing(dirfd, image), have = 0;
	int r = parts_size(dirfd, &have, err);

	if (r < 0 || need == 0 || have + need <= limit)
		return r;
	return err_set(err, -ENOSPC, "the image needs %" PRIu64 " MiB, the store holds %" PRIu64
		       " MiB, and server.store-limit is %" PRIu64 " MiB: remove a generation with "
		       "`bootserver image rm`, or raise the limit", (need >> 20) + 1, have >> 20,
		       limit >> 20);
}

static int
sync_parts(int dirfd, struct err *err)
{
	int fd = openat(dirfd, "store/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 || fsync(fd) < 0 ? err_errno(err, -errno, "cannot write store/sha256") : 0;

	if (fd >= 0)
		close(fd);
	return r;
}

int
parts_bring_in(int dirfd, int folder, const struct image *image, const struct store_watch *watch,
	       struct err *err)
{
	int r = room_check(dirfd, image, err);
	struct err damage;

	for (size_t i = 0; r == 0 && i < image->nparts; i++) {
		const struct image_part *part = &image->parts[i];

		if (!part_there(dirfd, part) || part_verify(dirfd, part, watch, &damage) < 0)
			r = part_copy(dirfd, folder, part, watch, err);
	}
	return r < 0 ? r : sync_parts(dirfd, err);
}

int
store_verify(int dirfd, const struct image *image, const struct store_watch *watch, struct err *err)
{
	int r = 0;

	if (image->fault)
		return err_set(err, -EBADMSG, "%s", image->fault);
	for (size_t i = 0; r == 0 && i < image->nparts; i++)
		r = part_verify(dirfd, &image->parts[i], watch, err);
	return r;
}

/* Manifests nobody trusts any more still name their parts; an unreadable one names none. */
static bool
all_known(const struct images *images)
{
	for (size_t i = 0; i < images->count; i++)
		if (images->items[i].nparts == 0)
			return false;
	return true;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Digests of all parts in use, sorted; borrowed texts. */
static const char **
parts_used(const struct images *images, size_t *ret_count)
{
	const char **used;
	size_t count = 0;

	for (size_t i = 0; i < images->count; i++)
		count += images->items[i].nparts;
	used = mem_new(count * sizeof(*used));
	count = 0;
	for (size_t i = 0; i < images->count; i++)
		for (size_t j = 0; j < images->items[i].nparts; j++)
			used[count++] = images->items[i].parts[j].sha256;
	qsort(used, count, sizeof(*used), by_text);
	*ret_count = count;
	return used;
}

int
parts_collect(int dirfd, const struct images *images, uint64_t *ret_freed, struct err *err)
{
	const char **used;
	size_t count;
	int fd;
	DIR *dir;

	*ret_freed = 0;
	if (!all_known(images))
		return 0;
	fd = openat(dirfd, "store/sha256", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_errno(err, -errno, "cannot read store/sha256");
	used = parts_used(images, &count);
	for (struct dirent *entry; (entry = readdir(dir));) {
		const char *name = entry->d_name;
		struct stat st;

		if (strcmp(name, INCOMING) != 0 &&
		    (!hex_is_sha256(name) || bsearch(&name, used, count, sizeof(*used), by_text)))
			continue;
		if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && unlinkat(fd, name, 0) == 0)
			*ret_freed += (uint64_t)st.st_size;
	}
	free(used);
	closedir(dir);
	return 0;
}
