#ifndef AGENT_MEMBER_H
#define AGENT_MEMBER_H

#include <jansson.h>

#include "lib/err.h"

/*
 * etcd's members, seen from a machine that is about to join the control plane with an empty
 * /var/lib/etcd: one with its own address there is a stale one, of an earlier life or of a join
 * that was cut, and etcd would take this machine for it.  It is removed at one of the other
 * members, by etcd's JSON gateway, with a certificate that the etcd CA (which this machine has)
 * signs.
 */
struct member_wish {
	const char *name;	/* of this node */
	const char *address;	/* its own, "10.9.0.12" */
	const json_t *hosts;	/* lines of the answer: "10.9.0.11 api.lab.internal" */
};

/* The ids of the members in `list` (the gateway's answer) that are this machine's: an array of
 * strings, new reference.  Pure. */
json_t *member_stale(const json_t *list, const struct member_wish *wish);

/* Removes them.  0 also where there are none; negative: no other member answers, or refuses. */
int member_clean(const struct member_wish *wish, struct err *err);

#endif
