#ifndef ENGINE_IMAGES_H
#define ENGINE_IMAGES_H

#include "engine/core.h"

/* Reads the store anew; on failure what was known stays. */
int engine_images_load(struct engine *e, struct err *err);
void engine_images_fini(struct engine *e);

#endif
