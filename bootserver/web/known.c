/* The machines that were given a script: see known.h.  A flat list, looked through from end to end:
 * 16,384 numbers are compared in some microseconds. */
#include "web/known.h"

#include <stdlib.h>

#include "lib/str.h"

struct known {
	struct known_machine *machines;
	size_t count, room;
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
	free(known->machines);
	free(known);
}

/* FNV-1a.  Two names of one hash would share a pace: nothing that is worth more. */
static uint64_t
hash(const char *text)
{
	uint64_t ret = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		ret = (ret ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return ret;
}

static struct known_machine *
place_for(struct known *known, uint64_t name)
{
	struct known_machine *oldest = known->machines;

	for (size_t i = 0; i < known->count; i++) {
		struct known_machine *one = &known->machines[i];

		if (one->name == name)
			return one;
		if (one->used_ms < oldest->used_ms)
			oldest = one;
	}
	if (known->count == KNOWN_MOST) {
		*oldest = (struct known_machine){ .name = name };
		return oldest;
	}
	if (known->count == known->room) {
		known->room = known->room ? known->room * 2 : 64;
		known->machines =
			mem_grow(known->machines, known->room, sizeof(*known->machines));
	}
	oldest = &known->machines[known->count++];
	*oldest = (struct known_machine){ .name = name };
	return oldest;
}

void
known_script(struct known *known, const char *name, const char *nonce, const char *rack,
	     int64_t now_ms)
{
	struct known_machine *machine;

	if (!name[0] || !nonce[0])
		return;		/* a script for nobody */
	machine = place_for(known, hash(name));
	machine->nonce = hash(nonce);
	machine->used_ms = now_ms;
	str_copy(machine->rack, sizeof(machine->rack), rack);
}

struct known_machine *
known_find(const struct known *known, const char *nonce)
{
	uint64_t wanted = hash(nonce);

	for (size_t i = 0; i < known->count; i++)
		if (known->machines[i].nonce == wanted)
			return &known->machines[i];
	return NULL;
}
