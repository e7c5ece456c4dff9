#ifndef ENGINE_INDEX_H
#define ENGINE_INDEX_H

#include <stddef.h>

/* A hash table from text to things that live elsewhere.  Keys are copied. */

struct index_row;
struct index {
	struct index_row *rows;
	size_t size;	/* a power of two, or 0 */
	size_t used;	/* rows that are or were taken */
	size_t count;
};

/* A zeroed struct index is empty and ready. */
void index_fini(struct index *index);
void index_fini_values(struct index *index);	/* values that were malloc()ed go too */

/* NULL when there is none; a key of NULL or "" is never there. */
void *index_find(const struct index *index, const char *key);

/* Puts `value` (not NULL) in place of what was there; a key of NULL or "" is left out. */
void index_put(struct index *index, const char *key, void *value);

/* Removes the key if it leads to `value`; value NULL: whatever it leads to. */
void index_drop(struct index *index, const char *key, const void *value);

#endif
