#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include <stdint.h>

#include "lib/str.h"
#include "web/state.h"

/* What web counts, in Prometheus' text form (names as its guide asks: base units, _total). */

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/* One request answered; `ms` from the whole request there to the answer handed to the kernel. */
void metrics_request(struct metrics *metrics, const struct route *route, unsigned status,
		     int64_t ms);

/* Bytes that the other side has acknowledged (headers and TLS included). */
void metrics_sent(struct metrics *metrics, uint64_t bytes);

/* Somebody was told to come again for a blob; a transfer stands still. */
void metrics_sent_away(struct metrics *metrics);
void metrics_still(struct metrics *metrics);

/* One question to the engine, answered or not. */
void metrics_engine(struct metrics *metrics, int64_t ms, bool answered);

void metrics_render(const struct web *web, struct buf *out);

#endif
