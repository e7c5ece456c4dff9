#ifndef ENGINE_AGENT_H
#define ENGINE_AGENT_H

#include "engine/core.h"
#include "engine/order.h"

/* Message agent: enrol, poll, events, cluster.  Every answer is signed by the engine. */
void agent_request(struct engine *e, const json_t *body);

/* Answers polls whose time is over. */
void agent_tick(struct engine *e);

/* An order for the machine; its held poll is answered with it. */
void agent_order(struct engine *e, struct machine *m, const struct order *order);

#endif
