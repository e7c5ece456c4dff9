#ifndef AGENT_TAINT_H
#define AGENT_TAINT_H

#include <jansson.h>

/*
 * A node's taints follow the site file.  The kubelet gives them only when it registers the node,
 * and the list is one whole to `kubectl apply`: it would throw out what others have put there.  So
 * what the site gave is noted at the node (annotation bootserver.dev/taints), and just that goes
 * when the site does not say it any more.
 */
#define TAINT_NOTE "bootserver.dev/taints"

/* What `kubectl taint node` is to be told so that a node (as the API server has it) gets the taints
 * of `wanted` ("a=b:NoSchedule,c:NoExecute") and loses those noted that are not wanted any more.
 * New reference; empty: nothing is to be done. */
json_t *taint_words(const json_t *node, const char *wanted);

/* {"n1": "a=b:NoSchedule", …}: each node in turn, again and again until the API server took it. */
void taint_all(const json_t *wanted);

#endif
