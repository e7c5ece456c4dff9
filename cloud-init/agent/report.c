/* A control-plane node's look at the cluster: see report.h. */
#include "cloud-init/agent/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/apply.h"
#include "lib/json.h"
#include "lib/str.h"

#define ADMIN "--kubeconfig=/etc/kubernetes/admin.conf"
#define KUBECTL_MS 60000
#define OSD_APP "rook-ceph-osd"
#define PREPARE_APP "rook-ceph-osd-prepare"

static const json_t *
in(const json_t *object, const char *first, const char *second)
{
	return json_object_get(json_object_get(object, first), second);
}

static const char *
name_of(const json_t *object)
{
	return json_str(json_object_get(object, "metadata"), "name", "");
}

static bool
is_ready(const json_t *node)
{
	const json_t *list = in(node, "status", "conditions");
	const json_t *one;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		one = json_array_get(list, i);
		if (str_eq(json_str(one, "type", ""), "Ready"))
			return str_eq(json_str(one, "status", ""), "True");
	}
	return false;
}

static void
take_node(json_t *report, const json_t *node)
{
	json_t *o = json_object();

	json_put(o, "name", name_of(node));
	json_put_flag(o, "ready", is_ready(node));
	json_put(o, "version", json_str(in(node, "status", "nodeInfo"), "kubeletVersion", ""));
	json_array_append_new(json_object_get(report, "nodes"), o);
}

static void
take_service(json_t *report, const json_t *service)
{
	const json_t *given = in(service, "status", "loadBalancer");
	json_t *o;

	if (!str_eq(json_str(json_object_get(service, "spec"), "type", ""), "LoadBalancer"))
		return;
	o = json_object();
	json_put(o, "name", name_of(service));
	json_put(o, "namespace", json_str(json_object_get(service, "metadata"), "namespace", ""));
	json_put(o, "address",
		 json_str(json_array_get(json_object_get(given, "ingress"), 0), "ip", NULL));
	json_object_set_new(o, "nodes", json_array());
	json_array_append_new(json_object_get(report, "services"), o);
}

static bool
ready_in(const json_t *report, const char *name)
{
	json_t *nodes = json_object_get(report, "nodes"), *node;
	size_t i;

	json_array_foreach(nodes, i, node)
		if (str_eq(json_str(node, "name", ""), name))
			return json_flag(node, "ready", false);
	return false;
}

/* MetalLB says so for each service and node that announces it, by ARP or BGP: the object's labels
 * are there when it is made, its status comes later.  A node that dies leaves its word behind. */
static void
take_announcer(json_t *report, const json_t *status)
{
	const json_t *labels = in(status, "metadata", "labels");
	const char *name = json_str(labels, "metallb.io/service-name", "");
	const char *space = json_str(labels, "metallb.io/service-namespace", "");
	const char *node = json_str(labels, "metallb.io/node", "");
	json_t *service;
	size_t i;

	json_array_foreach(json_object_get(report, "services"), i, service)
		if (ready_in(report, node) && str_eq(json_str(service, "name", ""), name) &&
		    str_eq(json_str(service, "namespace", ""), space))
			json_array_append_new(json_object_get(service, "nodes"),
					      json_string(node));
}

static void
take_pool(json_t *report, const json_t *pool)
{
	json_t *o = json_object();

	json_put(o, "name", name_of(pool));
	json_put_num(o, "free", json_num(json_object_get(pool, "status"), "availableIPv4", 0));
	json_array_append_new(json_object_get(report, "pools"), o);
}

static json_t *
ceph_of(json_t *report)
{
	json_t *ceph = json_object_get(report, "ceph");

	if (json_is_object(ceph))
		return ceph;
	json_object_set_new(report, "ceph", json_object());
	return json_object_get(report, "ceph");
}

static void
take_ceph(json_t *report, const json_t *cluster)
{
	json_put(ceph_of(report), "health", json_str(in(cluster, "status", "ceph"), "health", ""));
}

/* Rook runs each OSD as a deployment of its own, on the node that has its disk. */
static void
take_osd(json_t *report, const json_t *deployment)
{
	const json_t *labels = in(deployment, "metadata", "labels");
	const json_t *pod = json_object_get(in(deployment, "spec", "template"), "spec");
	bool up = json_num(json_object_get(deployment, "status"), "readyReplicas", 0) > 0;
	json_t *ceph, *osd;

	if (!str_eq(json_str(labels, "app", ""), OSD_APP))
		return;
	ceph = ceph_of(report);
	json_put_num(ceph, "osds_in", json_num(ceph, "osds_in", 0) + 1);
	json_put_num(ceph, "osds_up", json_num(ceph, "osds_up", 0) + up);
	osd = json_object();
	json_put_num(osd, "id", strtol(json_str(labels, "ceph-osd-id", "-1"), NULL, 10));
	json_put(osd, "node", json_str(json_object_get(pod, "nodeSelector"),
				       "kubernetes.io/hostname", ""));
	json_put_flag(osd, "up", up);
	if (!json_object_get(ceph, "osds"))
		json_object_set_new(ceph, "osds", json_array());
	json_array_append_new(json_object_get(ceph, "osds"), osd);
}

/* How a container ended last, if it is not well; NULL: it never ended so. */
static const json_t *
bad_end(const json_t *container)
{
	const json_t *now = in(container, "state", "terminated");
	const json_t *end = now ? now : in(container, "lastState", "terminated");

	return json_num(end, "exitCode", 0) != 0 ? end : NULL;
}

/* Rook prepares the disks of a node in a pod, which says why it could not. */
static void
take_prepare(json_t *report, const json_t *pod)
{
	const json_t *meta = json_object_get(pod, "metadata"), *end, *list;
	json_t *failed, *ceph;

	if (!str_eq(json_str(json_object_get(meta, "labels"), "app", ""), PREPARE_APP))
		return;
	list = in(pod, "status", "containerStatuses");
	end = bad_end(json_array_get(list, 0));
	if (!end)
		return;
	ceph = ceph_of(report);
	if (!json_object_get(ceph, "failed"))
		json_object_set_new(ceph, "failed", json_array());
	failed = json_object();
	json_put(failed, "node", json_str(json_object_get(pod, "spec"), "nodeName", ""));
	json_put(failed, "text", json_str(end, "message", "no reason is given"));
	json_array_append_new(json_object_get(ceph, "failed"), failed);
}

/* In this order, since announcers are put to the nodes and services that are there. */
static const struct {
	const char *kind;
	void (*take)(json_t *report, const json_t *object);
} kinds[] = {
	{ "Node", take_node },
	{ "Service", take_service },
	{ "ServiceL2Status", take_announcer },
	{ "ServiceBGPStatus", take_announcer },
	{ "IPAddressPool", take_pool },
	{ "CephCluster", take_ceph },
	{ "Deployment", take_osd },
	{ "Pod", take_prepare },
};

json_t *
report_render(const json_t *list)
{
	const json_t *items = json_object_get(list, "items"), *one;
	json_t *report = json_pack("{s:[], s:[], s:[], s:n}", "nodes", "services", "pools", "ceph");

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++)
		for (size_t i = 0; i < json_array_size(items); i++) {
			one = json_array_get(items, i);
			if (str_eq(json_str(one, "kind", ""), kinds[k].kind))
				kinds[k].take(report, one);
		}
	return report;
}

int
report_kinds(const json_t *stages)
{
	static const struct {
		const char *manifest;
		int bit;
	} rows[] = {
		{ "metallb.yaml", REPORT_METALLB },
		{ "rook-operator.yaml", REPORT_ROOK },
	};
	json_t *stage, *file;
	int bits = 0;
	size_t i, j;

	json_array_foreach((json_t *)(uintptr_t)stages, i, stage)
		json_array_foreach(json_object_get(stage, "files"), j, file)
			for (size_t k = 0; k < sizeof(rows) / sizeof(*rows); k++)
				if (str_eq(json_string_value(file), rows[k].manifest))
					bits |= rows[k].bit;
	return bits;
}

/* {name: {kind, data …}} of the two objects, without what changes by itself. */
static json_t *
rook_keys(struct err *err)
{
	const char *argv[] = { "kubectl", ADMIN, "get", "-n", "rook-ceph", "secret/rook-ceph-mon",
			       "configmap/rook-ceph-mon-endpoints", "-o", "json", NULL };
	json_t *list = NULL, *one, *keys, *o;
	size_t i;

	if (apply_get(argv, KUBECTL_MS, &list, err) < 0)
		return NULL;
	keys = json_object();
	json_array_foreach(json_object_get(list, "items"), i, one) {
		o = json_object();
		json_put(o, "type", json_str(one, "type", NULL));
		json_object_set(o, "data", json_object_get(one, "data"));
		json_object_set_new(keys, name_of(one), o);
	}
	json_decref(list);
	return keys;
}

/* The pods by which Rook prepares disks, put to the other objects; a look that fails is none. */
static void
add_prepares(json_t *list)
{
	const char *argv[] = { "kubectl", ADMIN, "get", "pods", "-n", "rook-ceph", "-l",
			       "app=" PREPARE_APP, "-o", "json", NULL };
	json_t *pods = NULL;
	struct err ignored;

	apply_get(argv, KUBECTL_MS, &pods, &ignored);
	json_array_extend(json_object_get(list, "items"), json_object_get(pods, "items"));
	json_decref(pods);
}

int
report_print(int bits, struct err *err)
{
	char words[128];
	const char *argv[] = { "kubectl", ADMIN, "get", words, "-A", "-o", "json", NULL };
	json_t *list = NULL, *o, *rook = NULL;
	char *text;
	int r;

	snprintf(words, sizeof(words), "nodes,services%s%s",
		 bits & REPORT_METALLB ?
			 ",servicel2statuses,servicebgpstatuses,ipaddresspools" : "",
		 bits & REPORT_ROOK ? ",cephclusters,deployments" : "");
	r = apply_get(argv, KUBECTL_MS, &list, err);
	if (r < 0)
		return r;
	if (bits & REPORT_ROOK)
		add_prepares(list);
	o = json_object();
	json_object_set_new(o, "report", report_render(list));
	json_decref(list);
	if (bits & REPORT_ROOK && (rook = rook_keys(err)))
		json_object_set_new(o, "rook", rook);
	text = json_text(o, NULL);
	printf("%s\n", text);
	free(text);
	json_decref(o);
	return 0;
}
