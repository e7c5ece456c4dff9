#ifndef STAGE1_FETCH_H
#define STAGE1_FETCH_H

#include "images/stage1/blob.h"
#include "lib/err.h"

/* Fetches `url` into target->path: goes on by Range where a connection broke, waits where the
 * server's queue says so (503, Retry-After), and takes nothing but the bytes of the digest.  0 with
 * the whole file there; else negative, and no file.  A dead server is tried again without end: the
 * deadline of stage 1 ends that. */
int fetch_blob(const char *url, const struct blob_target *target, struct err *err);

#endif
