#ifndef KEEPER_SUPERVISE_H
#define KEEPER_SUPERVISE_H

#include <stdint.h>

/*
 * What becomes of one child: a state × event table.  Pure: `now` is a parameter, what is to be done
 * is the answer.  *Started* is not *up*: up it is when it has shown that it serves.
 */

enum child_state { CHILD_DOWN, CHILD_STARTING, CHILD_UP, CHILD_BACKOFF, CHILD_STOPPING };
enum child_event { CHILD_STARTED, CHILD_READY, CHILD_EXITED, CHILD_TIMER, CHILD_STOP };

enum child_action {
	ACTION_NONE,
	ACTION_START,	/* start it; then tell CHILD_STARTED, or CHILD_EXITED if that fails */
	ACTION_WAIT,	/* tell CHILD_TIMER after timer_ms */
	ACTION_TERM,	/* ask it to end, and tell CHILD_TIMER after timer_ms */
	ACTION_KILL,
	ACTION_ENDED,	/* it is down for good, as was asked */
};

#define SUPERVISE_BACKOFF_MS 200	/* first; doubles */
#define SUPERVISE_BACKOFF_MAX_MS 10000
#define SUPERVISE_STABLE_MS 60000	/* so long up: the next fall begins at the first again */
#define SUPERVISE_READY_MS 30000	/* to become ready */
#define SUPERVISE_TERM_MS 3000		/* to end when asked */

struct supervise {
	enum child_state state;
	int64_t backoff_ms;	/* of the last fall, 0: none */
	int64_t up_ms;		/* when it became ready */
	int64_t timer_ms;	/* output: how long ACTION_WAIT, ACTION_TERM or a start waits */
};

/* One event into the table.  A timer that was set before is void after any other event. */
enum child_action supervise_step(struct supervise *child, enum child_event event, int64_t now_ms);

const char *supervise_state_name(enum child_state state);

#endif
