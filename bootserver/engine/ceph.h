#ifndef ENGINE_CEPH_H
#define ENGINE_CEPH_H

#include "engine/cluster.h"

/* Whose disks are the site's own: those that hold an OSD of the Ceph that Rook's secrets are of. */

/* c->ceph_fsid from c->rook: "" where there is no Ceph yet. */
void ceph_learn(struct cluster *c);

/* Calls the disks of `facts` ours that hold an OSD of this site's Ceph; true: one was not. */
bool ceph_own(const struct engine *e, json_t *facts);

/* The same for all machines: the name was learnt after they had told their disks. */
void ceph_own_all(struct engine *e);

#endif
