#ifndef ENGINE_DECIDE_H
#define ENGINE_DECIDE_H

#include "engine/cluster.h"

/* What a machine is to do about the cluster, from what is known and nothing else. */

enum decision_kind {
	DECIDE_NONE,		/* no roles */
	DECIDE_WAIT,		/* for another machine */
	DECIDE_PERSON,		/* for a person: its key is to be vouched for */
	DECIDE_REFUSED,
	DECIDE_GO
};

struct decision {
	enum decision_kind kind;
	enum roles_action action;	/* DECIDE_GO */
	bool joined;			/* it is a node already */
	bool anew;			/* DECIDE_GO: it begins the cluster's next life */
	char text[256];			/* the sentence of all others */
	const struct image *image;	/* what it runs */
	const struct image_part *kube, *ceph;	/* NULL: the image has none */
};

/* Has the image that the machine runs the part kube? */
bool decide_has_kube(const struct engine *e, const struct machine *m);

void decide(const struct engine *e, const struct machine *m, struct decision *ret);

#endif
