#ifndef LIB_WORDS_H
#define LIB_WORDS_H

#include <stddef.h>

/* Words a person typed. */

/* How many letters must be added, dropped, changed or swapped with their neighbour to make one word
 * of the other (optimal string alignment); words over 32 bytes: 99. */
size_t words_distance(const char *a, const char *b);

/* The word of `words` (NULL-terminated) nearest to `word` and near enough to be meant, or NULL. */
const char *words_nearest(const char *word, const char *const *words);

/* The first byte that a value in an iPXE script or on a kernel's command line cannot carry, or NULL
 * when all is well.  The closed set: A-Z a-z 0-9 space . _ : / = , @ + % ~ - */
const char *words_bad_sign(const char *text);

#endif
