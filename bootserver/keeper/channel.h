#ifndef KEEPER_CHANNEL_H
#define KEEPER_CHANNEL_H

#include <stdbool.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

#include "lib/err.h"
#include "lib/msg.h"

struct channel {
	const char *name;	/* engine, web: also what it is called by */
	uid_t uid;		/* whom it becomes */
	gid_t gid;
	int fd;			/* ours; -1: none */
	sd_event_source *from;

	/* One message; false if it is not one that this child may send. */
	bool (*take)(void *arg, const struct msg *msg);
	void *arg;
};

/* Starts it, with `peer` (closed in any case) as its channel to the other; its pid, or negative. */
pid_t channel_start(struct channel *channel, sd_event *event, int peer, struct err *err);

/* The end of the channel, at which the child leaves; may be called twice. */
void channel_close(struct channel *channel);

#endif
