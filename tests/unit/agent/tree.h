#ifndef TESTS_AGENT_TREE_H
#define TESTS_AGENT_TREE_H

/*
 * A scratch tree that stands for a machine's root, for tests of what goes through where.h.  Each
 * test program is one file and a library, so the few functions are here.
 */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"

static char tree_root[64];

/* For cmocka's setup: makes it and sets the root prefix. */
static inline int
tree_init(void **state)
{
	(void)state;
	strcpy(tree_root, "/tmp/bootserver-tree-XXXXXX");
	if (!mkdtemp(tree_root))
		return -1;
	where_root_set(tree_root);
	return 0;
}

static inline int
tree_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st, (void)type, (void)at;
	return remove(path);
}

/* For teardown: removes it whole. */
static inline int
tree_fini(void **state)
{
	(void)state;
	where_root_set("");
	return nftw(tree_root, tree_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* The folder that `path` lies in. */
static inline void
tree_folder(const char *path)
{
	char full[WHERE_MAX];
	struct err err;

	where(full, "%s", path);
	*strrchr(full, '/') = '\0';
	assert_int_equal(file_mkdirs(AT_FDCWD, full, 0755, &err), 0);
}

static inline void
tree_file(const char *path, const char *text)
{
	char full[WHERE_MAX];
	const struct file_new to = { AT_FDCWD, where(full, "%s", path), 0644 };
	struct err err;

	tree_folder(path);
	assert_int_equal(file_write(to, text, strlen(text), &err), 0);
}

static inline void
tree_link(const char *path, const char *target)
{
	char full[WHERE_MAX];

	tree_folder(path);
	assert_int_equal(symlink(target, where(full, "%s", path)), 0);
}

#endif
