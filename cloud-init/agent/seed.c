/* containerd's folder made from the parts: see seed.h. */
#include "cloud-init/agent/seed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/str.h"

#define FOLDER "/var/lib/containerd"
#define STAMP FOLDER "/.bootserver-seed"
#define CONTENT FOLDER "/io.containerd.content.v1.content/blobs/sha256"
#define OVERLAY FOLDER "/io.containerd.snapshotter.v1.overlayfs"
#define META FOLDER "/io.containerd.metadata.v1.bolt"

/* The folders that containerd would make, with its modes. */
static const struct {
	const char *path;
	mode_t mode;
} folders[] = {
	{ FOLDER "/io.containerd.content.v1.content/ingest", 0755 },
	{ CONTENT, 0755 },
	{ META, 0711 },
	{ OVERLAY "/snapshots", 0700 },
};

/* A database of the last part, and its place. */
static const struct {
	const char *from, *to;
} databases[] = {
	{ "meta.db", META "/meta.db" },
	{ "snapshots.db", OVERLAY "/metadata.db" },
};

/* What the folder is seeded from: the caller frees. */
static char *
stamp_of(const struct part *parts, size_t count)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < count; i++)
		buf_format(&text, "%s%s %s", i > 0 ? "\n" : "", parts[i].name, parts[i].sha256);
	return text.text;
}

bool
seed_is(void)
{
	return where_is(STAMP);
}

bool
seed_needed(const struct part *parts, size_t count)
{
	char *wanted = stamp_of(parts, count), *there = where_text(STAMP);
	bool same = there && str_eq(wanted, there);

	free(there);
	free(wanted);
	return !same;
}

static int
empty(struct err *err)
{
	char path[WHERE_MAX];
	int r;

	unlink(where(path, STAMP));
	r = file_empty(where(path, FOLDER), err);
	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(*folders); i++) {
		r = file_mkdirs(AT_FDCWD, where(path, "%s", folders[i].path), 0755, err);
		if (r == 0 && chmod(path, folders[i].mode) < 0)
			r = err_errno(err, -errno, "cannot set the mode of %s", path);
	}
	return r;
}

static int
copy(const char *from, const char *to, struct err *err)
{
	char path[WHERE_MAX], *data;
	size_t len;
	int r;

	r = file_read(AT_FDCWD, where(path, "%s", from), &data, &len, err);
	if (r < 0)
		return r;
	r = file_write((struct file_new){ AT_FDCWD, where(path, "%s", to), 0600 }, data, len, err);
	free(data);
	return r;
}

static int
link_to(const char *from, const char *to, struct err *err)
{
	char path[WHERE_MAX];

	if (symlink(from, where(path, "%s", to)) < 0)
		return err_errno(err, -errno, "cannot make the link %s", to);
	return 0;
}

/*
 * Folders of each part, and how what is in them comes to its place.  Contents are small (the
 * layers' are left out) and must be there when containerd starts, or it forgets the images; layers
 * are needed with the first container.
 */
static const struct folder {
	const char *from, *to;
	int (*put)(const char *from, const char *to, struct err *err);
} each[] = {
	{ "content/blobs/sha256", CONTENT, copy },
	{ "snapshots", OVERLAY "/snapshots", link_to },
};

/* All that is in one of these folders; a part without it has nothing there. */
static int
put_all(const struct part *part, const struct folder *folder, struct err *err)
{
	char path[WHERE_MAX], *from, *to;
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	dir = opendir(where(path, WHERE_RUN "/%s/containerd/%s", part->name, folder->from));
	while (dir && r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		from = str_format(WHERE_RUN "/%s/containerd/%s/%s", part->name, folder->from,
				  entry->d_name);
		to = str_format("%s/%s", folder->to, entry->d_name);
		r = folder->put(from, to, err);
		free(from);
		free(to);
	}
	if (dir)
		closedir(dir);
	return r;
}

/* The last part's databases. */
static int
put_databases(const struct part *part, struct err *err)
{
	char from[128];
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(databases) / sizeof(*databases); i++) {
		snprintf(from, sizeof(from), WHERE_RUN "/%s/containerd/%s", part->name,
			 databases[i].from);
		r = copy(from, databases[i].to, err);
	}
	return r;
}

int
seed_containerd(const struct part *parts, size_t count, struct err *err)
{
	char *stamp;
	int r;

	if (!seed_needed(parts, count))
		return 0;
	r = empty(err);
	if (r == 0 && count > 0)
		r = put_databases(&parts[count - 1], err);
	for (size_t p = 0; r == 0 && p < count; p++)
		for (size_t i = 0; r == 0 && i < sizeof(each) / sizeof(*each); i++)
			r = put_all(&parts[p], &each[i], err);
	if (r < 0)
		return r;
	stamp = stamp_of(parts, count);
	r = where_write(STAMP, 0644, stamp, err);
	free(stamp);
	return r < 0 ? r : 1;
}
