#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/str.h"

/* The machines as a table for people: pure, so that it can be compared with a golden file. */

struct table_look {
	bool utf8;		/* bars of block elements, else of '#' and '.' */
	bool colour;
	size_t width;		/* columns; 0: as wide as need be */
	size_t rows;		/* machines shown at most; 0: all */
	int64_t now_ms;
};

/* `machines` as the API lists them; one line each, ending in a newline. */
void table_machines(const json_t *machines, const struct table_look *look, struct buf *ret);

/* "612 s behind", with the clock of GET /v1/machines; false, and "", where it is right to within
 * TABLE_CLOCK_MS or not known well enough to say that it is not. */
#define TABLE_CLOCK_MS 2000
bool table_clock(char ret[40], const json_t *machine);

/* "0.4 s", "41 s", "12 m 03 s", "5 h 07 m", "3 d 2 h". */
void table_time(char ret[16], int64_t ms);

/* Cuts UTF-8 text to at most `columns` signs, in place. */
void table_cut(char *text, size_t columns);

#endif
