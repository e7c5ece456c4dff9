#ifndef ENGINE_CLUSTER_H
#define ENGINE_CLUSTER_H

#include "engine/core.h"
#include "engine/enrol.h"
#include "roles/roles.h"

/*
 * The site's Kubernetes cluster as the engine knows it (docs/CLUSTER.md): its CAs, who made it, who
 * is a node of it, what its control plane reported last.  The engine never speaks to it.
 */

/* The files of pki/kubernetes/, as texts. */
enum cluster_pki {
	PKI_CA_CRT, PKI_CA_KEY, PKI_FRONT_CRT, PKI_FRONT_KEY, PKI_ETCD_CRT, PKI_ETCD_KEY,
	PKI_SA_KEY, PKI_SA_PUB, PKI_FILES
};

/* A node: kubeadm has ended well on the machine of that name.  It stays on the list when the site
 * file drops or renames the machine. */
struct node {
	char name[64];
	bool control_plane;	/* as it joined */
	int64_t joined_ms;	/* 0: it asked, and is no node (any more) */
	char kubernetes[32];	/* of the image it joined with */
	bool etcd;		/* it said that it keeps an etcd member */
	/* what its machine's timeline was told, and in which boot */
	int64_t told_boot;
	bool ready;
	char lb[256];
	json_t *osds;		/* ids of those that are up */
	char failure[256];	/* why Rook cannot prepare its disks */
};

/* An id, and how often that cluster was made anew. */
#define CLUSTER_NAME (SHA256_TEXT + 11)

struct cluster {
	char id[SHA256_TEXT];
	char *pki[PKI_FILES];
	X509 *ca;
	EVP_PKEY *ca_key;
	int64_t made_ms;	/* 0: not made yet */
	unsigned int life;	/* how often it was made anew under its CAs */
	char made_by[64], kubernetes[32];
	char *frozen;		/* what of the site file cannot change any more; NULL */
	struct node **nodes;
	size_t nnodes, nodes_size;
	struct index names;	/* to a node */
	char joining[64];	/* the machine that joins as control plane now, or "" */
	json_t *report;		/* the last one; NULL: none */
	int64_t report_ms;
	char report_by[64];
	char *rook_sealed;	/* Rook's secrets, sealed to the engine's key (base64); or NULL */
	json_t *rook;		/* the same, opened */
	char ceph_fsid[37];	/* its name, out of that; "": there is none yet */
	bool restoring;		/* a new control plane is to find the old Ceph by them */
	uint64_t changes;	/* grows with all that an answer may depend on */
	uint64_t swept;		/* what it was when held polls were looked at */
};

/* Reads the CAs and what the database keeps. */
int cluster_load(struct engine *e, struct err *err);
void cluster_free(struct cluster *c);

/* What the nodes of one life of the cluster keep as its name: the id, from the second life on with
 * a point and its number.  Those of a former life join anew: nothing of them is in the new etcd. */
void cluster_name(const struct cluster *c, unsigned int life, char ret[CLUSTER_NAME]);

/* Request `cluster` of a machine's agent: the status, and *ret the answer (the caller's). */
int cluster_request(struct engine *e, const struct agent_ask *ask, struct machine *m, json_t **ret);

/* Something that answers depend on has changed. */
void cluster_changed(struct engine *e);

/* The digest that the machine's agent compares; "" before there is a site. */
const char *cluster_digest(struct engine *e, struct machine *m);

/* Is there a cluster at all: Kubernetes is on, and an image has the part kube. */
bool cluster_is(const struct engine *e);

/* The roles of a machine (bits of enum site_role), 0 for one that was not taken in. */
int cluster_roles(const struct engine *e, const struct machine *m);

struct node *cluster_node(const struct cluster *c, const char *name);	/* or NULL */
void cluster_save(struct engine *e);

#endif
