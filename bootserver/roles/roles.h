#ifndef ROLES_ROLES_H
#define ROLES_ROLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "site/site.h"

/*
 * From site and inventory to the cluster: who has which role, kubeadm's files of each node, the
 * objects that the API server is given (docs/CLUSTER.md).  Nothing here sees a descriptor, the
 * clock or chance: the same site and machines give the same bytes.
 */

/* Bits of enum site_role that the machine has, the site's defaults filled in; NULL: one that is not
 * in the site file. */
int roles_of(const struct site *site, const struct site_machine *machine);

const char *roles_name(enum site_role role);	/* "control-plane"; NULL: no single role */

/* The machine that makes the cluster: the first control-plane machine; NULL: there is none. */
const struct site_machine *roles_first(const struct site *site);

/* A disk, as the machine's agent tells it (docs/INTERFACES.md «facts»). */
enum roles_use {
	ROLES_USE_UNKNOWN, ROLES_USE_BLANK, ROLES_USE_OURS, ROLES_USE_FOREIGN, ROLES_USE_SYSTEM
};
struct roles_disk {
	const char *name;	/* "sda" */
	const char *path;	/* "/dev/disk/by-id/…"; NULL: it has no such name */
	const char *type;	/* "hdd", "ssd", "nvme" */
	const char *model, *serial;	/* "" where not known */
	int64_t size;		/* bytes */
	bool loop;		/* a loop device, which Rook takes only when told that it may */
	enum roles_use use;
};

/* The disks of `facts` (may be NULL), their texts borrowed from it; the caller frees the array. */
struct roles_disk *roles_disks(const json_t *facts, size_t *ret_count);

/* A machine that is, or is to become, a node. */
struct roles_node {
	const struct site_machine *machine;	/* NULL: approved, not in the site file */
	const char *name;
	const char *address;	/* IPv4; NULL: not known yet */
	enum site_arch arch;
	bool joined;		/* kubeadm has ended well there */
	bool rest;		/* its system disk has a partition for Rook (`rest: storage`) */
	const struct roles_disk *disks;
	size_t ndisks;
};

/* What the image's further parts hold (docs/CLUSTER.md). */
struct roles_release {
	const char *kubernetes;		/* "v1.36.4": never NULL */
	const char *const *images;	/* "bootserver.local/etcd:v3.6.16", NULL-ended; or NULL */
	bool has_ceph;			/* the part ceph is there */
};

/* All that the renderers read; everything is borrowed. */
struct roles_cluster {
	const struct site *site;
	struct roles_release release;
	const struct roles_node *nodes;	/* the site's machines in its order, then the others */
	size_t nnodes;
	const char *const *manifests;	/* texts of site.kubernetes.manifests, in its order */
	size_t nmanifests;
	const json_t *rook_saved;	/* of a report's `sealed`; NULL: none */
	int64_t wiped;		/* number of the last order that wiped a disk; 0: none did */
};

enum roles_action { ROLES_INIT, ROLES_JOIN_CONTROL_PLANE, ROLES_JOIN };
const char *roles_action_name(enum roles_action action);	/* as in the answer's `action` */

/* The renderers' JSON is in the form of the answer to `POST /v1/self/cluster`; it is the caller's
 * (json_decref()). */

/* Files without secrets: kubeadm.yaml and the patches.  [{path, mode, text}] */
json_t *roles_files(const struct roles_cluster *cluster, const struct roles_node *node,
		    enum roles_action action);

/* Lines for /etc/hosts: the API server's name, the node's own.  ["10.9.0.11 api.lab.internal"] */
json_t *roles_hosts(const struct roles_cluster *cluster, const struct roles_node *node);

/* The stages that a control-plane node applies, in order; what of them is secret comes as files for
 * `sealed`, which the stages name by their absolute paths. */
void roles_stages(const struct roles_cluster *cluster, json_t **ret_stages, json_t **ret_sealed);

/* The URL of the API server: "https://api.lab.internal:6443"; the caller frees. */
char *roles_server(const struct site *site);

/* A kubeconfig: discovery.conf, admin.conf, `bootserver kubeconfig`; the caller frees. */
struct roles_access {
	const char *user;	/* its name in the file: "system:node:n1", "kubernetes-admin" */
	const char *ca, *cert;	/* PEM */
	const char *key;	/* PEM; NULL: `key_path` is given */
	const char *key_path;
};
char *roles_kubeconfig(const struct site *site, const struct roles_access *access);

/* Which disks of a storage node are Rook's.  `ret` holds node->ndisks entries. */
struct roles_choice {
	bool taken;
	char reason[160];	/* "blank ssd of 960 GB, as the site's rule wants" */
};
void roles_devices(const struct site *site, const struct roles_node *node,
		   struct roles_choice *ret);

#endif
