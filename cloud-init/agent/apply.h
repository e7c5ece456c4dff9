#ifndef AGENT_APPLY_H
#define AGENT_APPLY_H

#include "cloud-init/agent/agent.h"

/*
 * kubectl, as the agent uses it: the cluster's objects go to the API server stage by stage, and the
 * node is waited for.  All of these take their time: they run in jobs.
 */
#define APPLY_ADMIN "--kubeconfig=/etc/kubernetes/admin.conf"
#define APPLY_KUBELET "--kubeconfig=/etc/kubernetes/kubelet.conf"

/* Applies one stage until it is taken, prunes, then waits as the stage says; prints what it waits
 * for.  It gives up only on what no waiting mends: a stage that is ill-formed. */
int apply_stage(const json_t *stage, struct err *err);

/* Waits until the node is Ready, as the kubelet's own key sees it. */
int apply_ready(const char *node, struct err *err);

/* How long to rest after a look that took so long: nine times that, 2 to 10 seconds.  On a machine
 * that is slow a look costs it what the node needs to become Ready.  Pure. */
int64_t apply_rest_ms(int64_t took_ms);

/* What kubectl printed when it failed, as it is to be told: its last line; or, in one way where it
 * has many, that the API server is away or is not well, which no machine can mend.  Pure. */
void apply_complaint(const char *text, char *ret, size_t size);

/* Is the node of `kubectl get node -o json` Ready, by the word of the kubelet of this boot?  `boot`
 * is the kernel's boot id, NULL where it is not known: before its kubelet has spoken, a node that
 * comes back has the Ready of its former life.  Else `why` says what it lacks.  Pure. */
bool apply_node_ready(const json_t *node, const char *boot, char *why, size_t size);

/* The object that kubectl printed, behind whatever it warns of. */
int apply_parse(json_t **ret, const char *text, struct err *err);

/* What `argv` (kubectl … get … -o json) prints within that time; the caller's.  -EIO: kubectl
 * failed, with its complaint; else as child_run() and apply_parse(). */
int apply_get(const char *const *argv, int timeout_ms, json_t **ret, struct err *err);

/* A pause before the next try: 1 s, 2, 4, 8, then 10. */
void apply_rest(unsigned int tries);

#endif
