#ifndef SITE_LINKS_H
#define SITE_LINKS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/net.h"
#include "site/parts.h"

/* What `network:` says: the network interfaces of a machine once its root runs. */

enum site_bond_mode { SITE_BOND_LACP, SITE_BOND_BACKUP, SITE_BOND_XOR };

struct site_route {
	struct site_place place;
	struct net_cidr to;
	uint32_t via;
};

/* A card, a bond of cards, or a VLAN: one of `nic`, `bond` and `vlan` is said. */
struct site_link {
	struct site_place place;
	char *name;
	char *nic;		/* "boot" (what it booted by), a MAC, or the system's name */
	struct site_list bond;	/* links by name, "boot", or MACs */
	enum site_bond_mode mode;
	int64_t vlan;		/* 0: it is none */
	char *over;		/* what the VLAN lies on: a link by name, "boot", or a MAC */
	int64_t mtu;		/* 0: not said */
	struct site_list addresses;	/* "10.20.0.5/24" */
	uint32_t gateway;
	struct site_route *routes;
	size_t nroutes;
};

/* The link that has this name, or that is this card ("boot" or a MAC); NULL: none of them. */
const struct site_link *site_link_find(const struct site_boot *boot, const char *text);

/* The card that a word stands for: its MAC, else its name in the system, else the word itself.
 * `mac` is what "boot" stands for, NULL where that is not known.  Borrowed from one of them. */
const char *site_link_card(const struct site_boot *boot, const char *text, const char *mac);

/* The bond that this card is a member of; NULL: of none. */
const struct site_link *site_link_bond(const struct site_boot *boot, const char *text,
				       const char *mac);

#endif
