#ifndef SITE_SITE_H
#define SITE_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/net.h"
#include "site/cluster.h"
#include "site/links.h"
#include "site/network.h"
#include "site/parts.h"

/*
 * The site as its files say it: plain data, made whole by site_parse() and not changed after.
 * Strings are the struct's own; a NULL one means "not given" unless a default stands beside it.
 */

struct site_machine {
	struct site_place place;
	char *name;
	struct site_list macs;	/* normal form */
	char *uuid;		/* lower case */
	char *serial;
	enum site_arch arch;
	char *rack;
	uint32_t address;	/* reserved IPv4, 0: none */
	char *profile;		/* named by hand; else by rule */
	struct site_pair *labels;	/* for rules, and the node's */
	size_t nlabels;
	int roles;		/* bits of enum site_role, 0: not said */
	struct site_list taints;	/* "key=value:NoSchedule" */
	char *zone;		/* else its rack's */
	char *host;		/* dpu: the machine it sits in */
	struct site_list devices;	/* by-id names of Rook's disks; empty: by the rules */
	struct site_boot boot;
};

struct site_rack {
	struct site_place place;
	char *name;
	struct site_pair *labels;
	size_t nlabels;
	char *zone;
	struct site_router router;
};

struct site_profile {
	struct site_place place;
	char *name;
	struct site_boot boot;
};

/* A rule gives a profile to each machine whose labels (its own, its rack's, and the facts arch,
 * platform, manufacturer, product, rack, known) hold all of these; the first that fits wins. */
struct site_rule {
	struct site_place place;
	char *profile;
	struct site_pair *match;
	size_t nmatch;
	bool approve;		/* an unknown machine that fits is taken in without a person */
};

struct site {
	char **files;		/* names as given to site_parse(), for places */
	size_t nfiles;
	bool partial;		/* while it is checked: a file of machines is missing */

	char *name, *domain;
	char *interface;
	struct net_cidr address;
	uint16_t http_port, https_port;		/* default 80, 443 */
	int64_t store_limit, transfers;		/* bytes, files sent at once; 0: nobody says */
	enum site_dhcp dhcp;
	struct site_place dhcp_place;		/* line 0: there is no `dhcp:` */
	uint32_t range_first, range_last;	/* 0: no pool */
	uint32_t gateway;			/* 0: none */
	int64_t lease_s;			/* default 3600 */
	struct site_list dns, ntp;		/* IPv4 addresses; empty: the server itself */
	struct site_network *networks;		/* behind relay agents */
	size_t nnetworks;
	struct site_services services;		/* names and time */

	enum site_enrolment enrolment;
	enum site_enrolment enrolment_control_plane;	/* default approve */
	struct site_list ssh_keys;		/* authorized_keys lines */
	struct site_boot boot; /* the site's own defaults; boot.image is `image:` */

	struct site_rack *racks;
	size_t nracks;
	struct site_profile *profiles;
	size_t nprofiles;
	struct site_rule *rules;
	size_t nrules;
	struct site_machine *machines;
	size_t nmachines;

	struct site_kubernetes kubernetes;
	struct site_load_balancer load_balancer;
	struct site_storage storage;
	int roles_said;				/* of all machines together */

	struct site_index *index;	/* machines by name, MAC, UUID, serial; index.h */
	struct site_marks *marks;	/* where each value was said; marks.h */
};

void site_free(struct site *site);

/* The owner of the MAC (normal form), UUID or serial, in that order.  Any argument may be NULL. */
const struct site_machine *site_find(const struct site *site, const char *mac, const char *uuid,
				     const char *serial);
const struct site_machine *site_find_name(const struct site *site, const char *name);

const char *site_arch_name(enum site_arch arch);	/* "amd64", "arm64", "any" */

/* The bases of URLs: "http://10.9.0.1" (port where it is not the scheme's own); caller frees. */
char *site_http_url(const struct site *site);
char *site_https_url(const struct site *site);

#endif
