#ifndef AGENT_TUNE_H
#define AGENT_TUNE_H

#include <stdbool.h>

/*
 * What a node wants of its kernel: modules that nothing loads by itself, settings, a default route.
 * What cannot be had is logged; the node mostly runs without it, and kubeadm says what it cannot do
 * without.  `nic` is the one it was booted through.
 */
void tune_kernel(const char *machine, const char *nic);

/* Has the text of /proc/net/route a default route?  Pure. */
bool tune_has_default(const char *routes);

#endif
