#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "cloud-init/agent/input.h"
#include "cloud-init/agent/verdict.h"
#include "lib/err.h"

/* The whole of `bootserver-agent state`: 0 when there is a verdict, whatever it is; negative
 * when not even that could be written. */
int state_run(struct err *err);

/* Looks at the disks anew, for a machine that runs: `verdict->disks` and state.json say what they
 * are now.  Nothing is chosen, made or mounted. */
void state_look(const struct input *input, struct verdict *verdict);

#endif
