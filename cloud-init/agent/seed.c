/* containerd's folder made from the parts: see seed.h. */
#include "cloud-init/agent/seed.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
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

/* A folder of each part whose entries are linked to, and their place. */
static const struct {
	const char *from, *to;
} links[] = {
	{ "content/blobs/sha256", CONTENT },
	{ "snapshots", OVERLAY "/snapshots" },
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
drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type;
	return at->level > 0 ? remove(path) : 0;
}

static int
empty(struct err *err)
{
	char path[WHERE_MAX];
	int r = 0;

	unlink(where(path, STAMP));
	where(path, FOLDER);
	if (nftw(path, drop, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
		r = err_errno(err, -errno, "cannot empty %s", path);
	for (size_t i = 0; r == 0 && i < sizeof(folders) / sizeof(*folders); i++) {
		r = file_mkdirs(AT_FDCWD, where(path, "%s", folders[i].path), 0755, err);
		if (r == 0 && chmod(path, folders[i].mode) < 0)
			r = err_errno(err, -errno, "cannot set the mode of %s", path);
	}
	return r;
}

static int
copy(const struct part *part, const char *from, const char *to, struct err *err)
{
	char path[WHERE_MAX], *data;
	size_t len;
	int r;

	where(path, WHERE_RUN "/%s/containerd/%s", part->name, from);
	r = file_read(AT_FDCWD, path, &data, &len, err);
	if (r < 0)
		return r;
	r = file_write((struct file_new){ AT_FDCWD, where(path, "%s", to), 0600 }, data, len, err);
	free(data);
	return r;
}

/* Each entry of a part's folder as a link in `to`; a part without the folder has none. */
static int
link_all(const struct part *part, const char *from, const char *to, struct err *err)
{
	char source[WHERE_MAX], *target;
	struct dirent *entry;
	int r = 0, fd;
	DIR *dir;

	dir = opendir(where(source, WHERE_RUN "/%s/containerd/%s", part->name, from));
	if (!dir)
		return 0;
	fd = open(where(source, "%s", to), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		target = str_format(WHERE_RUN "/%s/containerd/%s/%s", part->name, from,
				    entry->d_name);
		if (symlinkat(target, fd, entry->d_name) < 0)
			r = err_errno(err, -errno, "cannot link %s/%s", to, entry->d_name);
		free(target);
	}
	close(fd);
	closedir(dir);
	return r;
}

int
seed_containerd(const struct part *parts, size_t count, struct err *err)
{
	char path[WHERE_MAX], *stamp;
	int r;

	if (!seed_needed(parts, count))
		return 0;
	r = empty(err);
	for (size_t i = 0; r == 0 && count > 0 && i < sizeof(databases) / sizeof(*databases); i++)
		r = copy(&parts[count - 1], databases[i].from, databases[i].to, err);
	for (size_t p = 0; r == 0 && p < count; p++)
		for (size_t i = 0; r == 0 && i < sizeof(links) / sizeof(*links); i++)
			r = link_all(&parts[p], links[i].from, links[i].to, err);
	if (r < 0)
		return r;
	stamp = stamp_of(parts, count);
	r = file_write((struct file_new){ AT_FDCWD, where(path, STAMP), 0644 }, stamp,
		       strlen(stamp), err);
	free(stamp);
	return r < 0 ? r : 1;
}
