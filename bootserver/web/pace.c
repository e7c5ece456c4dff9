/* The pace of bytes to an iPXE: see pace.h. */
#include "web/pace.h"

#define QUIET_MS 2000		/* nothing acknowledged for so long: a stall */
#define LOST_PERCENT 2
#define LITTLE_SEGMENTS 50	/* fewer tell nothing about loss */

static uint64_t
within(uint64_t rate, uint64_t most)
{
	if (rate > most)
		rate = most;
	return rate > PACE_LEAST ? rate : PACE_LEAST;
}

void
pace_init(struct pace *ret, uint64_t remembered)
{
	ret->most = remembered ? within(remembered, PACE_MOST) : PACE_MOST;
	ret->rate = within(PACE_FIRST, ret->most);
	ret->stalled = false;
}

/* A limit that is far over what is tried at first is none. */
static void
lift(struct pace *pace, unsigned part)
{
	if (pace->most != PACE_MOST)
		pace->most += pace->most / part;
	if (pace->most >= 4 * PACE_FIRST)
		pace->most = PACE_MOST;
}

static bool
differs(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a - b : b - a;

	return more > a / 20;
}

bool
pace_step(struct pace *pace, const struct pace_seen *seen)
{
	uint64_t was = pace->rate;
	uint64_t delivered = seen->acked * 1000 / (uint64_t)seen->ms;

	if (seen->waiting && seen->quiet_ms >= QUIET_MS) {
		if (!pace->stalled)
			pace->most = pace->rate = within(pace->rate / 2, pace->most);
		pace->stalled = true;
	} else if (seen->acked == 0) {
		return false;
	} else if (seen->segments >= LITTLE_SEGMENTS &&
		   seen->lost * 100 > seen->segments * LOST_PERCENT) {
		pace->most = pace->rate;
		pace->rate = within(delivered - delivered / 10, pace->most);
	} else if (delivered * 10 >= pace->rate * 7) {
		lift(pace, 8);
		pace->rate = within(pace->rate + pace->rate / 2, pace->most);
	} else if (seen->waiting) {
		/* at most by half: it may just have begun, or begun to stand still */
		uint64_t over = delivered + delivered / 2;

		pace->rate = within(over > was / 2 ? over : was / 2, pace->most);
	}
	if (seen->acked > 0)
		pace->stalled = false;
	return differs(was, pace->rate);
}

uint64_t
pace_learnt(const struct pace *pace, bool whole)
{
	struct pace then = *pace;

	if (whole)
		lift(&then, 4);
	return then.most == PACE_MOST ? 0 : then.most;
}
