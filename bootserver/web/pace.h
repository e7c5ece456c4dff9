#ifndef WEB_PACE_H
#define WEB_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How fast bytes are sent to an iPXE.  Its cards have short receive rings and no interrupts: a
 * burst at the server's line rate overruns them, some for good (ipxe issues 1023 and 1545).  So the
 * kernel is told to spread what it sends (SO_MAX_PACING_RATE, socket(7)), at a little more than
 * what the machine was seen to take.  Pure: one step a look at the connection; rates in bytes a
 * second.
 */

#define PACE_FIRST (32u << 20)		/* a machine of which nothing is known */
#define PACE_LEAST (1u << 20)
#define PACE_MOST (1250u * 1000 * 1000)	/* 10 Gbit/s */

struct pace {
	uint64_t rate;		/* what the kernel is told */
	uint64_t most;		/* learnt: at more the machine lost or stood still; lifted while
				 * all goes well, for it may have been chance */
	bool stalled;
};

/* What was seen since the last step. */
struct pace_seen {
	int64_t ms;		/* time gone by, over 0 */
	uint64_t acked;		/* bytes acknowledged */
	uint64_t segments, lost;	/* sent, and of these sent again */
	bool waiting;		/* there are bytes that are not acknowledged */
	int64_t quiet_ms;	/* since something was last acknowledged */
};

/* `remembered`: what pace_learnt() gave at this machine's last transfer, 0: nothing. */
void pace_init(struct pace *ret, uint64_t remembered);

/* One look; true if pace->rate has changed enough to tell the kernel. */
bool pace_step(struct pace *pace, const struct pace_seen *seen);

/* The limit to remember of the machine, 0: none was met; `whole`: the transfer ended well. */
uint64_t pace_learnt(const struct pace *pace, bool whole);

#endif
