#ifndef AGENT_TUNE_H
#define AGENT_TUNE_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a node wants of its kernel: modules that nothing loads by itself, settings, a default route.
 * What cannot be had is logged; the node mostly runs without it, and kubeadm says what it cannot do
 * without.  `ip` is the address that it was booted with.
 */
void tune_kernel(const char *machine, const char *ip);

/* Has the text of /proc/net/route (proc(5)) a default route?  Pure. */
bool tune_has_default(const char *routes);

/* The interface by which the same text reaches an address (host order) without a gateway, and not
 * by a default route; -ENOENT: there is none.  Pure. */
int tune_find_link(const char *routes, uint32_t address, char ret[IF_NAMESIZE]);

#endif
