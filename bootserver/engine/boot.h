#ifndef ENGINE_BOOT_H
#define ENGINE_BOOT_H

#include "engine/core.h"

/* What machines that boot ask through web. */

void boot_script(struct engine *e, const json_t *body);		/* message boot */
void boot_site_json(struct engine *e, const json_t *body);	/* message site-json */

#endif
