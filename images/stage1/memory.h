#ifndef STAGE1_MEMORY_H
#define STAGE1_MEMORY_H

#include <stdint.h>

#include "lib/err.h"

#define MEMORY_MIB (UINT64_C(1) << 20)
#define MEMORY_BESIDE (600 * MEMORY_MIB)	/* what a system needs beside its root in RAM */

/* MemTotal of /proc/meminfo's text, bytes; -EINVAL when it has none. */
int memory_parse(uint64_t *ret, const char *meminfo, struct err *err);

/* 0 if a root of `size` bytes fits into a machine of `total` bytes; else -ENOMEM and the sentence
 * «memory M MiB, needs N MiB» (M rounded down, N up). */
int memory_check(uint64_t total, uint64_t size, struct err *err);

/* Limits of the two RAM file systems, bytes: /run, which holds the root, and the overlay. */
uint64_t memory_run_limit(uint64_t total, uint64_t size);
uint64_t memory_overlay_limit(uint64_t total, uint64_t size);

#endif
