#ifndef SITE_NETWORK_H
#define SITE_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/net.h"
#include "site/parts.h"

/* What the site's file says of networks beyond the server's own, of names and of time. */

/* A network whose DHCP requests come through a relay agent. */
struct site_network {
	struct site_place place;
	struct net_cidr subnet;
	uint32_t range_first, range_last;	/* 0: no pool */
	uint32_t gateway;			/* 0: none */
};

struct site_services {
	struct site_list forward;	/* DNS servers, IPv4; empty: those of dhcp.dns */
	bool serve_time;		/* default true */
	struct site_list time_servers;	/* names or addresses */
	bool set_clock;
};

struct site;

/* The further network that holds the address; NULL: none. */
const struct site_network *site_network_of(const struct site *site, uint32_t address);

/* Is it a name below the site's domain that no machine can have: the server's, the cluster's? */
bool site_needs_name(const struct site *site, const char *name);

#endif
