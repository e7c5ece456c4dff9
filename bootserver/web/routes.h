#ifndef WEB_ROUTES_H
#define WEB_ROUTES_H

#include "web/state.h"

enum route_method { ROUTE_GET = 1, ROUTE_POST = 2 };	/* GET means HEAD too */

struct route {
	unsigned methods;
	const char *pattern;	/* each '*' stands for one path segment, kept in request.arg */
	void (*handle)(struct request *req);	/* answers, or asks the engine */
	size_t body;		/* largest, bytes; 0: a body is read and thrown away */
	bool secure;		/* HTTPS only */
};

/* All routes; ends with pattern NULL. */
extern const struct route routes[];

/* The route of a (decoded) path or URL, with what stood for the '*' in `ret_arg`; NULL when there
 * is none.  Segments are never empty, "." or "..", and fit ROUTE_ARG. */
const struct route *routes_find(const char *target, char ret_arg[2][ROUTE_ARG]);

/* The text of an Allow header. */
const char *routes_allow(const struct route *route);

/* True if the route takes the method ("GET", "HEAD", "POST", …). */
bool routes_takes(const struct route *route, const char *method);

#endif
