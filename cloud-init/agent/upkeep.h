#ifndef AGENT_UPKEEP_H
#define AGENT_UPKEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"

/*
 * What a node needs after it has joined: the kubelet's settings as the site has them now, and
 * certificates that do not end.  The kubelet renews its own while it runs; what ended while the
 * machine was off, and the control plane's, which kubeadm makes for a year, are ours.
 */

/* Are the site's settings of the kubelet other than those that it was given last? */
bool upkeep_settings_due(void);

/* Has kubeadm make the kubelet's file anew (it asks the API server), then restarts it. */
int upkeep_settings(void *unused, struct err *err);

/* kubeadm has just joined with the settings that are here. */
int upkeep_settings_note(struct err *err);

/* Do certificates of the control plane end within a month, or was their renewal cut off?  By its
 * name each machine has an hour of its own, so that not all API servers restart at once. */
bool upkeep_certs_due(const char *name, int64_t now_s);

/* Renews them and restarts the static pods, which read them at their start alone. */
int upkeep_certs(void *unused, struct err *err);

/* A static pod's manifest with another mark, which makes the kubelet restart it; the caller frees,
 * NULL: it has no labels.  Pure. */
char *upkeep_manifest(const char *text, int64_t mark);

/* A node that was off for longer than its kubelet's certificate lasts could never speak to the API
 * server again: it gets the one that the engine has just signed.  1: it did, 0: no need. */
int upkeep_kubelet(int64_t now_s, struct err *err);

#endif
