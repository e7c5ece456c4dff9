#ifndef AGENT_ORDER_H
#define AGENT_ORDER_H

#include "cloud-init/agent/agent.h"

/* Orders of the server: takes one that a poll brought; does, a piece each turn, those whose taking
 * the server has acknowledged.  While order_busy() a poll is not to be held. */
void order_take(struct agent *agent, const json_t *order);
void order_step(struct agent *agent);
bool order_busy(const struct agent *agent);

#endif
