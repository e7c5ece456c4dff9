#ifndef ENGINE_START_H
#define ENGINE_START_H

#include "engine/core.h"

/* Messages start and reload: takes the site's files, answers the keeper with `config`.  Negative
 * when the engine cannot go on (pki, images); a site with faults is an answer, not a failure. */
int start_take(struct engine *e, struct msg *msg, struct err *err);
/* Sends `config` once more: a machine was taken in, and is to have its name. */
int start_again(struct engine *e, struct err *err);

/* The same with another site, made from `sources`; both are taken. */
int start_with(struct engine *e, const struct sources *sources, struct site *site, struct err *err);

void start_fini(struct engine *e);

#endif
