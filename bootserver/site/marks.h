#ifndef SITE_MARKS_H
#define SITE_MARKS_H

#include "site/site.h"

/* Where each value was said: from the address of a member (&machine->name, &list->items[i]) to its
 * place in the files, so that a finding about two things can point at the very value. */

struct site_marks;

struct site_marks *site_marks_new(void);
void site_marks_free(struct site_marks *marks);
void site_marks_add(struct site_marks *marks, const void *field, const struct site_place *place);

bool site_marks_has(struct site_marks *marks, const void *field);

/* The place of the member, or `otherwise` when it was not said. */
const struct site_place *site_marks_find(struct site_marks *marks, const void *field,
					 const struct site_place *otherwise);

#endif
