#ifndef ROLES_STAGE_H
#define ROLES_STAGE_H

#include "lib/str.h"
#include "roles/node.h"

/* One stage of the cluster's objects as it is put together (docs/CLUSTER.md «The stages»). */
struct stage {
	const char *name;
	json_t *files, *wait, *prune, *objects;
	bool once;
	struct buf text, secret;
};

void stage_init(struct stage *stage, const char *name);

/* A file of the parts' manifests/, applied before the stage's own objects. */
void stage_file(struct stage *stage, const char *name);

/* Takes the object over, marks it as the stage's; a secret one goes sealed and is applied first. */
void stage_add(struct stage *stage, json_t *object);
void stage_add_secret(struct stage *stage, json_t *object);

/* kubectl's words, parted by single blanks. */
void stage_wait(struct stage *stage, const char *words);

/* Its objects are made, and left alone where they are already. */
void stage_once(struct stage *stage);

/* A kind of which the stage's objects that are no longer said are deleted. */
void stage_prune(struct stage *stage, const char *kind);

/* Puts the stage behind `stages`, its secrets behind `sealed`, and lets go of the rest. */
void stage_end(struct stage *stage, json_t *stages, json_t *sealed);

/* The ConfigMap `bootserver-api` in a namespace: where pods on the host's own network find the API
 * server before kube-proxy has made the service's address one that answers. */
json_t *stage_api(const struct site *site, const char *space);

/* The stages of MetalLB and of Rook (metallb.c, rook.c). */
void metallb_stages(const struct roles_cluster *cluster, json_t *stages, json_t *sealed);
void rook_stages(const struct roles_cluster *cluster, json_t *stages, json_t *sealed);

#endif
