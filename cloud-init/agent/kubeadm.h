#ifndef AGENT_KUBEADM_H
#define AGENT_KUBEADM_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/*
 * kubeadm, as the agent uses it: which command, what its lines mean, and how what it left is
 * cleaned away.
 */
#define KUBEADM_MS (20 * 60000)		/* its own limits are shorter */
#define KUBEADM_CONFIG "/etc/kubernetes/bootserver/kubeadm.yaml"

/* The command for an action of the engine ("init", "join", "join-control-plane"), or NULL. */
const char *const *kubeadm_command(const char *action);

/* «[phase] words» → "phase" in `ret`; false for other lines.  Pure. */
bool kubeadm_phase(const char *line, char *ret, size_t size);

/* From all that it printed, the line that says why it failed, in `ret`.  Pure. */
void kubeadm_reason(const char *output, char *ret, size_t size);

/* Of a join that failed: what passes by itself, as a sentence, or NULL.  Pure. */
const char *kubeadm_awaits(const char *output);

/* Takes away what an earlier kubeadm left: kubelet's and control plane's files and containers, the
 * etcd member.  What the agent keeps (NODE_FOLDER but the mark, keys, caches) stays.  Takes its
 * time; containerd must run. */
int kubeadm_clean(struct err *err);

#endif
