#ifndef STAGE1_MOUNTS_H
#define STAGE1_MOUNTS_H

#include <stdint.h>

#include "lib/err.h"

/* /proc, /sys, /dev, /run and the folder STAGE1_DIR; what is there already stays. */
int mounts_kernel(struct err *err);

/* /dev/pts, /dev/shm and /tmp, for a system that stays in the initrd. */
int mounts_stay(struct err *err);

/* Lets /run hold `bytes`. */
int mounts_run_limit(uint64_t bytes, struct err *err);

#endif
