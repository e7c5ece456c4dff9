#ifndef CLI_NIC_H
#define CLI_NIC_H

#include "lib/err.h"
#include "lib/net.h"

/* What `init` proposes: the card towards the machines, its address, and a pool in its subnet. */

#define NIC_NAME 16

struct nic {
	char name[NIC_NAME];
	struct net_cidr address;
};

/* Chooses among this host's cards.  `name` and `address` (NULL: not given) are what the person
 * said: the card that has the address; else the first real card with a link, else the first with
 * one, else the only one. -ENODEV or -EADDRNOTAVAIL with the sentence. */
int nic_choose(struct nic *ret, const char *name, const struct net_cidr *address, struct err *err);

/*
 * A pool for the subnet of `server`, which it must not hold: .100 to .199 where there is room for
 * that, else the upper half of the subnet, or the lower one when the server is in the upper.
 * -ERANGE when the subnet has no room for a machine.
 */
int nic_pool(const struct net_cidr *server, uint32_t *ret_first, uint32_t *ret_last);

#endif
