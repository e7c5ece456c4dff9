/* The pace of bytes to an iPXE: see pace.h. */
#include "web/pace.h"

#define QUIET_MS 2000		/* nothing acknowledged for so long: a stall */
#define SHORT_MS 100		/* a shorter look does not tell what a machine takes */
#define LOST_PERCENT 2
#define DEEP_SEGMENTS 128	/* more than a short ring and the wire hold */
#define LITTLE_SEGMENTS 50	/* fewer tell nothing about loss */

static uint64_t
least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t
greatest(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t
within(uint64_t rate, uint64_t most)
{
	return greatest(most ? least(rate, most) : least(rate, PACE_MOST), PACE_LEAST);
}

bool
pace_deep(const struct pace_memory *memory)
{
	return memory->deep >= PACE_SURE;
}

void
pace_init(struct pace *ret, const struct pace_memory *memory)
{
	ret->memory = *memory;
	ret->rate = within(pace_deep(memory) ? PACE_DEEP : PACE_FIRST, memory->most);
	ret->stalled = false;
}

/* A limit that is far over what is tried at first is none. */
static void
lift(struct pace_memory *memory, unsigned part)
{
	memory->most += memory->most / part;
	if (memory->most >= 4 * PACE_FIRST)
		memory->most = 0;
}

static bool
differs(uint64_t a, uint64_t b)
{
	uint64_t more = a > b ? a - b : b - a;

	return more > a / 20;
}

/* Nothing was lost.  A machine that has little time takes more in a round trip (`peak`) than in a
 * look: that leads back to the first pace and no further, for acknowledgements come in bursts. */
static void
quicken(struct pace *pace, const struct pace_seen *seen, uint64_t delivered)
{
	struct pace_memory *memory = &pace->memory;
	uint64_t takes = least(greatest(delivered, seen->peak), pace->rate);
	uint64_t over = least(delivered, pace->rate) * 3 / 2;

	if (seen->in_flight >= DEEP_SEGMENTS && !memory->stops && !pace_deep(memory))
		memory->deep++;
	if (takes * 10 >= pace->rate * 7)
		lift(memory, 8);
	over = greatest(over, pace_deep(memory) ? PACE_DEEP : least(takes * 3 / 2, PACE_FIRST));
	pace->rate = within(greatest(pace->rate, over), memory->most);
}

bool
pace_step(struct pace *pace, const struct pace_seen *seen)
{
	uint64_t was = pace->rate;
	uint64_t delivered = seen->acked * 1000 / (uint64_t)seen->ms;

	if (seen->waiting && seen->quiet_ms >= QUIET_MS) {
		if (!pace->stalled)
			pace->memory.most = pace->rate = within(was / 2, pace->memory.most);
		pace->stalled = true;
	} else if (seen->acked == 0) {
		return false;
	} else if (seen->segments >= LITTLE_SEGMENTS &&
		   seen->lost * 100 > seen->segments * LOST_PERCENT) {
		pace->memory.most = was;
		pace->memory.deep = 0;
		pace->rate = within(delivered - delivered / 10, pace->memory.most);
	} else if (seen->ms >= SHORT_MS) {
		quicken(pace, seen, delivered);
	}
	if (seen->acked > 0)
		pace->stalled = false;
	return differs(was, pace->rate);
}

struct pace_memory
pace_learnt(const struct pace *pace, bool whole)
{
	struct pace_memory then = pace->memory;

	if (whole) {
		lift(&then, 4);
	} else if (pace->stalled) {
		then.stops = then.stops || pace_deep(&then);
		then.deep = 0;
	}
	return then;
}
