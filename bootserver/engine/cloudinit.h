#ifndef ENGINE_CLOUDINIT_H
#define ENGINE_CLOUDINIT_H

#include "engine/core.h"

/* What a machine's root is given beside the image. */

/* Message cloud-init: one of the files of cloud-init's NoCloud data source. */
void cloudinit_file(struct engine *e, const json_t *body);

/* The files that stage 1 lays into the root of this boot: texts by path (docs/INTERFACES.md,
 * `files` of site.json); a new reference. */
json_t *cloudinit_root_files(const struct engine *e, const struct boot *b);

#endif
