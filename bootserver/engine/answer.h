#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include "engine/cluster.h"
#include "engine/decide.h"

/* The answer to request `cluster` (docs/CLUSTER.md). */

struct answer_for {
	const struct machine *m;
	const struct decision *d;
	const struct agent_ask *ask;	/* NULL: for the digest alone */
};

/* The caller's; NULL with err when something cannot be signed. */
json_t *answer_new(struct engine *e, const struct answer_for *to, struct err *err);

#endif
