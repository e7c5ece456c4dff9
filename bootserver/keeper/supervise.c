/*
 * The table by which the keeper holds its children: see supervise.h.
 */
#include "keeper/supervise.h"

#include <stddef.h>

struct cell {
	enum child_state next;
	enum child_action action;
};

#define STAY(state) { CHILD_##state, ACTION_NONE }

/* An event that means nothing in a state (a timer that was void already) leaves it as it is. */
static const struct cell table[][5] = {
	[CHILD_DOWN] = {
		[CHILD_STARTED] = { CHILD_STARTING, ACTION_WAIT },
		[CHILD_READY] = STAY(DOWN),
		[CHILD_EXITED] = { CHILD_BACKOFF, ACTION_WAIT },
		[CHILD_TIMER] = STAY(DOWN),
		[CHILD_STOP] = { CHILD_DOWN, ACTION_ENDED },
	},
	[CHILD_STARTING] = {
		[CHILD_STARTED] = STAY(STARTING),
		[CHILD_READY] = { CHILD_UP, ACTION_NONE },
		[CHILD_EXITED] = { CHILD_BACKOFF, ACTION_WAIT },
		[CHILD_TIMER] = { CHILD_STARTING, ACTION_KILL },
		[CHILD_STOP] = { CHILD_STOPPING, ACTION_TERM },
	},
	[CHILD_UP] = {
		[CHILD_STARTED] = STAY(UP),
		[CHILD_READY] = STAY(UP),
		[CHILD_EXITED] = { CHILD_BACKOFF, ACTION_WAIT },
		[CHILD_TIMER] = STAY(UP),
		[CHILD_STOP] = { CHILD_STOPPING, ACTION_TERM },
	},
	[CHILD_BACKOFF] = {
		[CHILD_STARTED] = STAY(BACKOFF),
		[CHILD_READY] = STAY(BACKOFF),
		[CHILD_EXITED] = STAY(BACKOFF),
		[CHILD_TIMER] = { CHILD_DOWN, ACTION_START },
		[CHILD_STOP] = { CHILD_DOWN, ACTION_ENDED },
	},
	[CHILD_STOPPING] = {
		[CHILD_STARTED] = STAY(STOPPING),
		[CHILD_READY] = STAY(STOPPING),
		[CHILD_EXITED] = { CHILD_DOWN, ACTION_ENDED },
		[CHILD_TIMER] = { CHILD_STOPPING, ACTION_KILL },
		[CHILD_STOP] = STAY(STOPPING),
	},
};

/* How long it waits before it is started again. */
static int64_t
backoff(struct supervise *child, enum child_state was, int64_t now_ms)
{
	if (was == CHILD_UP && now_ms - child->up_ms >= SUPERVISE_STABLE_MS)
		child->backoff_ms = 0;
	if (child->backoff_ms == 0)
		child->backoff_ms = SUPERVISE_BACKOFF_MS;
	else if (child->backoff_ms * 2 <= SUPERVISE_BACKOFF_MAX_MS)
		child->backoff_ms *= 2;
	else
		child->backoff_ms = SUPERVISE_BACKOFF_MAX_MS;
	return child->backoff_ms;
}

enum child_action
supervise_step(struct supervise *child, enum child_event event, int64_t now_ms)
{
	const struct cell *cell = &table[child->state][event];
	enum child_state was = child->state;

	child->state = cell->next;
	if (was != CHILD_UP && cell->next == CHILD_UP)
		child->up_ms = now_ms;
	if (cell->action == ACTION_WAIT)
		child->timer_ms = cell->next == CHILD_BACKOFF ? backoff(child, was, now_ms) :
								SUPERVISE_READY_MS;
	if (cell->action == ACTION_TERM)
		child->timer_ms = SUPERVISE_TERM_MS;
	return cell->action;
}

const char *
supervise_state_name(enum child_state state)
{
	static const char *const names[] = {
		[CHILD_DOWN] = "down",		[CHILD_STARTING] = "starting",
		[CHILD_UP] = "up",		[CHILD_BACKOFF] = "backoff",
		[CHILD_STOPPING] = "stopping",
	};

	return names[state];
}
