#ifndef AGENT_IDENTIFY_H
#define AGENT_IDENTIFY_H

#include <jansson.h>

#include "lib/err.h"

struct agent;

/* Order «identify»: lights up the machine for `seconds` so that a person in front of the rack finds
 * it, and prints by what.  -ENOTSUP with the reasons when it has no light that can be asked. */
int identify_run(const struct agent *agent, const json_t *order, struct err *err);

#endif
