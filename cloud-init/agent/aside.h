#ifndef AGENT_ASIDE_H
#define AGENT_ASIDE_H

#include <stdbool.h>

#include <jansson.h>

#include "lib/err.h"

struct agent;

/*
 * A storage machine that is ordered to leave sets its node aside first (kubectl's word is cordon).
 * Rook sees by it that the OSDs which go down are to come back, and keeps Ceph from copying what
 * they hold elsewhere (noout of that host, for 30 minutes at most).  The node's own key may do it.
 */

/* Sets the node aside, or says on the console why not: nobody is kept from leaving by it. */
void aside_set(const struct agent *agent);

/* Takes it back on a node as `kubectl get node -o json` has it, if it was us; 0 when there is
 * nothing (any more) to take back. */
int aside_clear(const json_t *node, struct err *err);

/* What a node is patched with to set it aside, or (`back`) to take that back; NULL: nothing is to
 * be done, as on one that a person has set aside.  New reference.  Pure. */
json_t *aside_patch(const json_t *node, bool back);

#endif
