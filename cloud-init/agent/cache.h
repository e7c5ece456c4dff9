#ifndef AGENT_CACHE_H
#define AGENT_CACHE_H

#include "lib/err.h"

/*
 * Keeps the root image that has just proved good on the state partition (image-cache/<sha256>),
 * so that the next boot of the same image needs no transfer and one without the boot server is
 * possible. At most CACHE_MOST images stay, the present one among them.
 */
#define CACHE_MOST 3

/* Copies WHERE_RUN/root.erofs, checked by digest.  1: copied; 0: nothing to do (already there, no
 * root image, not enough room). */
int cache_root(const char *sha256, struct err *err);

#endif
