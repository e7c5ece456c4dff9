/*
 * The roll: all machines by name.  A list that is asked for in pieces goes on behind a name,
 * whatever came or went meanwhile.
 */
#include "engine/roll.h"

#include <stdlib.h>
#include <string.h>

static void
append(struct engine *e, struct machine *m)
{
	e->machines = engine_room(e->machines, e->nmachines, &e->machines_size,
				  sizeof(*e->machines));
	e->machines[e->nmachines++] = m;
}

size_t
roll_after(const struct engine *e, const char *name)
{
	size_t first = 0, end = e->nmachines;

	while (first < end) {
		size_t middle = first + (end - first) / 2;

		if (strverscmp(e->machines[middle]->name, name) > 0)
			end = middle;
		else
			first = middle + 1;
	}
	return first;
}

void
roll_add(struct engine *e, struct machine *m)
{
	size_t at = roll_after(e, m->name);
	struct machine **place;

	append(e, m);
	place = e->machines + at;
	memmove(place + 1, place, (e->nmachines - 1 - at) * sizeof(*place));
	*place = m;
}

void
roll_drop(struct engine *e, const struct machine *m)
{
	size_t behind = roll_after(e, m->name);
	struct machine **place = e->machines + behind;

	memmove(place - 1, place, (e->nmachines-- - behind) * sizeof(*place));
}

void
roll_read(struct engine *e, struct machine *m)
{
	append(e, m);
}

static int
by_id(const void *key, const void *item)
{
	const int64_t *id = key;
	const struct machine *const *m = item;

	return (*id > (*m)->id) - (*id < (*m)->id);
}

struct machine *
roll_of_row(const struct engine *e, int64_t id)
{
	struct machine **found = bsearch(&id, e->machines, e->nmachines, sizeof(*e->machines),
					 by_id);

	return found ? *found : NULL;
}

static int
by_name(const void *a, const void *b)
{
	const struct machine *const *one = a, *const *other = b;

	return strverscmp((*one)->name, (*other)->name);
}

void
roll_end(struct engine *e)
{
	if (e->nmachines > 1)
		qsort(e->machines, e->nmachines, sizeof(*e->machines), by_name);
}
