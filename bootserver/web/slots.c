/* The number of slots, found by trying: see slots.h. */
#include "web/slots.h"

#define SETTLE 1		/* windows after a step: old transfers end, new ones gain speed */
#define PAUSE_LEAST 8
#define PAUSE_MOST 64
#define NONE_LOST 0.97		/* of the rate, with fewer slots: as good as before */
#define MEMORY 0.75		/* of the former rate in the next one, while steady */

void
slots_init(struct slots *ret, unsigned fixed)
{
	*ret = (struct slots){ .count = fixed ? fixed : SLOTS_FIRST, .pause = PAUSE_LEAST };
	ret->before = fixed ? 0 : ret->count;	/* 0: nothing is tried */
}

static unsigned
step_of(unsigned count)
{
	return count / 4 > 0 ? count / 4 : 1;
}

static void
go_to(struct slots *slots, enum slots_try trying, unsigned count)
{
	slots->before = slots->count;
	slots->count = count;
	slots->trying = trying;
	slots->settle = SETTLE;
}

static void
try_fewer(struct slots *slots)
{
	unsigned step = step_of(slots->count);

	if (slots->count >= SLOTS_LEAST + step)
		go_to(slots, SLOTS_FEWER, slots->count - step);
	else
		slots->trying = SLOTS_STEADY;
}

static void
try_more(struct slots *slots)
{
	unsigned count = slots->count + step_of(slots->count);

	if (slots->count >= SLOTS_MOST)
		try_fewer(slots);
	else
		go_to(slots, SLOTS_MORE, count < SLOTS_MOST ? count : SLOTS_MOST);
}

/* Back to what was before the try; the next one comes later than the one after this. */
static void
rest(struct slots *slots, unsigned count)
{
	slots->count = count;
	slots->trying = SLOTS_STEADY;
	slots->settle = SETTLE;
	slots->hold = slots->pause;
	slots->pause = slots->pause < PAUSE_MOST ? slots->pause * 2 : PAUSE_MOST;
}

/* More slots are worth it if they bring at least half of what they would on an empty link. */
static void
judge_more(struct slots *slots, double rate)
{
	double added = (double)(slots->count - slots->before) / slots->before;

	if (rate >= slots->rate * (1 + added / 2)) {
		slots->rate = rate;
		slots->pause = PAUSE_LEAST;
		try_more(slots);
	} else {
		slots->count = slots->before;
		try_fewer(slots);
		if (slots->trying == SLOTS_STEADY)
			rest(slots, slots->count);
	}
}

static void
judge_fewer(struct slots *slots, double rate)
{
	if (rate >= slots->rate * NONE_LOST) {
		if (rate > slots->rate)
			slots->rate = rate;
		slots->pause = PAUSE_LEAST;
		try_fewer(slots);
		if (slots->trying == SLOTS_STEADY)
			rest(slots, slots->count);
	} else {
		rest(slots, slots->before);
	}
}

void
slots_step(struct slots *slots, double rate, bool full)
{
	if (slots->before == 0 || !full)
		return;
	if (slots->settle > 0) {
		slots->settle--;
		return;
	}
	switch (slots->trying) {
	case SLOTS_STEADY:
		slots->rate = slots->rate > 0 ? slots->rate * MEMORY + rate * (1 - MEMORY) : rate;
		if (slots->hold > 0)
			slots->hold--;
		else
			try_more(slots);
		break;
	case SLOTS_MORE:
		judge_more(slots, rate);
		break;
	case SLOTS_FEWER:
		judge_fewer(slots, rate);
		break;
	}
}
