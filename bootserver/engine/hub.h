#ifndef ENGINE_HUB_H
#define ENGINE_HUB_H

#include <sys/types.h>

#include "engine/core.h"
#include "lib/str.h"

/*
 * Subscribers to events: each reads what is in the database behind its cursor, and gets progress
 * as it passes by.
 */
struct hub_reader {
	struct hub_reader *next;
	struct buf text;	/* lines not yet taken */
	size_t taken;		/* bytes of it that are */
	int64_t cursor;		/* last event id in `text` */
	bool follow;
	void (*wake)(void *arg);	/* there is something to read */
	void *arg;
};

struct hub {
	struct hub_reader *readers;
	bool news;		/* events were stored in this turn */
};

struct hub_reader *hub_open(struct engine *e, int64_t since, bool follow);
void hub_close(struct engine *e, struct hub_reader *reader);

/* Up to `most` bytes; 0: nothing now (a follower waits for wake()); -1: the end. */
ssize_t hub_read(struct engine *e, struct hub_reader *reader, char *ret, size_t most);

/* A line that is not stored goes to all followers. */
void hub_pass(struct engine *e, const json_t *event);

/* At the turn's end: wakes followers. */
void hub_turn(struct engine *e);

/* The JSON of an event, from the database's row (columns of DB_EVENTS_OF). */
json_t *hub_event(sqlite3_stmt *row);

#endif
