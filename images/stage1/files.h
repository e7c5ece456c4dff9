#ifndef STAGE1_FILES_H
#define STAGE1_FILES_H

#include <stdbool.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * The files that the site gives a machine's root, `files` of site.json: texts by path.  Two rounds:
 * those below /run (which moves into the root), then the others below `root`, the mounted root.
 * Paths are taken in a few folders alone; what cannot be written is said in *err while the others
 * are.  Returns how many were written, or negative when any was not.
 */
int files_write_run(const json_t *site, const char *run, struct err *err);
int files_write_root(const json_t *site, const char *root, struct err *err);

#endif
