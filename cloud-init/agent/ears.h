#ifndef AGENT_EARS_H
#define AGENT_EARS_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud-init/agent/lldp.h"

/*
 * Listens for LLDP on all real NICs: one packet socket, opened when the agent starts and read
 * now and then; switches speak every 30 s or so, so the neighbours often come after the facts
 * were sent.
 */
#define EARS_MOST 32

struct ears {
	int fd;			/* -1: not listening (no right, no packet sockets) */
	struct ears_heard {
		int ifindex;	/* 0: free */
		struct lldp_neighbour neighbour;
	} heard[EARS_MOST];
};

void ears_open(struct ears *ears);
void ears_close(struct ears *ears);

/* Takes what has come; true if something new was heard. */
bool ears_read(struct ears *ears);

/* The neighbour on an interface, or NULL. */
const struct lldp_neighbour *ears_find(const struct ears *ears, int ifindex);

#endif
