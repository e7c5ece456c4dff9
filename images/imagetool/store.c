/* The blobs of an OCI image layout: see store.h. */
#include "images/imagetool/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"

#define UNNAMED "blobs/new"

struct store_new {
	int dirfd, fd;
	struct sha256 *sum;
	uint64_t size;
};

int
store_open(int *ret_dirfd, const char *path, struct err *err)
{
	char *blobs = str_format("%s/blobs/sha256", path);
	int r = file_mkdirs(AT_FDCWD, blobs, 0755, err);

	free(blobs);
	if (r < 0)
		return r;
	*ret_dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_dirfd < 0 ? err_errno(err, -errno, "cannot open %s", path) : 0;
}

int
store_new_open(struct store_new **ret, int dirfd, struct err *err)
{
	int fd = openat(dirfd, UNNAMED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0)
		return err_errno(err, -errno, "cannot write %s", UNNAMED);
	*ret = mem_new(sizeof(**ret));
	**ret = (struct store_new){ .dirfd = dirfd, .fd = fd, .sum = sha256_new() };
	return 0;
}

int
store_new_add(struct store_new *new, const void *data, size_t len, struct err *err)
{
	int r = file_write_all(new->fd, data, len);

	if (r < 0)
		return err_errno(err, r, "cannot write a blob");
	sha256_add(new->sum, data, len);
	new->size += len;
	return 0;
}

int
store_new_close(struct store_new *new, struct blob *ret, struct err *err)
{
	char hex[SHA256_TEXT], *name;
	int r = 0;

	sha256_end(new->sum, hex);
	new->sum = NULL;
	name = str_format("blobs/sha256/%s", hex);
	if (renameat(new->dirfd, UNNAMED, new->dirfd, name) < 0)
		r = err_errno(err, -errno, "cannot name %s", name);
	free(name);
	if (r == 0) {
		snprintf(ret->digest, sizeof(ret->digest), "sha256:%s", hex);
		ret->size = new->size;
	}
	store_new_free(new);
	return r;
}

void
store_new_free(struct store_new *new)
{
	if (!new)
		return;
	if (new->sum)
		sha256_end(new->sum, NULL);
	close(new->fd);
	free(new);
}

int
store_put(int dirfd, const void *data, size_t len, struct blob *ret, struct err *err)
{
	struct store_new *new;
	int r = store_new_open(&new, dirfd, err);

	if (r < 0)
		return r;
	r = store_new_add(new, data, len, err);
	if (r == 0)
		return store_new_close(new, ret, err);
	store_new_free(new);
	return r;
}
