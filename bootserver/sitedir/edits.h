#ifndef SITEDIR_EDITS_H
#define SITEDIR_EDITS_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * The files that the operator's API writes: machines.d/NAME.yaml with one machine each.  A first
 * line tells them from a person's files, which are never written.
 */

#define EDITS_PATH 96	/* bytes of "machines.d/NAME.yaml" and NUL */

/* The file of a machine; `name` is a label (str_is_label()). */
void edits_path(char ret[EDITS_PATH], const char *name);

/* Was this text written by edits_format()? */
bool edits_ours(const char *text, size_t len);

/* The file of one machine, its name first; members that are null are left out.  -EINVAL if a key is
 * none that a site file could have. */
int edits_format(json_t *machine, char **ret, struct err *err);

/* The machine as it was given to edits_format(); NULL: the text is not ours, or was changed. */
json_t *edits_parse(const char *text, size_t len);

/* Puts the file there, or takes it away (text NULL; not being there is fine).  -EEXIST: a person's
 * file is in its place. */
int edits_write(int dirfd, const char *name, const char *text, struct err *err);

#endif
