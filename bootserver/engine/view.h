#ifndef ENGINE_VIEW_H
#define ENGINE_VIEW_H

#include "engine/core.h"

/* The JSON of docs/INTERFACES.md, «Operator's API»; fresh references. */

json_t *view_site(struct engine *e);
json_t *view_machine(struct engine *e, const struct machine *m);
json_t *view_boots(struct engine *e, const struct machine *m);	/* newest first, with events */
json_t *view_images(struct engine *e);

/* Sets a member to the text, or to null if there is none (NULL or ""). */
void view_text(json_t *object, const char *key, const char *text);

#endif
