#ifndef ENGINE_EDIT_H
#define ENGINE_EDIT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * A machine written through the API.  The change is checked with the whole site as it was taken
 * last, then the keeper writes the file, and upon its word the engine takes the site with it.  One
 * change at a time: who asks meanwhile is to ask again.
 */

struct engine;

struct edit {
	bool busy;		/* the keeper has the word */
	bool over;		/* there is an outcome, for `who` */
	const void *who;	/* asked for it; NULL: went away */
	int64_t id;
	char *path, *text;	/* the file; text NULL: to be taken away */
	int result;
	struct err fault;
	/* called when `busy` ends: ask again */
	void (*wake)(void *arg);
	void *arg;
};

struct edit_ask {
	const void *who;	/* the same each time this is asked */
	const char *name;
	const json_t *machine;	/* as in the site file; NULL: to be taken away */
	bool fresh;		/* there must be no such machine in the site's files yet */
};

/* 0: done.  -EAGAIN: to be asked again when wake() was called.  -EINVAL, -EEXIST, -ENOENT, …: the
 * sentence. */
int edit_machine(struct engine *e, const struct edit_ask *ask, struct err *err);

/* Is there an edit under way that `who` asked for? */
bool edit_waits(const struct engine *e, const void *who);

/* Whoever asked does not wait any more. */
void edit_forget(struct engine *e, const void *who);

/* The machine as the API wrote it; NULL: somebody else did. */
json_t *edit_settings(const struct engine *e, const char *name);

/* Message answer of the keeper. */
void edit_answer(struct engine *e, const json_t *body);

void edit_fini(struct engine *e);

#endif
