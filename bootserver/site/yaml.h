#ifndef SITE_YAML_H
#define SITE_YAML_H

#include <stdbool.h>

#include <libfyaml.h>

#include "site/parse.h"

/* One YAML document with the places of its nodes: the part of libfyaml that site/ needs. */

struct yaml;

/* Reads the source (which must stay as long); NULL, and told with the place, when it is no YAML. */
struct yaml *yaml_open(const struct site_source *source, int file, struct site_findings *findings);
void yaml_close(struct yaml *yaml);
struct fy_node *yaml_root(const struct yaml *yaml);	/* NULL: an empty document */

/* A node, and where it begins. */
struct yaml_at {
	struct fy_node *node;
	struct site_place place;
};

/* The node itself, or what an alias stands for (the alias where it stands for nothing).  Where its
 * place cannot be told (an empty value), it is `outer`; the file is always that of `outer`. */
struct yaml_at yaml_aim(struct fy_node *node, const struct site_place *outer);

/* A scalar's text in fresh memory; NULL for no scalar or with a NUL inside. */
char *yaml_text(struct fy_node *node);

/* Any value as JSON on one line, in fresh memory; NULL where it is too deep or too large to be
 * meant, or is no JSON (an alias without anchor, a NUL, a mapping's key that is no text). */
char *yaml_json(struct fy_node *node);

bool yaml_is_null(struct fy_node *node);	/* nothing, ~ or null, unquoted */
const char *yaml_kind(struct fy_node *node);	/* "a mapping", "a list", "text", "nothing" */

#endif
