#ifndef ENGINE_ORDER_H
#define ENGINE_ORDER_H

#include "engine/core.h"

/*
 * What machines are told to do.  An order is a row of the database: given until the agent has
 * acknowledged it, then never again; it ends with the agent's word how that went, or when the
 * machine boots: then one to leave is done if it was taken, and any other one has expired.  One
 * that its agent was never told can be withdrawn.
 */
enum order_kind { ORDER_REBOOT, ORDER_POWEROFF, ORDER_IDENTIFY, ORDER_WIPE, ORDER_KINDS };

struct order {
	enum order_kind kind;
	const char *why;	/* who asks, for the timeline: "the operator asks" */
	const char *serial;	/* of a disk (wipe); NULL: none */
	int64_t seconds;	/* how long (identify); 0: none */
};

/* A row more, unless the same one still waits for its agent: that gets this one's `seconds`.
 * agent_order() also answers the held poll. */
void order_add(struct engine *e, struct machine *m, const struct order *order);

/* Takes back those of the kind that its agent was never told; `why` is for the timeline.  False:
 * there was none. */
bool order_withdraw(struct engine *e, struct machine *m, enum order_kind kind, const char *why);

/* Is there one that its agent has not acknowledged? */
bool order_waits(struct engine *e, const struct machine *m);

/* Those, as a poll brings them. */
json_t *order_list(struct engine *e, const struct machine *m);

/* What a poll says: `taken` (ids), `results` ([{id, good, text}]). */
void order_words(struct engine *e, struct machine *m, const json_t *said);

/* The id of the last order of the site by which a disk was wiped; 0: none is remembered. */
int64_t order_wiped(struct engine *e);

/* The machine has asked for its script: all of its orders end. */
void order_boot(struct engine *e, struct machine *m);

/* The last ones, newest first: see docs/openapi.yaml. */
json_t *order_view(struct engine *e, const struct machine *m);

#endif
