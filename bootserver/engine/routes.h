#ifndef ENGINE_ROUTES_H
#define ENGINE_ROUTES_H

#include "engine/core.h"
#include "lib/str.h"

/* The operator's API without its transport: one request in, one status and JSON out. */

struct route_ask {
	const char *method, *path;
	const json_t *body;	/* an object; NULL: none was sent */
	const void *who;	/* the same each time this is asked */
};

/* Not yet: ask again when e->edit.wake() is called. */
#define ROUTE_LATER 0

/* Returns the status; *ret is the answer, the caller's. */
int route(struct engine *e, const struct route_ask *ask, json_t **ret);

/* The methods that a path takes, "GET, PUT"; nothing for a path that is none. */
void route_methods(const char *path, struct buf *ret);

#endif
