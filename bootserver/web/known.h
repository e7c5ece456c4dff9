#ifndef WEB_KNOWN_H
#define WEB_KNOWN_H

#include <stdint.h>

#include "web/pace.h"

/*
 * The machines that were given a script, as far as sending them files goes: by the nonce of their
 * script their rack, when they first asked for a large file with it, and what was learnt of their
 * pace, which outlives the nonce.
 * Bounded: KNOWN_MOST machines of some hundred bytes; who was not heard of for longest goes.
 */

#define KNOWN_MOST 16384
#define KNOWN_RACK 64

struct known;

struct known_machine {
	struct pace_memory pace;
	int64_t came_ms;	/* for its first large file, 0: not yet */
	unsigned files;		/* large ones that it was sent, whole or not */
	char rack[KNOWN_RACK];
};

struct known *known_new(void);
void known_free(struct known *known);

/* The machine `name` was given a script with this nonce. */
void known_script(struct known *known, const char *name, const char *nonce, const char *rack,
		  int64_t now_ms);

/* Borrowed until the next known_script(); NULL: nobody was given it (or we are a new process). */
struct known_machine *known_find(const struct known *known, const char *nonce);

#endif
