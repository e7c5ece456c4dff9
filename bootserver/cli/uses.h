#ifndef CLI_USES_H
#define CLI_USES_H

#include "lib/err.h"

/* Who needs a generation of an image: "n1 boots it next, n2 runs it" in fresh memory, or NULL with
 * `err` as it was.  A running server tells; without one the site's files and the database do.
 * NULL and a sentence in `err`: it cannot be told. */
char *uses_find(const char *name, int generation, struct err *err);

#endif
