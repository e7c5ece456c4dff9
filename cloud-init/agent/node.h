#ifndef AGENT_NODE_H
#define AGENT_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * What makes this machine a node and lasts: the kubelet's own key, and the mark that kubeadm has
 * ended well (docs/CLUSTER.md).  All of it lies in /etc/kubernetes, so on the state partition.
 */
#define NODE_FOLDER "/etc/kubernetes/bootserver"
#define NODE_MARK NODE_FOLDER "/node.json"
#define NODE_KEY NODE_FOLDER "/kubelet.key"

/* The request for the kubelet's certificate (PEM PKCS#10, CN=system:node:NAME, O=system:nodes), by
 * the kubelet's key, which is made if there is none.  The caller frees; NULL: it failed. */
char *node_csr(const char *name, struct err *err);

/* Which node of which cluster this machine is. */
struct node_id {
	const char *cluster, *name;
};

/* {"cluster": id or null, "node": …, "name": …, "etcd": …}: what was kept here.  New reference. */
json_t *node_have(void);

/* Is it that node already? */
bool node_kept(const struct node_id *id);

/* Is there anything that kubeadm left? */
bool node_traces(void);

/* A control-plane node: do its certificates, which kubeadm made for a year, end within a month? */
bool node_certs_due(int64_t now_s);

int node_mark(const struct node_id *id, const char *action, struct err *err);
void node_unmark(void);

#endif
