#ifndef AGENT_WIPE_H
#define AGENT_WIPE_H

#include <jansson.h>

#include "lib/err.h"

struct agent;

/* Order «wipe»: every byte of the one disk with the serial number `serial` becomes zero.  Refused
 * when none or several have that number, when it is the system disk, or while anything has it open.
 * Prints how far it is and, last, what was done.  Takes its time. */
int wipe_run(const struct agent *agent, const json_t *order, struct err *err);

/* After it: the machine's disks are looked at anew, and the server is to hear what they are now. */
void wipe_after(struct agent *agent);

#endif
