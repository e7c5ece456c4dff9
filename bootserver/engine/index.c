/*
 * From a MAC, name, nonce or key's pin to what it stands for, in one step however many machines
 * there are.  Open addressing; a dropped row keeps its place as a gap until the table grows.  The
 * keys come from machines nobody has approved, so the hash is seeded.
 */
#include "engine/index.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chance.h"
#include "lib/str.h"

struct index_row {
	char *key;	/* NULL: free, or a gap if `value` is set */
	void *value;
};

static char gap;

/* FNV-1a (draft-eastlake-fnv), from a start that nobody outside knows. */
static size_t
hash(const char *key)
{
	static uint64_t seed;
	uint64_t h;

	if (!seed)
		chance_bytes(&seed, sizeof(seed));
	h = seed | 1;
	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 0x100000001b3;
	return (size_t)(h ^ h >> 32);
}

/* The row of `key`, else the row where it would go (NULL in a table without rows). */
static struct index_row *
place(const struct index *index, const char *key)
{
	struct index_row *free_row = NULL;

	if (!index->size)
		return NULL;
	for (size_t at = hash(key);; at++) {
		struct index_row *row = &index->rows[at & (index->size - 1)];

		if (row->key && strcmp(row->key, key) == 0)
			return row;
		if (!row->key && !free_row)
			free_row = row;
		if (!row->key && !row->value)
			return free_row;
	}
}

static void
grow(struct index *index)
{
	struct index old = *index;

	index->size = 16;
	while (index->size < old.count * 4)
		index->size *= 2;
	index->rows = mem_new(index->size * sizeof(*index->rows));
	index->used = old.count;
	for (size_t i = 0; i < old.size; i++)
		if (old.rows[i].key)
			*place(index, old.rows[i].key) = old.rows[i];
	free(old.rows);
}

void
index_fini(struct index *index)
{
	for (size_t i = 0; i < index->size; i++)
		free(index->rows[i].key);
	free(index->rows);
	*index = (struct index){ 0 };
}

void
index_fini_values(struct index *index)
{
	for (size_t i = 0; i < index->size; i++)
		if (index->rows[i].key)
			free(index->rows[i].value);
	index_fini(index);
}

void *
index_find(const struct index *index, const char *key)
{
	const struct index_row *row = key && key[0] ? place(index, key) : NULL;

	return row && row->key ? row->value : NULL;
}

void
index_put(struct index *index, const char *key, void *value)
{
	struct index_row *row;

	if (!key || !key[0])
		return;
	if ((index->used + 1) * 4 > index->size * 3)
		grow(index);
	row = place(index, key);
	if (!row->key) {
		if (!row->value)
			index->used++;
		row->key = str_dup(key);
		index->count++;
	}
	row->value = value;
}

void
index_drop(struct index *index, const char *key, const void *value)
{
	struct index_row *row = key && key[0] ? place(index, key) : NULL;

	if (!row || !row->key || (value && row->value != value))
		return;
	free(row->key);
	row->key = NULL;
	row->value = &gap;
	index->count--;
}
