#ifndef PROBE_SETTINGS_H
#define PROBE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

/* iPXE's settings, as far as boot scripts use them: names with values, and ${…} in a text. */

struct setting {
	char *name, *value;
	bool number;		/* was set as :int32 or the like: `inc` takes no other */
	struct setting *next;
};

struct settings {
	struct setting *first;
};

void settings_fini(struct settings *settings);

/* NULL or "": cleared.  `name` may have a type behind it (x:int32). */
void settings_set(struct settings *settings, const char *name, const char *value);

/* Borrowed; NULL when it is not set.  Any NIC is net0, and what is not set by itself is net0's. */
const struct setting *settings_find(const struct settings *settings, const char *name);

/* The text with each ${name} or ${name:type} replaced, from the inside out; fresh memory, NULL when
 * that has no end. */
char *settings_expand(const struct settings *settings, const char *text);

#endif
