/*
 * Words a person typed: how near one is to another (for "did you mean"), and whether a value keeps
 * to the closed set of signs that scripts and kernel command lines carry.
 */
#include "lib/words.h"

#include <string.h>

enum { WORDS_LONGEST = 32 };

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t
words_distance(const char *a, const char *b)
{
	size_t rows[3][WORDS_LONGEST + 1];
	size_t na = strlen(a), nb = strlen(b);

	if (na > WORDS_LONGEST || nb > WORDS_LONGEST)
		return 99;
	for (size_t j = 0; j <= nb; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= na; i++) {
		size_t *now = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		now[0] = i;
		for (size_t j = 1; j <= nb; j++) {
			now[j] = least(least(last[j], now[j - 1]) + 1,
				       last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				now[j] = least(now[j], before[j - 2] + 1);
		}
	}
	return rows[na % 3][nb];
}

const char *
words_nearest(const char *word, const char *const *words)
{
	const char *best = NULL;
	size_t limit = strlen(word) <= 3 ? 1 : strlen(word) <= 6 ? 2 : 3;

	for (; *words; words++) {
		size_t distance = words_distance(word, *words);

		if (distance <= limit && distance < strlen(*words)) {
			best = *words;
			limit = distance ? distance - 1 : 0;
			if (!distance)
				break;
		}
	}
	return best;
}

const char *
words_bad_sign(const char *text)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789 ._:/=,@+%~-";

	text += strspn(text, good);
	return *text ? text : NULL;
}
