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

/* A list of words fills one member: its first place counts. */
static int
mark_order(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;
	int order = mark_compare(a, b);

	if (order == 0)
		order = x->place.line - y->place.line;
	return order ? order : x->place.column - y->place.column;
}

static void
marks_sort(struct site_marks *marks)
{
	size_t kept = 0;

	if (marks->sorted)
		return;
	if (marks->count)
		qsort(marks->items, marks->count, sizeof(*marks->items), mark_order);
	for (size_t i = 0; i < marks->count; i++)
		if (i == 0 || marks->items[i].field != marks->items[kept - 1].field)
			marks->items[kept++] = marks->items[i];
	marks->count = kept;
	marks->sorted = true;
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

	marks_sort(marks);
	if (marks->count)
		found = bsearch(&wanted, marks->items, marks->count, sizeof(*marks->items),
				mark_compare);
	return found ? &found->place : otherwise;
}
