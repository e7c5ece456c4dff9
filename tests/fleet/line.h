#ifndef FLEET_LINE_H
#define FLEET_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/card.h"
#include "tests/fleet/scenario.h"

/*
 * What lies between the wire and a machine's card: frames are lost, late, in another order; the
 * card has a ring that the machine empties at its own speed.  The ring is reckoned by the time at
 * which the kernel had each frame and by the rate of the machine's link, not by when this process
 * came to look, so a busy host does not overrun it.
 */

#define LINE_RING 512		/* the most that `ring` may be */

struct line {
	const struct scenario *scenario;
	struct card *card;
	uint64_t chance;	/* its own, so that machines do not move each other's luck */
	int64_t arrived_ns, emptied_ns;
	int64_t ring[LINE_RING];	/* when each frame in it will have been taken out */
	uint32_t first, held;
	bool stopped;
	uint32_t lost, overruns, late;
};

void line_init(struct line *line, const struct scenario *scenario, struct card *card,
	       uint64_t seed);

/* Power was off: what had stopped runs again. */
void line_reset(struct line *line);

/* Would this frame find room in the ring?  Pure but for the line's own state. */
bool line_takes(struct line *line, int64_t at_ns, size_t len);

#endif
