/*
 * A backup into an empty site directory.  Only files that a site has are taken; site.yaml is kept
 * back until the crate's end was found good.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "site/terms.h"
#include "sitedir/backup.h"
#include "sitedir/pki.h"

#define MARK ".restoring"	/* is there while a restore is not whole */
#define SMALL_MOST (16 << 20)	/* bytes of site.yaml and backup.json */

struct unpacker {
	int dirfd;
	struct archive *archive;
	struct crate *crate;
	const struct backup_watch *watch;
	uint64_t done;
	char *site;		/* site.yaml, to be written at the end */
	size_t site_len;
	bool fronted;		/* backup.json was there and is one that we know */
	struct err *err;
};

static la_ssize_t
on_read(struct archive *archive, void *arg, const void **ret)
{
	struct unpacker *u = arg;
	ssize_t got = crate_take(u->crate, ret, u->err);

	(void)archive;
	return got < 0 ? ARCHIVE_FATAL : got;
}

static int
fault(struct unpacker *u, const char *path)
{
	const char *why = archive_error_string(u->archive);

	if (u->err->text[0])
		return -EBADMSG;
	return err_set(u->err, -EBADMSG, "%s: %s", path, why ? why : "cannot be read");
}

/* Where a file of a backup may go: below these, and by no way back up. */
static bool
is_ours(const char *path)
{
	static const char *const folders[] = { "pki/", "machines.d/", "state/", "run/leases",
					       "store/sha256/", "store/images/" };

	for (const char *at = path; at; at = strchr(at, '/') ? strchr(at, '/') + 1 : NULL)
		if (at[0] == '/' || at[0] == '\0' || strncmp(at, "./", 2) == 0 ||
		    strncmp(at, "../", 3) == 0 || strcmp(at, ".") == 0 || strcmp(at, "..") == 0)
			return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		if (str_starts(path, folders[i]))
			return true;
	return term_is_manifest(path);
}

/* A small file into memory. */
static int
take_small(struct unpacker *u, struct archive_entry *entry, char **ret, size_t *ret_len)
{
	const char *path = archive_entry_pathname(entry);
	int64_t size = archive_entry_size(entry);
	char *text;

	if (size < 0 || size > SMALL_MOST)
		return err_set(u->err, -EBADMSG, "%s of this backup is too large", path);
	text = mem_new((size_t)size + 1);
	if (archive_read_data(u->archive, text, (size_t)size) != size) {
		free(text);
		return fault(u, path);
	}
	free(*ret);
	*ret = text;
	*ret_len = (size_t)size;
	return 0;
}

static int
take_front(struct unpacker *u, struct archive_entry *entry)
{
	char *text = NULL;
	json_t *front = NULL;
	size_t len;
	int r = take_small(u, entry, &text, &len);

	if (r == 0)
		r = json_parse(&front, text, len, u->err);
	if (r == 0 && json_num(front, "schema", 0) != 1)
		r = err_set(u->err, -EBADMSG, "the backup is of a later version of this program");
	u->fronted = r == 0;
	json_decref(front);
	free(text);
	return r;
}

static int
copy(struct unpacker *u, const char *path, int fd)
{
	const void *data;
	la_int64_t at;
	size_t len;
	int r;

	while ((r = archive_read_data_block(u->archive, &data, &len, &at)) == ARCHIVE_OK) {
		r = file_write_all(fd, data, len);
		if (r < 0)
			return err_errno(u->err, r, "cannot write %s", path);
		u->done += len;
		if (u->watch)
			u->watch->moved(u->watch->arg, path, u->done);
	}
	return r == ARCHIVE_EOF ? 0 : fault(u, path);
}

static int
make_folder(struct unpacker *u, const char *path)
{
	char *folder = str_dup(path), *slash = strrchr(folder, '/');
	int r = 0;

	if (slash) {
		*slash = '\0';
		r = file_mkdirs(u->dirfd, folder, 0755, u->err);
	}
	free(folder);
	return r;
}

static int
take_file(struct unpacker *u, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);
	int fd, r;

	if (!is_ours(path))
		return err_set(u->err, -EBADMSG, "the backup holds %.200s, which no site has",
			       path);
	r = make_folder(u, path);
	if (r < 0)
		return r;
	/* what an interrupted restore has left */
	unlinkat(u->dirfd, path, 0);
	fd = openat(u->dirfd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return err_errno(u->err, -errno, "cannot make %s", path);
	r = copy(u, path, fd);
	if (r == 0 && fchmod(fd, archive_entry_perm(entry) & 0755) < 0)
		r = err_errno(u->err, -errno, "%s", path);
	close(fd);
	return r;
}

static int
take_entry(struct unpacker *u, struct archive_entry *entry)
{
	const char *path = archive_entry_pathname(entry);

	if (!path || archive_entry_filetype(entry) != AE_IFREG)
		return err_set(u->err, -EBADMSG, "the backup holds what is no file");
	if (!u->fronted)
		return strcmp(path, "backup.json") == 0 ? take_front(u, entry) :
		       err_set(u->err, -EBADMSG, "this is no backup of a site");
	if (strcmp(path, "site.yaml") == 0)
		return take_small(u, entry, &u->site, &u->site_len);
	return take_file(u, entry);
}

/* All entries, then the crate to its end, which only a whole one has. */
static int
take_all(struct unpacker *u)
{
	struct archive_entry *entry;
	const void *data;
	ssize_t got;
	int r;

	while ((r = archive_read_next_header(u->archive, &entry)) == ARCHIVE_OK) {
		r = take_entry(u, entry);
		if (r < 0)
			return r;
	}
	if (r != ARCHIVE_EOF)
		return fault(u, "the archive");
	while ((got = crate_take(u->crate, &data, u->err)) > 0)
		;
	if (got < 0)
		return (int)got;
	return u->site ? 0 : err_set(u->err, -EBADMSG, "the backup holds no site.yaml");
}

static int
unpack(struct unpacker *u)
{
	int r;

	u->archive = archive_read_new();
	archive_read_support_format_tar(u->archive);
	if (archive_read_open(u->archive, u, NULL, on_read, NULL) != ARCHIVE_OK)
		r = fault(u, "the archive");
	else
		r = take_all(u);
	archive_read_free(u->archive);
	return r;
}

/* site.yaml comes last: with it nothing was interrupted. */
bool
backup_is_interrupted(int dirfd)
{
	return faccessat(dirfd, MARK, F_OK, 0) == 0 &&
	       faccessat(dirfd, "site.yaml", F_OK, AT_SYMLINK_NOFOLLOW) < 0;
}

/* An empty directory, or what an interrupted restore left of one. */
static int
mark(int dirfd, struct err *err)
{
	static const char *const signs[] = { "site.yaml", "pki/ca.key", "state/bootserver.db",
					     "store/images", "machines.d" };
	size_t looked = backup_is_interrupted(dirfd) ? 0 : sizeof(signs) / sizeof(*signs);
	int fd;

	for (size_t i = 0; i < looked; i++)
		if (faccessat(dirfd, signs[i], F_OK, 0) == 0)
			return err_set(err, -EEXIST, "there is a site here already (%s): restore "
				       "into an empty folder", signs[i]);
	fd = openat(dirfd, MARK, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_errno(err, -errno, "cannot write into the site directory");
	close(fd);
	return 0;
}

int
backup_restore(int dirfd, struct crate *crate, const struct backup_watch *watch, struct err *err)
{
	struct unpacker u = { .dirfd = dirfd, .crate = crate, .watch = watch, .err = err };
	int r;

	err->text[0] = '\0';
	r = mark(dirfd, err);
	if (r == 0)
		r = sitedir_folders_ensure(dirfd, (uid_t)-1, (gid_t)-1, err);
	if (r >= 0)
		r = unpack(&u);
	if (r == 0 && syncfs(dirfd) < 0)
		r = err_errno(err, -errno, "cannot write the site directory");
	if (r == 0)
		r = file_write((struct file_new){ dirfd, "site.yaml", 0644 }, u.site, u.site_len,
			       err);
	if (r == 0)
		unlinkat(dirfd, MARK, 0);
	free(u.site);
	return r;
}
