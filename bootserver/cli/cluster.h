#ifndef CLI_CLUSTER_H
#define CLI_CLUSTER_H

#include <jansson.h>

#include "lib/str.h"

/* What a person should know of the cluster, as the API shows it: a line each, nothing when all is
 * well or there is no cluster.  Pure. */
void cluster_lines(const json_t *cluster, struct buf *ret);

/* "node Ready v1.36.4, control-plane worker, announces 10.9.0.200, 1 of 1 OSDs up" of a machine, or
 * nothing. */
void cluster_node_line(const json_t *machine, struct buf *ret);

#endif
