#ifndef AGENT_BOX_H
#define AGENT_BOX_H

#include "lib/str.h"

/* A box of plain signs that is easily found on a console, one line of text a row.  `lines` ends
 * with NULL.  Pure. */
void box_render(struct buf *ret, const char *const *lines);

#endif
