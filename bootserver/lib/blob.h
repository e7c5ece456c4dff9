#ifndef LIB_BLOB_H
#define LIB_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/bar.h"
#include "lib/err.h"
#include "lib/sha256.h"

/* A blob that is being written: a file, the digest of what it holds so far, the progress bar. */
struct blob_target {
	const char *path;
	const char *sha256;	/* what it has to be */
	uint64_t size;		/* bytes it has to have; 0: not known */
	void (*say)(void *arg, const char *line);	/* a line for the console */
	void (*alive)(void *arg);			/* bytes moved: puts the deadline off */
	void (*wait)(void *arg, int64_t ms);
	void *arg;
};

struct blob {
	const struct blob_target *target;
	int fd;
	struct sha256 *sum;
	uint64_t got;
	struct bar bar;
};

int blob_open(struct blob *ret, const struct blob_target *target, struct err *err);

/* Another transfer goes on from here: its speed is its own. */
void blob_resume(struct blob *blob);

/* Back to the first byte. */
int blob_anew(struct blob *blob, struct err *err);

/* -EMSGSIZE when more comes than target->size, -ENOSPC … when it cannot be written. */
int blob_add(struct blob *blob, const void *data, size_t len, struct err *err);

/* Takes the digest of what came: 0 if it is the right one, else -EBADMSG.  Then only blob_anew() or
 * blob_close() may follow. */
int blob_check(struct blob *blob, struct err *err);

/* Closes; the file stays if `keep`. */
void blob_close(struct blob *blob, bool keep);

#endif
