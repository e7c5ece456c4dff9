#ifndef ENGINE_HUB_H
#define ENGINE_HUB_H

#include <sys/types.h>

#include "engine/core.h"
#include "lib/str.h"

/*
 * Answers that are made piece by piece, as they are taken: a reader of events gets what is in the
 * database behind its cursor, and progress as it passes by; a reader of machines their list.
 */
struct hub_reader {
	struct hub_reader *next;
	void (*fill)(struct engine *e, struct hub_reader *reader);	/* more into `text` */
	struct buf text;	/* not yet taken */
	size_t taken;		/* bytes of it that are */
	int64_t cursor;		/* of events: the last id in `text` */
	char name[64];		/* of machines: the last one in `text` */
	int64_t left;		/* how many machines there may still be */
	bool begun, ended;	/* the list is */
	bool follow;
	void (*wake)(void *arg);	/* there is something to read */
	void *arg;
};

struct hub {
	struct hub_reader *readers;
	bool news;		/* events were stored in this turn */
};

struct hub_reader *hub_open(struct engine *e, int64_t since, bool follow);

/* The machines as one JSON array: by name, from the first one behind `after` ("": from the first of
 * all), `most` of them at most. */
struct hub_reader *hub_open_machines(struct engine *e, const char *after, int64_t most);

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
