#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

#define SHA256_TEXT 65		/* 64 hex digits and NUL */

void sha256_text(char ret[SHA256_TEXT], const void *data, size_t len);

/* Reads `fd` from its present offset to the end; *ret_size in bytes, may be NULL. */
int sha256_fd(char ret[SHA256_TEXT], int fd, uint64_t *ret_size, struct err *err);

/* For digests of data that comes in pieces. */
struct sha256;
struct sha256 *sha256_new(void);
void sha256_add(struct sha256 *sum, const void *data, size_t len);
void sha256_end(struct sha256 *sum, char ret[SHA256_TEXT]);	/* frees it; ret may be NULL */

#endif
