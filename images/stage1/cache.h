#ifndef STAGE1_CACHE_H
#define STAGE1_CACHE_H

#include <stdbool.h>

#include "lib/blob.h"
#include "lib/err.h"

struct modules;

#define CACHE_LABEL "bootserver-state"	/* GPT label of the state partition */
#define CACHE_DIR "image-cache"		/* folder there; files are named by their SHA-256 */

/* True if a partition's uevent text (/sys/class/block/X/uevent) names a state partition. */
bool cache_is_state(const char *uevent);

/* Copies `source` to target->path if it has the right digest; else -EBADMSG, -EIO … and no file. */
int cache_copy(const char *source, const struct blob_target *target, struct err *err);

/* Looks on the state partitions of the disks that are there (mounted read-only meanwhile, without
 * replaying a journal).  1: target->path is there; 0: no partition has it; negative: one has it but
 * it cannot be used, with the reason. */
int cache_take(const struct blob_target *target, struct modules *modules, struct err *err);

#endif
