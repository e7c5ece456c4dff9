/*
 * What is done after something went wrong: the event × action table of a blob's transfer and the
 * waits between tries.  Pure: chance comes in as `spice`.
 */
#include "lib/retry.h"

#define LONGEST_MS 30000
#define AFTER_MAX_S 300

int64_t
retry_backoff_ms(unsigned nth, uint8_t spice)
{
	int64_t wait = nth > 5 ? LONGEST_MS : INT64_C(1000) << (nth > 0 ? nth - 1 : 0);

	return wait * (768 + 2 * spice) / 1024;
}

/* `most`: how often before it is a failure; 0: as often as the deadline allows. */
static const struct {
	enum fetch_act act;
	unsigned most;
} table[FETCH_EVENTS] = {
	[FETCH_ALL]	= { FETCH_DONE, 0 },
	[FETCH_BROKEN]	= { FETCH_RESUME, 0 },
	[FETCH_BUSY]	= { FETCH_RESUME, 0 },
	[FETCH_REFUSED]	= { FETCH_RESUME, 10 },
	[FETCH_WRONG]	= { FETCH_ANEW, 3 },
	[FETCH_LOCAL]	= { FETCH_FAIL, 0 },
};

struct retry_next
retry_fetch(struct retry *retry, enum fetch_event event, bool moved, int64_t after_s, uint8_t spice)
{
	struct retry_next next = { .act = table[event].act };

	for (int i = 0; moved && i < FETCH_EVENTS; i++)
		retry->in_row[i] = 0;
	unsigned nth = event == FETCH_WRONG ? ++retry->wrong : ++retry->in_row[event];
	if (table[event].most > 0 && nth >= table[event].most)
		next.act = FETCH_FAIL;
	if (next.act != FETCH_RESUME && next.act != FETCH_ANEW)
		return next;
	next.wait_ms = retry_backoff_ms(nth, spice);
	if (event == FETCH_BUSY && after_s > 0)
		next.wait_ms = (after_s < AFTER_MAX_S ? after_s : AFTER_MAX_S) * 1000;
	return next;
}
