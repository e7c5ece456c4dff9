#ifndef TESTS_UNIT_GOLDEN_H
#define TESTS_UNIT_GOLDEN_H

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cmocka_all.h"

#include "lib/file.h"

/* What is rendered is what stands in the golden file.  With UPDATE=1 in the environment the file is
 * written anew: look at the difference before it is committed. */
static inline void
golden_is(const char *path, const char *text)
{
	char *golden = NULL;
	struct err err;

	if (getenv("UPDATE") != NULL &&
	    file_write((struct file_new){ AT_FDCWD, path, 0644 }, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
	if (file_read(AT_FDCWD, path, &golden, NULL, &err) != 0)
		fail_msg("%s: %s", path, err.text);
	if (strcmp(golden, text) != 0)
		fail_msg("%s is not what is rendered now:\n%s", path, text);
	free(golden);
}

#endif
