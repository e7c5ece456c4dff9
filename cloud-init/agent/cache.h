#ifndef AGENT_CACHE_H
#define AGENT_CACHE_H

#include <stdbool.h>
#include <stdint.h>

#include "cloud-init/agent/where.h"
#include "lib/err.h"

/*
 * Files of images on the state partition, image-cache/<sha256>: the root that has just proved good,
 * so that the next boot of the same image needs no transfer and one without the boot server is
 * possible, and further parts (part.h).  Beside those in use CACHE_MOST older ones stay.
 */
#define CACHE_FOLDER WHERE_STATE "/image-cache"
#define CACHE_MOST 4
#define CACHE_KEPT 8

/* This one is in use: it stays as long as this process lives. */
void cache_keep(const char *sha256);

/* Copies WHERE_RUN/root.erofs, checked by digest.  1: copied; 0: nothing to do (already there, no
 * root image, not enough room). */
int cache_root(const char *sha256, struct err *err);

/* Makes room for a file of `size` bytes; false: there is no cache, or it cannot be had. */
bool cache_room(const char *sha256, uint64_t size);

#endif
