#ifndef ENGINE_SOURCES_H
#define ENGINE_SOURCES_H

#include "lib/msg.h"
#include "site/parse.h"

/* The texts of the site's files as they were taken last; all of it owned. */
struct sources {
	struct site_source *items;
	size_t count;
};

void sources_fini(struct sources *sources);

/* The files that came with `start`, `reload` or `manifests` (docs/INTERFACES.md). */
int sources_read(struct sources *ret, const struct msg *msg, struct err *err);

/* NULL: there is no such file. */
const struct site_source *sources_find(const struct sources *sources, const char *name);

/* A copy in which the file `name` has this text (NULL: is not there); site.yaml stays first, the
 * others in the order of their names. */
void sources_with(struct sources *ret, const struct sources *old, const char *name,
		  const char *text);

#endif
