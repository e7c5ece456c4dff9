#ifndef AGENT_SEED_H
#define AGENT_SEED_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud-init/agent/part.h"
#include "lib/err.h"

/*
 * containerd's folder, made from the parts instead of importing images (docs/CLUSTER.md): its two
 * databases and its contents are copied, the layers stay in the parts and are linked to.
 */

/* Seeds /var/lib/containerd for these mounted parts (the last one's databases know the images of
 * all; no parts: an empty folder).  1: done; 0: it was seeded from the same parts before; negative:
 * failed, and the next call begins anew.  containerd must not run: its unit does not start by
 * itself as long as nothing was seeded. */
int seed_containerd(const struct part *parts, size_t count, struct err *err);

/* Was it seeded, from whatever? */
bool seed_is(void);

/* Would it do something? */
bool seed_needed(const struct part *parts, size_t count);

#endif
