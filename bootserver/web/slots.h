#ifndef WEB_SLOTS_H
#define WEB_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How many large transfers may go on at once, found by trying: more of them while that brings more
 * bytes a second, fewer while that costs none.  So slow machines (iPXE takes some 10 MB/s) do not
 * leave a fast link idle, and fast ones do not share it into pieces that all end late.  Pure: one
 * step for each window of time, by what was seen in it.
 */

#define SLOTS_FIRST 8
#define SLOTS_LEAST 4
#define SLOTS_MOST 256

enum slots_try {
	SLOTS_STEADY,
	SLOTS_MORE,		/* one step up is being tried */
	SLOTS_FEWER		/* one step down */
};

struct slots {
	unsigned count;		/* now */
	unsigned before;	/* before the step that is being tried */
	enum slots_try trying;
	double rate;		/* bytes a second at `before`, or now while steady */
	unsigned settle;	/* windows until what is seen counts */
	unsigned hold;		/* windows until the next try */
	unsigned pause;		/* how long `hold` will be: grows while nothing is gained */
};

/* `fixed` is how many there are for good, 0: found by trying. */
void slots_init(struct slots *ret, unsigned fixed);

/* One window has gone by with `rate` bytes a second.  `full`: all slots were busy and somebody
 * waited the whole window long; only then it tells anything. */
void slots_step(struct slots *slots, double rate, bool full);

#endif
