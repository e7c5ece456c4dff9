#ifndef LIB_RETRY_H
#define LIB_RETRY_H

#include <stdbool.h>
#include <stdint.h>

/* What is done after something went wrong, as tables. */

/* 1, 2, 4 … s and 30 s at most for the `nth` failure in a row (from 1), moved by up to a quarter
 * either way by `spice`, so that a rack does not knock as one. */
int64_t retry_backoff_ms(unsigned nth, uint8_t spice);

/* How one transfer of a blob ended. */
enum fetch_event {
	FETCH_ALL,		/* all bytes, digest right */
	FETCH_BROKEN,		/* no connection, or it broke: what came is kept */
	FETCH_BUSY,		/* 503: the server's queue says later */
	FETCH_REFUSED,		/* another status: the server has no such blob for us */
	FETCH_WRONG,		/* other bytes than the digest says */
	FETCH_LOCAL,		/* we could not write */
	FETCH_EVENTS
};

enum fetch_act {
	FETCH_DONE,
	FETCH_RESUME,		/* wait, then go on where it broke */
	FETCH_ANEW,		/* wait, then from the first byte */
	FETCH_FAIL
};

struct retry {
	unsigned in_row[FETCH_EVENTS];	/* how often since bytes last came */
	unsigned wrong;			/* over the whole life */
};

struct retry_next {
	enum fetch_act act;
	int64_t wait_ms;
};

/* One event into the table.  `moved`: bytes came since the last event.  `after_s`: the server's
 * Retry-After, 0 when it gave none (then the backoff), cut to 5 minutes. */
struct retry_next retry_fetch(struct retry *retry, enum fetch_event event, bool moved,
			      int64_t after_s, uint8_t spice);

#endif
