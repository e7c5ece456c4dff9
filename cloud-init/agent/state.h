#ifndef AGENT_STATE_H
#define AGENT_STATE_H

#include "lib/err.h"

/* The whole of `bootserver-agent state`: 0 when there is a verdict, whatever it is; negative
 * when not even that could be written. */
int state_run(struct err *err);

#endif
