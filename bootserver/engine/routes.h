#ifndef ENGINE_ROUTES_H
#define ENGINE_ROUTES_H

#include "engine/core.h"

/* The operator's API without its transport: one request in, one status and JSON out. */

struct route_ask {
	const char *method, *path;
	const json_t *body;	/* an object; NULL: none was sent */
};

/* Returns the status; *ret is the answer, the caller's. */
int route(struct engine *e, const struct route_ask *ask, json_t **ret);

#endif
