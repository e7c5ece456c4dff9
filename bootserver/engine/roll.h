#ifndef ENGINE_ROLL_H
#define ENGINE_ROLL_H

#include "engine/core.h"

/* The roll of all machines, e->machines: by name, numbers in names by their value (strverscmp(3)).
 * Who changes a name takes the machine out first and puts it in again. */

void roll_add(struct engine *e, struct machine *m);
void roll_drop(struct engine *e, const struct machine *m);	/* which is on it */

/* Where on the roll those behind `name` begin; the machine of that name may be gone. */
size_t roll_after(const struct engine *e, const char *name);

/* When the engine starts: each machine as the database has it, ids growing; roll_end() when all is
 * read.  In between the roll is by id. */
void roll_read(struct engine *e, struct machine *m);
struct machine *roll_of_row(const struct engine *e, int64_t id);	/* or NULL */
void roll_end(struct engine *e);

#endif
