#ifndef LIB_BAR_H
#define LIB_BAR_H

#include <stdbool.h>
#include <stdint.h>

#define BAR_LINE 80

/* A progress bar for a person who reads a serial log: a line for each tenth, two in a second at
 * most, and one each 15 s where it goes slowly. */
struct bar {
	uint64_t total;			/* bytes; 0: not known */
	uint64_t from;			/* bytes that were there at the start: not in the speed */
	int64_t began_ms, said_ms;
	unsigned tenth;			/* the last one said */
};

void bar_init(struct bar *p, uint64_t total, uint64_t from, int64_t now_ms);

/* True with the line in `ret` if one is due at `got` bytes. */
bool bar_step(struct bar *p, uint64_t got, int64_t now_ms, char ret[BAR_LINE]);

#endif
