#ifndef SITEDIR_PARTS_H
#define SITEDIR_PARTS_H

#include "sitedir/store.h"

/* The parts themselves: store/sha256/<hex>, mode 0444, never changed.  The store is locked. */

/* Copies the parts that are not there yet, or are damaged, from the folder, where they are named by
 * their digests.  On failure those that came in before stay: parts_collect(). */
int parts_bring_in(int dirfd, int folder, const struct image *image,
		   const struct store_watch *watch, struct err *err);

/* Would the parts that are not there yet keep the store within `limit` bytes?  -ENOSPC if not. */
int parts_fit(int dirfd, const struct image *image, uint64_t limit, struct err *err);

/* Removes what no image of the list uses.  Nothing is removed while a manifest cannot be read, for
 * its parts are not known: *ret_freed is then 0. */
int parts_collect(int dirfd, const struct images *images, uint64_t *ret_freed, struct err *err);

#endif
