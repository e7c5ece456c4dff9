#ifndef KEEPER_CHILD_H
#define KEEPER_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "keeper/supervise.h"
#include "lib/err.h"

/* One child of the keeper, supervised on the event loop. */

struct keeper;

struct child {
	const char *name;	/* engine, web, dnsmasq: as in messages and logs */
	/* Starts it: the pid, or a negative errno with the sentence. */
	pid_t (*start)(struct keeper *keeper, struct err *err);
	/* Asks it to end (NULL: SIGTERM); lets go of what belonged to the process that ended. */
	void (*leave)(struct keeper *keeper);
	void (*ended)(struct keeper *keeper);
	/* May it be started now?  NULL: always. */
	bool (*may)(const struct keeper *keeper);

	bool dispensable;	/* the site can be served without it */

	struct keeper *keeper;
	struct supervise state;
	pid_t pid;		/* 0: none */
	int life;		/* its namespace ends when this pipe does; -1: none */
	bool again;		/* to be started once it has ended as asked (a new configuration) */
	sd_event_source *exit, *timer;
};

void child_event(struct child *child, enum child_event event);
void child_begin(struct child *child);		/* starts it if it is down and may */
void child_again(struct child *child);		/* ends and starts it; starts it when it is down */


/* namespace.c: a program behind an init of ours, in PID and mount namespaces of its own; `argv`
 * begins with its name or path. */
pid_t namespace_start(struct child *child, const char *const *argv, struct err *err);
void namespace_ended(struct child *child);	/* what is left of it ends too */

/* owner.c: logs who holds the UDP port that the child wants, if somebody does, and what else to do
 * than to stop that (NULL: nothing). */
void owner_tell(const struct child *child, int port, const char *otherwise);

#endif
