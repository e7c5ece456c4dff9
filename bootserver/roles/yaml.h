#ifndef ROLES_YAML_H
#define ROLES_YAML_H

#include <jansson.h>

#include "lib/str.h"

/*
 * YAML for Kubernetes, written from JSON trees: block style, members in the order they were set,
 * and every text quoted unless it cannot be read as anything but itself.  So no word of a site file
 * can become another type, another key or another document.
 */

/* Adds "---" and the document. */
void yaml_add(struct buf *text, const json_t *document);

/* json_pack(); a NULL (text that is no UTF-8, memory) ends the process: it is our own fault. */
json_t *yaml_pack(const char *fmt, ...);

/* An object of Kubernetes; `namespace` may be NULL. */
json_t *yaml_object(const char *api, const char *kind, const char *space, const char *name);

/* Adds an element to a list and hands it back (borrowed), so that it can be filled. */
json_t *yaml_append(json_t *list, json_t *element);

/* Sets a member and hands it back (borrowed). */
json_t *yaml_set(json_t *object, const char *key, json_t *value);

#endif
