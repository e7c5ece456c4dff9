/* A site directory into a tar: libarchive writes it, a crate takes it. */
#include "sitedir/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "sitedir/sources.h"

#define PIECE 65536
#define LEASE_TRIES 5

struct packer {
	const struct backup_what *what;
	struct archive *archive;
	struct crate *crate;
	uint64_t done;
	struct err *err;	/* of the crate's writes, too */
};

static la_ssize_t
on_write(struct archive *archive, void *arg, const void *data, size_t len)
{
	struct packer *p = arg;

	(void)archive;
	return crate_add(p->crate, data, len, p->err) < 0 ? ARCHIVE_FATAL : (la_ssize_t)len;
}

/* A failure of libarchive's: the crate's, if it has said one. */
static int
fault(struct packer *p, const char *path)
{
	const char *why = archive_error_string(p->archive);

	if (p->err->text[0])
		return err_wrap(p->err, -EIO, "%s", path);
	return err_set(p->err, -EIO, "%s: %s", path, why ? why : "cannot be packed");
}

static int
put_head(struct packer *p, const char *path, mode_t mode, int64_t size)
{
	struct archive_entry *entry = archive_entry_new();
	int r;

	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, mode & 0777);
	archive_entry_set_size(entry, size);
	archive_entry_set_mtime(entry, p->what->now_ms / 1000, 0);
	r = archive_write_header(p->archive, entry);
	archive_entry_free(entry);
	return r == ARCHIVE_OK ? 0 : fault(p, path);
}

static int
put_data(struct packer *p, const char *path, const void *data, size_t len)
{
	const struct backup_watch *watch = p->what->watch;

	if (archive_write_data(p->archive, data, len) != (la_ssize_t)len)
		return fault(p, path);
	p->done += len;
	if (watch)
		watch->moved(watch->arg, path, p->done);
	return 0;
}

static int
put_bytes(struct packer *p, const char *path, const void *data, size_t len)
{
	bool open = strcmp(path, "run/leases") == 0;	/* dnsmasq reads it as nobody's */
	int r = put_head(p, path, open ? 0644 : 0600, (int64_t)len);

	return r == 0 ? put_data(p, path, data, len) : r;
}

static int
copy(struct packer *p, const char *path, int fd, int64_t left)
{
	char piece[PIECE];
	int r = 0;

	while (r == 0 && left > 0) {
		ssize_t got = read(fd, piece, left < PIECE ? (size_t)left : PIECE);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return err_set(p->err, got < 0 ? -errno : -EIO, "%s: %s", path,
				       got < 0 ? strerror(errno) : "it became shorter");
		left -= got;
		r = put_data(p, path, piece, (size_t)got);
	}
	return r;
}

static int
put_file(struct packer *p, const char *path)
{
	int fd = file_open(p->what->dirfd, path, O_NOFOLLOW, p->err), r;
	struct stat st;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		r = err_errno(p->err, -errno, "%s", path);
	else
		r = put_head(p, path, st.st_mode, st.st_size);
	if (r == 0)
		r = copy(p, path, fd, st.st_size);
	close(fd);
	return r;
}

/* What file_write() was writing when somebody cut it off. */
static bool
is_wanted(const char *name)
{
	size_t len = strlen(name);

	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	       !(len > 4 && strcmp(name + len - 4, ".tmp") == 0);
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All files below a folder that may be missing, by name. */
static int
put_tree(struct packer *p, const char *folder)
{
	struct dirent **entries;
	int count = scandirat(p->what->dirfd, folder, &entries, NULL, by_bytes), r = 0;

	if (count < 0)
		return errno == ENOENT ? 0 : err_errno(p->err, -errno, "cannot read %s", folder);
	for (int i = 0; i < count; i++) {
		char *path = str_format("%s/%s", folder, entries[i]->d_name);
		struct stat st;

		if (r == 0 && is_wanted(entries[i]->d_name) &&
		    fstatat(p->what->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
			if (S_ISDIR(st.st_mode))
				r = put_tree(p, path);
			else if (S_ISREG(st.st_mode))
				r = put_file(p, path);
			else
				r = err_set(p->err, -EINVAL, "%s is neither file nor folder: a "
					    "backup would be without it", path);
		}
		free(path);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int
put_front(struct packer *p)
{
	json_t *front = json_object();
	size_t len;
	char *text;
	int r;

	json_put_num(front, "schema", 1);
	json_put_num(front, "made_ms", p->what->now_ms);
	json_put_flag(front, "images", p->what->images);
	text = json_text(front, &len);
	json_decref(front);
	r = put_bytes(p, "backup.json", text, len);
	free(text);
	return r;
}

/* dnsmasq writes this file over itself: it is whole when it is twice the same. */
static int
put_leases(struct packer *p)
{
	char *text = NULL, *again;
	size_t len = 0, again_len;
	bool same = false;
	int r = file_read(p->what->dirfd, "run/leases", &text, &len, p->err);

	for (int i = 0; r == 0 && !same && i < LEASE_TRIES; i++) {
		r = file_read(p->what->dirfd, "run/leases", &again, &again_len, p->err);
		if (r < 0)
			break;
		same = len == again_len && memcmp(text, again, len) == 0;
		free(text);
		text = again;
		len = again_len;
	}
	if (r == 0)
		r = put_bytes(p, "run/leases", text, len);
	else if (r == -ENOENT)
		r = 0;
	p->err->text[0] = '\0';
	free(text);
	return r;
}

/* The site's own manifests, which may lie anywhere in the site directory.  One that is not there is
 * left out, as it is by the server that runs (keeper/manifests.c). */
static int
put_manifests(struct packer *p)
{
	struct site_findings findings;
	struct site *site;
	int r = sitedir_load(p->what->dirfd, &site, &findings, p->err);

	site_findings_fini(&findings);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < site->kubernetes.manifests.count; i++) {
		const char *path = site->kubernetes.manifests.items[i];

		if (faccessat(p->what->dirfd, path, F_OK, 0) == 0)
			r = put_file(p, path);
	}
	site_free(site);
	return r;
}

static int
put_all(struct packer *p)
{
	const struct backup_what *what = p->what;
	int r = put_front(p);

	if (r == 0)
		r = put_tree(p, "pki");
	if (r == 0)
		r = put_tree(p, "machines.d");
	if (r == 0)
		r = put_manifests(p);
	if (r == 0 && what->database)
		r = put_bytes(p, "state/bootserver.db", what->database, what->database_len);
	if (r == 0)
		r = put_leases(p);
	if (r == 0 && what->images)
		r = put_tree(p, "store/sha256");
	if (r == 0 && what->images)
		r = put_tree(p, "store/images");
	return r == 0 ? put_file(p, "site.yaml") : r;
}

static int
pack(struct packer *p)
{
	int r;

	p->archive = archive_write_new();
	archive_write_set_format_pax_restricted(p->archive);
	archive_write_set_bytes_per_block(p->archive, PIECE);
	archive_write_set_bytes_in_last_block(p->archive, 1);
	if (archive_write_open(p->archive, p, NULL, on_write, NULL) != ARCHIVE_OK)
		r = fault(p, "the archive");
	else
		r = put_all(p);
	if (archive_write_close(p->archive) != ARCHIVE_OK && r == 0)
		r = fault(p, "the archive");
	archive_write_free(p->archive);
	return r;
}

int
backup_write(const struct backup_what *what, struct crate *crate, struct err *err)
{
	struct packer p = { .what = what, .crate = crate, .err = err };
	int store = openat(what->dirfd, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r;

	err->text[0] = '\0';
	/* no image comes or goes meanwhile (sitedir/store.c) */
	if (store >= 0 && flock(store, LOCK_SH) < 0)
		r = err_errno(err, -errno, "cannot lock the store");
	else
		r = pack(&p);
	if (r == 0)
		r = crate_end(crate, err);
	if (store >= 0)
		close(store);
	return r;
}
