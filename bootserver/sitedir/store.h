#ifndef SITEDIR_STORE_H
#define SITEDIR_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "sitedir/images.h"

/* The image store as it is changed.  `dirfd` is the site directory; one change at a time, others
 * wait. */

/* Told now and then while bytes move; may be NULL. */
struct store_watch {
	void (*moved)(void *arg, const struct image_part *part, uint64_t done);
	void *arg;
};

struct store_added {
	char name[64];
	int generation;
	bool known;		/* the same image was there already */
};

/*
 * Brings the built folder `folder` (a descriptor) into the store: each part is read once, its
 * digest checked on the way, then the manifest becomes the image's next generation.  A signature
 * that came with it must be one the site trusts; without one the manifest is signed by
 * pki/engine.key.  The same image again gives the generation it has, and brings back parts that are
 * gone.
 */
int store_add(int dirfd, int folder, const struct store_watch *watch, struct store_added *ret,
	      struct err *err);

/* Reads all parts of an image: 0, or -EBADMSG with what is wrong with the first bad one. */
int store_verify(int dirfd, const struct image *image, const struct store_watch *watch,
		 struct err *err);

/* Takes away parts that no image uses; *ret_freed in bytes. */
int store_collect(int dirfd, uint64_t *ret_freed, struct err *err);

/* Would the image in `folder` keep the store within `limit` bytes?  -ENOSPC with the figures. */
int store_fits(int dirfd, int folder, uint64_t limit, struct err *err);

/* Takes a generation out, and the parts that no other image uses; *ret_freed in bytes.  Its number
 * is not given again. -ENOENT when it is not there. */
int store_remove(int dirfd, const char *name, int generation, uint64_t *ret_freed, struct err *err);

#endif
