#ifndef SITE_CLUSTER_H
#define SITE_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/net.h"
#include "site/parts.h"

/*
 * The site's Kubernetes part: what `kubernetes:`, `load-balancer:`, `storage:` and the machines'
 * roles say.  A group that is not in the file has place.line 0.
 */

enum site_cni { SITE_CNI_FLANNEL, SITE_CNI_NONE };

struct site_kubernetes {
	struct site_place place;
	bool enabled;		/* default true: machines whose image has the part kube join */
	char *endpoint;		/* label of the API server's name below the domain; "api" */
	struct net_cidr pods, services;	/* 10.244.0.0/16, 10.96.0.0/16 */
	enum site_cni cni;
	struct site_list manifests;	/* own files in the site directory, applied after the CNI */
	struct site_pair *kubelet;	/* KubeletConfiguration: value is JSON of any shape */
	size_t nkubelet;
	struct site_pair *api_server;	/* kube-apiserver's flags without dashes */
	size_t napi_server;
};

enum site_announce { SITE_ANNOUNCE_L2, SITE_ANNOUNCE_BGP };

/* An IPAddressPool. */
struct site_pool {
	struct site_place place;
	char *name;
	struct site_list addresses;	/* "10.9.0.200-10.9.0.220" or CIDR */
	struct site_list racks;		/* announced from these alone; empty: from all */
	bool auto_assign;		/* default true */
};

struct site_load_balancer {
	struct site_place place;
	enum site_announce announce;
	struct site_list interfaces;	/* l2: only on these; empty: on all */
	int64_t asn;			/* bgp: the nodes' AS number */
	struct site_list communities;	/* "64512:100" */
	int64_t aggregation;		/* prefix length announced, default 32 */
	int64_t local_preference;	/* 0: not said */
	struct site_pool *pools;
	size_t npools;
};

/* The rack's BGP router; address 0: there is none. */
struct site_router {
	uint32_t address;
	int64_t asn;
	char *password;
	bool multihop;
};

enum site_failure_domain { SITE_FAILURE_HOST, SITE_FAILURE_RACK };

/* Which blank disks Rook may take; all that is said must fit.  No rule at all: any blank disk. */
struct site_device_rule {
	struct site_place place;
	int64_t size_least, size_most;	/* bytes, 0: any */
	char *type;			/* "hdd", "ssd", "nvme"; NULL: any */
	char *model;			/* a part of it, case of letters aside; NULL: any */
};

struct site_storage {
	struct site_place place;
	int64_t replicas;		/* 0: not said, the smaller of 3 and the failure domains */
	enum site_failure_domain failure_domain;
	struct site_device_rule *rules;
	size_t nrules;
	bool object_store;
};

/* Bits of site_machine.roles; 0: not said (docs/CLUSTER.md «Roles»). */
enum site_role {
	SITE_ROLE_CONTROL_PLANE = 1, SITE_ROLE_WORKER = 2, SITE_ROLE_STORAGE = 4,
	SITE_ROLE_LOAD_BALANCER = 8, SITE_ROLE_DPU = 16
};

struct site;
struct site_machine;

/* Bits of enum site_role: what it says, or what follows from all that the site says
 * (docs/CLUSTER.md «Roles»).  NULL: a machine that was approved without being listed. */
int site_machine_roles(const struct site *site, const struct site_machine *machine);

/* Its own zone, else its rack's, or NULL. */
const char *site_machine_zone(const struct site *site, const struct site_machine *machine);

#endif
