#ifndef WEB_PACE_H
#define WEB_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How fast bytes are sent to an iPXE.  Its cards have short receive rings and no interrupts: a
 * burst at the server's line rate overruns them, some for good (ipxe issues 1023 and 1545).  So the
 * kernel is told to spread what it sends (SO_MAX_PACING_RATE, socket(7)), at half as much again as
 * what the machine was seen to take.  Losses and stalls alone lower it: who takes less for a while
 * may just have had no time.  Where more waited on the way than such a ring holds, and none of it
 * was lost, a burst harms nobody, and the pace is a gigabit link's.  Pure: one step a look at the
 * connection; rates in bytes a second.
 */

#define PACE_FIRST (32u << 20)		/* a machine of which nothing is known */
#define PACE_DEEP (125u * 1000 * 1000)	/* at least, to a deep one: 1 Gbit/s */
#define PACE_SURE 2			/* one may come of a machine that had no time to answer */
#define PACE_LEAST (1u << 20)
#define PACE_MOST (1250u * 1000 * 1000)	/* 10 Gbit/s */

/* What is known of a machine from its transfers before; zeros: nothing. */
struct pace_memory {
	uint64_t most;		/* at more it lost or stood still; lifted while all goes well, for
				 * it may have been chance; 0: not met */
	unsigned deep;		/* looks that showed it to hold more than a short ring, up to
				 * PACE_SURE: then it is held to be deep */
	bool stops;		/* was held to be deep, and stood still for good: never again */
};

struct pace {
	uint64_t rate;		/* what the kernel is told */
	struct pace_memory memory;
	bool stalled;
};

/* What was seen since the last step. */
struct pace_seen {
	int64_t ms;		/* time gone by, over 0 */
	uint64_t acked;		/* bytes acknowledged */
	uint64_t segments, lost;	/* sent, and of these sent again */
	bool waiting;		/* there are bytes that are not acknowledged */
	int64_t quiet_ms;	/* since something was last acknowledged */
	uint64_t peak;		/* bytes a second of the last round trip alone; 0: not known */
	uint64_t in_flight;	/* segments on their way, at the end */
};

/* `memory`: what pace_learnt() gave at this machine's last transfer. */
void pace_init(struct pace *ret, const struct pace_memory *memory);

/* One look; true if pace->rate has changed enough to tell the kernel. */
bool pace_step(struct pace *pace, const struct pace_seen *seen);

/* Held to be deep: bursts do it no harm. */
bool pace_deep(const struct pace_memory *memory);

/* What to remember of the machine; `whole`: the transfer ended well. */
struct pace_memory pace_learnt(const struct pace *pace, bool whole);

#endif
