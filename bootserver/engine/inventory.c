/*
 * What is known of the machines, put in the order that the renderers want: the site's in its own
 * order, then those that a person or a rule took in, by their age.  The same knowledge gives the
 * same bytes, so that a digest tells a change and nothing else does.
 */
#include "engine/inventory.h"

#include <stdlib.h>
#include <string.h>

#include "engine/machines.h"
#include "lib/str.h"

static int
by_age(const void *a, const void *b)
{
	const struct machine *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* All that are, or may become, nodes; the caller frees. */
static const struct machine **
order(const struct engine *e, size_t *ret_count)
{
	const struct machine **list = mem_new((e->nmachines + 1) * sizeof(*list));
	size_t count = 0, ours;

	for (size_t i = 0; i < e->site->nmachines; i++) {
		const struct machine *m = index_find(&e->names, e->site->machines[i].name);

		if (m && m->site)
			list[count++] = m;
	}
	ours = count;
	for (size_t i = 0; i < e->nmachines; i++)
		if (!e->machines[i]->site && machines_approved(e, e->machines[i]))
			list[count++] = e->machines[i];
	qsort(list + ours, count - ours, sizeof(*list), by_age);
	*ret_count = count;
	return list;
}

/* Its reserved address, else where it was seen last. */
static const char *
address_of(const struct machine *m, char room[NET_IP4_TEXT])
{
	if (m->site && m->site->address)
		net_ip4_format(room, m->site->address);
	else
		str_copy(room, NET_IP4_TEXT, m->ip);
	return room[0] ? room : NULL;
}

static void
fill(struct inventory *ret, const struct engine *e, const struct machine *m, size_t at)
{
	const struct node *n = cluster_node(e->cluster, m->name);
	struct roles_node *node = &ret->nodes[at];
	struct site_boot boot;

	machines_settings(e, m, &boot);
	ret->disks[at] = roles_disks(m->facts, &node->ndisks);
	node->machine = m->site;
	node->name = m->name;
	node->address = address_of(m, ret->addresses[at]);
	node->arch = m->claims.buildarch[0] || !m->site ? plan_arch(&m->claims) : m->site->arch;
	node->joined = n && n->joined_ms;
	node->rest = boot.rest == SITE_REST_STORAGE;
	node->disks = ret->disks[at];
}

static size_t
count_names(char **names)
{
	size_t count = 0;

	while (names && names[count])
		count++;
	return count;
}

/* The container images of both parts in one list. */
static const char **
images_of(const struct decision *d)
{
	char **kube = d->kube->images, **ceph = d->ceph ? d->ceph->images : NULL;
	size_t nkube = count_names(kube), nceph = count_names(ceph);
	const char **list;

	if (nkube + nceph == 0)
		return NULL;
	list = mem_new((nkube + nceph + 1) * sizeof(*list));
	for (size_t i = 0; i < nkube; i++)
		list[i] = kube[i];
	for (size_t i = 0; i < nceph; i++)
		list[nkube + i] = ceph[i];
	return list;
}

void
inventory_init(struct inventory *ret, const struct engine *e, const struct machine *m,
	       const struct decision *d)
{
	size_t count;
	const struct machine **list = order(e, &count);
	bool restores;

	*ret = (struct inventory){ .self = NULL };
	ret->nodes = mem_new((count + 1) * sizeof(*ret->nodes));
	ret->addresses = mem_new((count + 1) * sizeof(*ret->addresses));
	ret->disks = mem_new((count + 1) * sizeof(*ret->disks));
	ret->images = images_of(d);
	ret->manifests = mem_new((e->manifests.count + 1) * sizeof(*ret->manifests));
	for (size_t i = 0; i < e->manifests.count; i++)
		ret->manifests[i] = e->manifests.items[i].text;
	for (size_t i = 0; i < count; i++) {
		fill(ret, e, list[i], i);
		if (list[i] == m)
			ret->self = &ret->nodes[i];
	}
	free(list);
	/* also to the one that makes the cluster anew, before it has done so */
	restores = e->cluster->restoring || (d->action == ROLES_INIT && !d->joined);
	ret->cluster = (struct roles_cluster){
		.site = e->site, .nodes = ret->nodes, .nnodes = count,
		.release = { d->kube->version, ret->images, d->ceph != NULL },
		.manifests = ret->manifests, .nmanifests = e->manifests.count,
		.rook_saved = restores ? e->cluster->rook : NULL,
	};
}

void
inventory_fini(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->cluster.nnodes; i++)
		free((void *)(uintptr_t)inventory->disks[i]);
	free(inventory->disks);
	free(inventory->addresses);
	free(inventory->nodes);
	free(inventory->images);
	free(inventory->manifests);
	*inventory = (struct inventory){ .self = NULL };
}

/* An address at which nobody listens would cost each connection its patience: control-plane
 * machines are named once they have joined, and each to itself. */
json_t *
inventory_hosts(const struct engine *e, const struct inventory *inventory)
{
	const struct roles_cluster *all = &inventory->cluster;
	struct roles_node *nodes = mem_new((all->nnodes + 1) * sizeof(*nodes));
	struct roles_cluster some = *all;
	char address[NET_IP4_TEXT];
	json_t *hosts;

	some.nodes = nodes;
	some.nnodes = 0;
	for (size_t i = 0; i < all->nnodes; i++) {
		const struct roles_node *node = &all->nodes[i];

		if (node->joined || node == inventory->self)
			nodes[some.nnodes++] = *node;
	}
	hosts = roles_hosts(&some, inventory->self);
	net_ip4_format(address, e->site->address.address);
	json_array_append_new(hosts, json_sprintf("%s boot.%s", address, e->site->domain));
	free(nodes);
	return hosts;
}
