#ifndef AGENT_PLACE_H
#define AGENT_PLACE_H

#include <stdbool.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * Files that the engine sends: [{"path", "mode", "text"}], and lines for /etc/hosts.  The engine is
 * believed, but only as far as its work goes: other paths are refused.
 */

/* True if a file may go there: below one of the allowed folders, by a plain path.  Pure. */
bool place_allowed(const char *path);

/* Puts each into its place, whole or not at all; what is there already is left alone. */
int place_files(const json_t *files, struct err *err);

/* The text of a hosts file with our lines (`hosts`, an array) in it, in the block that is ours; the
 * caller frees.  Pure. */
char *place_hosts_render(const char *text, const json_t *hosts);

int place_hosts(const json_t *hosts, struct err *err);

#endif
