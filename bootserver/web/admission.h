#ifndef WEB_ADMISSION_H
#define WEB_ADMISSION_H

#include "lib/err.h"
#include "web/state.h"

/*
 * The door to large transfers: the queue (queue.h) with connections in it.  A request that has to
 * wait is suspended (held) or answered 503 with Retry-After and Queue-Place; small answers never
 * come by here.
 */

#define ADMISSION_LARGE (1u << 20)	/* bytes of an answer that needs a slot */

int admission_open(struct web *web, struct err *err);
void admission_close(struct web *web);

enum admission {
	ADMISSION_GO,		/* to be sent now */
	ADMISSION_HELD,		/* the request is to be suspended: it will be resumed */
	ADMISSION_LATER		/* the request has another answer now: 503 */
};

/* May the transfer of this request begin?  To be asked again when the request was resumed. */
enum admission admission_ask(struct request *req);

/* The transfer is over, or never was: whoever is next gets its slot. */
void admission_leave(struct transfer *transfer);

/* The transfer stands still (its slot is given to another), or moves again. */
void admission_still(struct transfer *transfer, bool still);

/* Sends away who was held for long enough; the number of slots follows what was measured. */
void admission_tick(struct web *web, int64_t now_ms);

#endif
