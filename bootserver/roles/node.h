#ifndef ROLES_NODE_H
#define ROLES_NODE_H

#include "roles/roles.h"

/* What a node is called and marked with; for the renderers of this house. */

#define ROLES_API_PORT 6443
#define LABEL_ZONE "topology.kubernetes.io/zone"
#define LABEL_RACK "topology.rook.io/rack"
#define LABEL_ROLE "bootserver.dev/role-"	/* and the role's name, with no value */

/* "api.lab.internal"; the caller frees. */
char *roles_endpoint(const struct site *site);

/* The node's labels as an object: topology, its own, its roles.  What Kubernetes would not take as
 * a label is left out. */
json_t *roles_labels(const struct site *site, const struct site_machine *machine);

/* "key=value,…" of those that a kubelet may give itself (NodeRestriction); the caller frees. */
char *roles_kubelet_labels(const json_t *labels);

/* "key=value:effect,…" as kubelet's --register-with-taints takes it, "" for none; the caller
 * frees. */
char *roles_taints(const struct site *site, const struct site_machine *machine);

#endif
