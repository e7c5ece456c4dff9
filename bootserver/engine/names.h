#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include "engine/core.h"

/* The names that dnsmasq is told: site, machines and where each was seen. */

/* As they are now; borrowed until the next call. */
const char *names_text(struct engine *e);

/* Tells the keeper, if an address changed and the names with it. */
void names_tick(struct engine *e);

void names_fini(struct engine *e);

#endif
