#ifndef IMAGETOOL_STORE_H
#define IMAGETOOL_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/sha256.h"

/*
 * The blobs of an OCI image layout (image-layout.md of the OCI image specification): files named by
 * their SHA-256 under blobs/sha256/.  A blob of any size is written piece by piece under another
 * name first.
 */

struct blob {
	char digest[sizeof("sha256:") + SHA256_TEXT];	/* "sha256:<hex>" */
	uint64_t size;					/* bytes */
};

/* The folder of the layout; blobs/sha256 is made in it.  The descriptor is the caller's. */
int store_open(int *ret_dirfd, const char *path, struct err *err);

struct store_new;

/* One new blob: open, add …, close.  close() names it, and frees in any case. */
int store_new_open(struct store_new **ret, int dirfd, struct err *err);
int store_new_add(struct store_new *new, const void *data, size_t len, struct err *err);
int store_new_close(struct store_new *new, struct blob *ret, struct err *err);
void store_new_free(struct store_new *new);		/* drops it; NULL is fine */

/* A blob that is in memory. */
int store_put(int dirfd, const void *data, size_t len, struct blob *ret, struct err *err);

#endif
