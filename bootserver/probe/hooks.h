#ifndef PROBE_HOOKS_H
#define PROBE_HOOKS_H

/* Seen by lwIP's own files. */

#include <lwip/ip4_addr.h>
#include <lwip/netif.h>

struct netif *card_route(const ip4_addr_t *src, const ip4_addr_t *dest);

#endif
