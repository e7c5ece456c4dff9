#ifndef PLAN_SCRIPT_H
#define PLAN_SCRIPT_H

#include <stddef.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * A script for iPXE: "#!ipxe", a head of `set name value` lines, then one of the plain files of
 * ipxe-scripts/ unchanged.  iPXE's own variables are the template language.
 */

/* Values are 0-1024 bytes of A-Z a-z 0-9 space . _ : / = , @ + % ~ - and names are a-z 0-9 '-'; all
 * else (above all '$', '{', newline, '&', '|', '#', quotes) is refused: -EINVAL. */
int script_value_check(const char *value, struct err *err);

/* `vars` is an object of strings, written in its own order; `plain` the file's text (its "#!ipxe"
 * is not repeated).  *ret is the caller's to free(). */
int script_render(const json_t *vars, const char *plain, char **ret, struct err *err);

/* Makes free text (a reason, a product's name) fit for a value: other bytes become '_' . */
void script_clean(char *text);

#endif
