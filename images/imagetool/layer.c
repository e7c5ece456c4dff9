/* A folder as a layer of a container image: see layer.h. */
#include "images/imagetool/layer.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"

#define PIECE (1024 * 1024)

/* One layer being written. */
struct layer {
	struct archive *tar, *disk;
	struct store_new *blob;
	const char *root;
	time_t mtime;
	char *piece;
	struct err *err;
};

static int tree_add(struct layer *l, const char *path);

static ssize_t
on_write(struct archive *tar, void *data, const void *bytes, size_t len)
{
	struct layer *l = data;
	(void)tar;

	return store_new_add(l->blob, bytes, len, l->err) < 0 ? -1 : (ssize_t)len;
}

static int
failed(struct layer *l, struct archive *archive, const char *path)
{
	const char *why = archive_error_string(archive);

	return err_set(l->err, -EIO, "%s: %s", path, why ? why : "cannot be archived");
}

static int
data_add(struct layer *l, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len;
	int r = 0;

	if (fd < 0)
		return err_errno(l->err, -errno, "cannot open %s", path);
	while (r == 0 && (len = read(fd, l->piece, PIECE)) != 0) {
		if (len < 0)
			r = err_errno(l->err, -errno, "cannot read %s", path);
		else if (archive_write_data(l->tar, l->piece, (size_t)len) != len)
			r = failed(l, l->tar, path);
	}
	close(fd);
	return r;
}

/* What differs between two makings of the same tree, or between hosts, is left out. */
static void
plain(struct archive_entry *entry, time_t mtime)
{
	archive_entry_unset_atime(entry);
	archive_entry_unset_ctime(entry);
	archive_entry_unset_birthtime(entry);
	archive_entry_set_mtime(entry, mtime, 0);
	archive_entry_set_uname(entry, NULL);
	archive_entry_set_gname(entry, NULL);
	archive_entry_set_dev(entry, 0);
	archive_entry_set_ino(entry, 0);
	archive_entry_set_nlink(entry, 1);
	archive_entry_set_fflags(entry, 0, 0);
	archive_entry_acl_clear(entry);
	archive_entry_sparse_clear(entry);
}

/* `path` from the root of the layer, without a slash before it. */
static int
entry_add(struct layer *l, const char *path)
{
	struct archive_entry *entry = archive_entry_new();
	char *full = str_format("%s/%s", l->root, path);
	int type, r = 0;

	archive_entry_copy_sourcepath(entry, full);
	archive_entry_copy_pathname(entry, path);
	if (archive_read_disk_entry_from_file(l->disk, entry, -1, NULL) != ARCHIVE_OK)
		r = failed(l, l->disk, full);
	type = archive_entry_filetype(entry);
	plain(entry, l->mtime);
	if (r == 0 && archive_write_header(l->tar, entry) != ARCHIVE_OK)
		r = failed(l, l->tar, full);
	if (r == 0 && type == AE_IFREG)
		r = data_add(l, full);
	if (r == 0 && type == AE_IFDIR)
		r = tree_add(l, path);
	free(full);
	archive_entry_free(entry);
	return r;
}

static int
by_byte(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int
no_dots(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* All that is in a folder; "" is the root of the layer. */
static int
tree_add(struct layer *l, const char *path)
{
	char *full = str_format("%s/%s", l->root, path);
	struct dirent **list = NULL;
	int r = 0, n = scandir(full, &list, no_dots, by_byte);

	if (n < 0)
		r = err_errno(l->err, -errno, "cannot read %s", full);
	for (int i = 0; i < n; i++) {
		char *name = str_format("%s%s%s", path, path[0] ? "/" : "", list[i]->d_name);

		if (r == 0)
			r = entry_add(l, name);
		free(name);
		free(list[i]);
	}
	free(list);
	free(full);
	return r;
}

static int
tar_write(struct layer *l)
{
	int r;

	archive_write_set_format_pax_restricted(l->tar);
	archive_write_set_bytes_per_block(l->tar, PIECE);
	archive_write_set_bytes_in_last_block(l->tar, 1);
	archive_read_disk_set_symlink_physical(l->disk);
	if (archive_write_open(l->tar, l, NULL, on_write, NULL) != ARCHIVE_OK)
		return failed(l, l->tar, l->root);
	r = tree_add(l, "");
	if (r == 0 && archive_write_close(l->tar) != ARCHIVE_OK)
		r = failed(l, l->tar, l->root);
	return r;
}

int
layer_put(int dirfd, const char *folder, time_t mtime, struct blob *ret, struct err *err)
{
	struct layer l = { .root = folder, .mtime = mtime, .err = err };
	int r = store_new_open(&l.blob, dirfd, err);

	if (r < 0)
		return r;
	l.tar = archive_write_new();
	l.disk = archive_read_disk_new();
	l.piece = mem_new(PIECE);
	r = tar_write(&l);
	archive_write_free(l.tar);
	archive_read_free(l.disk);
	free(l.piece);
	if (r == 0)
		return store_new_close(l.blob, ret, err);
	store_new_free(l.blob);
	return r;
}
