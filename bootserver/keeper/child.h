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

	struct keeper *keeper;
	struct supervise state;
	pid_t pid;		/* 0: none */
	bool again;		/* to be started once it has ended as asked (a new configuration) */
	sd_event_source *exit, *timer;
};

void child_event(struct child *child, enum child_event event);
void child_begin(struct child *child);		/* starts it if it is down and may */
void child_again(struct child *child);		/* ends and starts it; starts it when it is down */

#endif
