#ifndef TESTS_UNIT_SITEDIR_FOLDER_H
#define TESTS_UNIT_SITEDIR_FOLDER_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A temporary folder for one test, as the working directory; removed with all that is in it. */

struct folder {
	char path[64];
};

static int
folder_unlink(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st, (void)kind, (void)where;
	return remove(path);
}

static inline int
folder_enter(void **state)
{
	struct folder *folder = calloc(1, sizeof(*folder));

	if (!folder)
		return -1;
	strcpy(folder->path, "/tmp/bootserver-test-XXXXXX");
	if (!mkdtemp(folder->path) || chdir(folder->path) < 0)
		return -1;
	*state = folder;
	return 0;
}

static inline int
folder_leave(void **state)
{
	struct folder *folder = *state;
	int r = chdir("/") < 0 ? -1 : nftw(folder->path, folder_unlink, 16, FTW_DEPTH | FTW_PHYS);

	free(folder);
	return r;
}

#endif
