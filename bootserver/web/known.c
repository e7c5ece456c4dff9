/* The machines that were given a script: see known.h.  Rows are found through chains of those whose
 * name, or nonce, falls into the same bucket: one step or two, however many machines there are. */
#include "web/known.h"

#include <stdlib.h>

#include "lib/str.h"

#define BUCKETS KNOWN_MOST

enum key { BY_NAME, BY_NONCE, KEYS };

struct row {
	struct known_machine machine;
	uint64_t hash[KEYS];
	uint32_t next[KEYS];	/* number of the next row of the bucket */
	int64_t used_ms;
};

/* Rows are numbered from 1; 0 ends a chain. */
struct known {
	struct row *rows;
	size_t count, room;
	uint32_t first[KEYS][BUCKETS];
};

struct known *
known_new(void)
{
	return mem_new(sizeof(struct known));
}

void
known_free(struct known *known)
{
	if (!known)
		return;
	free(known->rows);
	free(known);
}

/* FNV-1a.  Two names of one hash would share a pace: nothing that is worth more. */
static uint64_t
hash_of(const char *text)
{
	uint64_t ret = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		ret = (ret ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return ret;
}

static struct row *
find(const struct known *known, enum key key, uint64_t hash)
{
	uint32_t number = known->first[key][hash % BUCKETS];

	while (number && known->rows[number - 1].hash[key] != hash)
		number = known->rows[number - 1].next[key];
	return number ? &known->rows[number - 1] : NULL;
}

static void
chain(struct known *known, struct row *row, enum key key, uint64_t hash)
{
	uint32_t *first = &known->first[key][hash % BUCKETS];

	row->hash[key] = hash;
	row->next[key] = *first;
	*first = (uint32_t)(row - known->rows) + 1;
}

static void
unchain(struct known *known, const struct row *row, enum key key)
{
	uint32_t number = (uint32_t)(row - known->rows) + 1;
	uint32_t *at = &known->first[key][row->hash[key] % BUCKETS];

	while (*at != number)
		at = &known->rows[*at - 1].next[key];
	*at = row->next[key];
}

/* The row of who was not heard of for longest, in no chain any more. */
static struct row *
oldest(struct known *known)
{
	struct row *ret = known->rows;

	for (size_t i = 1; i < known->count; i++)
		if (known->rows[i].used_ms < ret->used_ms)
			ret = &known->rows[i];
	unchain(known, ret, BY_NAME);
	unchain(known, ret, BY_NONCE);
	return ret;
}

/* A row for one more machine, in no chain yet. */
static struct row *
new_row(struct known *known)
{
	struct row *row;

	if (known->count == known->room && known->room < KNOWN_MOST) {
		known->room = known->room ? known->room * 2 : 64;
		known->rows = mem_grow(known->rows, known->room, sizeof(*known->rows));
	}
	row = known->count < known->room ? &known->rows[known->count++] : oldest(known);
	*row = (struct row){ .used_ms = 0 };
	return row;
}

void
known_script(struct known *known, const char *name, const char *nonce, const char *rack,
	     int64_t now_ms)
{
	uint64_t hash = hash_of(name);
	struct row *row;

	if (!name[0] || !nonce[0])
		return;		/* a script for nobody */
	row = find(known, BY_NAME, hash);
	if (row) {
		unchain(known, row, BY_NONCE);
	} else {
		row = new_row(known);
		chain(known, row, BY_NAME, hash);
	}
	chain(known, row, BY_NONCE, hash_of(nonce));
	row->used_ms = now_ms;
	row->machine.came_ms = 0;
	row->machine.files = 0;
	str_copy(row->machine.rack, sizeof(row->machine.rack), rack);
}

struct known_machine *
known_find(const struct known *known, const char *nonce)
{
	struct row *row = find(known, BY_NONCE, hash_of(nonce));

	return row ? &row->machine : NULL;
}
