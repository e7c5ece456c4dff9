#ifndef KEEPER_TEXTS_H
#define KEEPER_TEXTS_H

#include <jansson.h>

#include "lib/err.h"

/*
 * Files on their way to the engine: their texts one after the other in one piece of memory (memfd),
 * because a message carries only so many descriptors.  The kernel copies them; nothing of them
 * comes into the keeper's memory.
 */
struct texts {
	json_t *files;	/* [{"name", "size" (bytes)}], in the order of the texts; owned */
	int memory;	/* owned */
};

int texts_init(struct texts *texts, struct err *err);

/* Adds what `fd` (borrowed) has from where it stands to its end.  After an error nothing of it is
 * in `files`, and nothing more may be added. */
int texts_add(struct texts *texts, const char *name, int fd, struct err *err);

void texts_fini(struct texts *texts);

#endif
