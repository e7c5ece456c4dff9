#ifndef WEB_LIMITS_H
#define WEB_LIMITS_H

#include "lib/err.h"
#include "web/state.h"

/* Fills in the defaults, then what the object `limits` says (NULL: nothing; docs/INTERFACES.md
 * has the names).  An unknown name or a number out of bounds: -EINVAL. */
int limits_parse(const json_t *limits, struct limits *ret, struct err *err);

#endif
