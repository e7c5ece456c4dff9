#ifndef CLI_TIMELINE_H
#define CLI_TIMELINE_H

#include <stdint.h>

#include <jansson.h>

#include "lib/str.h"

/* One machine for people: pure, so that it can be compared with a golden file.  Times of day are
 * local time. */

/* `machine` with its `boots`, as the API gives it. */
void timeline_machine(const json_t *machine, int64_t now_ms, struct buf *ret);

#endif
