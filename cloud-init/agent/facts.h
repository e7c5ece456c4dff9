#ifndef AGENT_FACTS_H
#define AGENT_FACTS_H

#include <jansson.h>

#include "cloud-init/agent/ears.h"

/*
 * What this machine is, as docs/INTERFACES.md «facts» says: from /sys and /proc below the root
 * prefix (tests have such trees), the disks as `state` saw them.
 */

/* New reference.  `boot_mac` may be empty, `ears` and `disks` (borrowed) NULL. */
json_t *facts_collect(const char *boot_mac, const struct ears *ears, json_t *disks);

/* The nics alone. */
json_t *facts_nics(const char *boot_mac, const struct ears *ears);

/* "2 cores, 2048 MiB, 1 NIC, 1 disk" in `ret` (`size` bytes). */
void facts_summary(const json_t *facts, char *ret, size_t size);

#endif
