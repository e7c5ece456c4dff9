/*
 * Where each value of the site was said: a list that is sorted by address at the first question.
 */
#include "site/marks.h"

#include <stdint.h>
#include <stdlib.h>

#include "lib/str.h"

struct mark {
	uintptr_t field;
	struct site_place place;
};

struct site_marks {
	struct mark *items;
	size_t count, room;
	bool sorted;
};

struct site_marks *
site_marks_new(void)
{
	return mem_new(sizeof(struct site_marks));
}

void
site_marks_free(struct site_marks *marks)
{
	if (!marks)
		return;
	free(marks->items);
	free(marks);
}

void
site_marks_add(struct site_marks *marks, const void *field, const struct site_place *place)
{
	if (marks->count == marks->room) {
		marks->room = marks->room ? marks->room * 2 : 64;
		marks->items = mem_grow(marks->items, marks->room, sizeof(*marks->items));
	}
	marks->items[marks->count++] = (struct mark){ (uintptr_t)field, *place };
	marks->sorted = false;
}

static int
mark_compare(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return x->field < y->field ? -1 : x->field > y->field;
}

bool
site_marks_has(struct site_marks *marks, const void *field)
{
	return site_marks_find(marks, field, NULL) != NULL;
}

const struct site_place *
site_marks_find(struct site_marks *marks, const void *field, const struct site_place *otherwise)
{
	struct mark wanted = { .field = (uintptr_t)field };
	const struct mark *found = NULL;

	if (!marks->sorted && marks->count)
		qsort(marks->items, marks->count, sizeof(*marks->items), mark_compare);
	marks->sorted = true;
	if (marks->count)
		found = bsearch(&wanted, marks->items, marks->count, sizeof(*marks->items),
				mark_compare);
	return found ? &found->place : otherwise;
}
