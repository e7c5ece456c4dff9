#ifndef ENGINE_ACCESS_H
#define ENGINE_ACCESS_H

#include "engine/cluster.h"

/* Certificates that the engine signs as the cluster's CA, and kubeconfigs around them. */

#define ACCESS_HOURS_MOST (365 * 24)

/* For a kubelet: CN=system:node:NAME of the machine itself, whatever the request (PEM) asks for;
 * good for 24 hours.  The kubeconfig names the machine's own key.  The caller frees; NULL: err. */
char *access_node(struct engine *e, const struct machine *m, const char *csr, struct err *err);

/* For an administrator, with a key made for it; the caller wipes and frees; NULL: err. */
char *access_admin(struct engine *e, const char *user, int64_t hours, struct err *err);

#endif
