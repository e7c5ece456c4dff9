#ifndef LIB_FETCH_H
#define LIB_FETCH_H

#include "lib/blob.h"
#include "lib/err.h"

/* Fetches `url` into target->path: goes on by Range where a connection broke, waits where the
 * server's queue says so (503, Retry-After), and takes nothing but the bytes of the digest.  0 with
 * the whole file there; else negative, and no file.  A dead server is tried again without end: a
 * deadline is the caller's business. */
int fetch_blob(const char *url, const struct blob_target *target, struct err *err);

#endif
