#ifndef AGENT_HEALTH_H
#define AGENT_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Is the root that came up a good one?  Under systemd: sshd and containerd answer, on a node the
 * kubelet runs, the boot has come to its end and no unit has failed.  In recipe tiny there is
 * nothing to ask.
 */

/* True when all is well; else `text` names the first thing that is missing. */
bool health_look(char *text, size_t size);

/* The verdict over what `systemctl show -p SystemState -p NFailedUnits` and `systemctl list-units
 * --failed --output=json` print (`failed` may be NULL).  Pure. */
bool health_judge(const char *shown, const char *failed, char *text, size_t size);

#endif
