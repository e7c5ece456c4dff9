#ifndef ENGINE_WIPE_H
#define ENGINE_WIPE_H

#include "engine/core.h"

/* The only way in which a data disk is erased: POST /v1/machines/NAME/wipe {serial} gives a code
 * for that disk, the same with {confirm: code} within ten minutes makes it an order to the agent.
 * Returns the status; *ret the answer (the caller's). */
int wipe(struct engine *e, struct machine *m, const json_t *body, json_t **ret);

#endif
