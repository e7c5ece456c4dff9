/*
 * Who has this name, MAC, UUID or serial: an open-addressing hash map (FNV-1a, at most half full),
 * so that ten thousand machines are checked, and one of them found at each boot, without walking
 * them.
 */
#include "site/index.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

struct slot {
	const char *text;	/* NULL: free */
	enum site_key kind;
	long ordinal;
};

struct site_index {
	struct slot *slots;
	size_t size;		/* a power of two */
	size_t used;
};

struct site_index *
site_index_new(void)
{
	struct site_index *index = mem_new(sizeof(*index));

	index->size = 64;
	index->slots = mem_new(index->size * sizeof(*index->slots));
	return index;
}

void
site_index_free(struct site_index *index)
{
	if (!index)
		return;
	free(index->slots);
	free(index);
}

static struct slot *
slot_of(const struct site_index *index, enum site_key kind, const char *text)
{
	uint64_t hash = 14695981039346656037u ^ (uint64_t)kind;
	size_t at;

	for (const char *c = text; *c; c++)
		hash = (hash ^ (unsigned char)*c) * 1099511628211u;
	at = (hash ^ hash >> 32) & (index->size - 1);
	while (index->slots[at].text &&
	       (index->slots[at].kind != kind || strcmp(index->slots[at].text, text) != 0))
		at = (at + 1) & (index->size - 1);
	return &index->slots[at];
}

static void
index_grow(struct site_index *index)
{
	struct site_index bigger = { .size = index->size * 2 };

	bigger.slots = mem_new(bigger.size * sizeof(*bigger.slots));
	for (size_t i = 0; i < index->size; i++)
		if (index->slots[i].text)
			*slot_of(&bigger, index->slots[i].kind, index->slots[i].text) =
				index->slots[i];
	free(index->slots);
	index->slots = bigger.slots;
	index->size = bigger.size;
}

long
site_index_add(struct site_index *index, enum site_key kind, const char *text, long ordinal)
{
	struct slot *slot = slot_of(index, kind, text);

	if (slot->text)
		return slot->ordinal;
	*slot = (struct slot){ .text = text, .kind = kind, .ordinal = ordinal };
	if (++index->used * 2 > index->size)
		index_grow(index);
	return -1;
}

long
site_index_find(const struct site_index *index, enum site_key kind, const char *text)
{
	const struct slot *slot = slot_of(index, kind, text);

	return slot->text ? slot->ordinal : -1;
}
