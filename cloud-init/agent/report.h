#ifndef AGENT_REPORT_H
#define AGENT_REPORT_H

#include <jansson.h>

#include "lib/err.h"

/*
 * A control-plane node's look at the cluster, for the engine (docs/CLUSTER.md, `report`): what
 * kubectl shows, cut down to what the site's status needs.
 */

/* Which kinds of objects there are to look at. */
#define REPORT_METALLB 1
#define REPORT_ROOK 2

/* By the manifests that the stages name. */
int report_kinds(const json_t *stages);

/* The report from a list of objects of all kinds, `kubectl get -o json`: {nodes, services, pools,
 * ceph}; new reference.  Pure. */
json_t *report_render(const json_t *list);

/* Looks by kubectl and prints the report as one line of JSON; with Rook {report, rook}, the second
 * what a rebuilt cluster needs to find its old Ceph again.  Takes its time. */
int report_print(int kinds, struct err *err);

#endif
