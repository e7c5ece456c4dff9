/*
 * Supervision on the event loop: carries out what the table (supervise.c) says, for any child.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "keeper/state.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

/* What the engine, and by it the timeline and `status`, is told of a child. */
static void
tell(struct child *child, const char *state, const char *text)
{
	json_t *body = json_object();

	json_put(body, "type", "child");
	json_put(body, "name", child->name);
	json_put(body, "state", state);
	json_put(body, "text", text);
	keeper_tell_engine(child->keeper, body);
}

static int
on_timer(sd_event_source *source, uint64_t usec, void *arg)
{
	struct child *child = arg;

	(void)source, (void)usec;
	child->timer = sd_event_source_disable_unref(child->timer);
	child_event(child, CHILD_TIMER);
	return 0;
}

static void
set_timer(struct child *child, int64_t ms)
{
	int r = sd_event_add_time_relative(child->keeper->event, &child->timer, CLOCK_MONOTONIC,
					   (uint64_t)ms * 1000, 1000, on_timer, child);

	if (r < 0)
		keeper_fail(child->keeper, "cannot set a timer: error %d", -r);
}

static char *
how_it_ended(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return str_format("ended with status %d", info->si_status);
	return str_format("was ended by signal %d (%s)", info->si_status,
			  sigabbrev_np(info->si_status) ? sigabbrev_np(info->si_status) : "?");
}

static int
on_ended(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct child *child = arg;
	struct keeper *keeper = child->keeper;
	char *how = how_it_ended(info);

	(void)source;
	child->exit = sd_event_source_disable_unref(child->exit);
	child->pid = 0;
	if (child->ended)
		child->ended(keeper);
	if (child->state.state != CHILD_STOPPING) {
		log_warn("child=%s %s", child->name, how);
		tell(child, "failed", how);
		/* what does not start now will not start later either: tell the person */
		if (!keeper->ready && !keeper->stopping && !child->dispensable &&
		    info->si_code == CLD_EXITED)
			keeper_fail(keeper, "%s %s before the server was ready", child->name, how);
	}
	free(how);
	child_event(child, CHILD_EXITED);
	return 0;
}

static void
start(struct child *child)
{
	struct keeper *keeper = child->keeper;
	struct err err;
	int r;

	if (keeper->stopping)
		return;
	if (child->may && !child->may(keeper)) {
		/* whoever it waits for will call child_begin() */
		return;
	}
	child->pid = child->start(keeper, &err);
	if (child->pid < 0) {
		child->pid = 0;
		log_error("child=%s cannot start: %s", child->name, err.text);
		if (!keeper->ready && !child->dispensable)
			keeper_fail(keeper, "%s", err.text);
		child_event(child, CHILD_EXITED);
		return;
	}
	r = sd_event_add_child(keeper->event, &child->exit, child->pid, WEXITED, on_ended, child);
	if (r < 0) {
		keeper_fail(keeper, "cannot watch %s: error %d", child->name, -r);
		return;
	}
	log_info("child=%s started pid=%d", child->name, (int)child->pid);
	child_event(child, CHILD_STARTED);
}

static void
end(struct child *child, bool kill_it)
{
	if (child->pid <= 0)
		return;
	if (kill_it)
		kill(child->pid, SIGKILL);
	else if (child->leave)
		child->leave(child->keeper);
	else
		kill(child->pid, SIGTERM);
}

void
child_event(struct child *child, enum child_event event)
{
	enum child_action action;

	child->timer = sd_event_source_disable_unref(child->timer);
	action = supervise_step(&child->state, event, clock_mono_ms());
	if (child->state.state == CHILD_UP && event == CHILD_READY) {
		log_info("child=%s ready", child->name);
		tell(child, "ready", NULL);
	}
	switch (action) {
	case ACTION_NONE:
		break;
	case ACTION_START:
		start(child);
		break;
	case ACTION_WAIT:
		tell(child, supervise_state_name(child->state.state), NULL);
		set_timer(child, child->state.timer_ms);
		break;
	case ACTION_TERM:
		end(child, false);
		set_timer(child, child->state.timer_ms);
		break;
	case ACTION_KILL:
		log_warn("child=%s is %s for too long: killed", child->name,
			 supervise_state_name(child->state.state));
		end(child, true);
		break;
	case ACTION_ENDED:
		if (child->again && !child->keeper->stopping) {
			child->again = false;
			start(child);
		}
		break;
	}
}

void
child_begin(struct child *child)
{
	if (child->state.state == CHILD_DOWN)
		start(child);
}

void
child_again(struct child *child)
{
	if (child->state.state == CHILD_STARTING || child->state.state == CHILD_UP) {
		child->again = true;
		child_event(child, CHILD_STOP);
	} else {
		child_begin(child);
	}
}
