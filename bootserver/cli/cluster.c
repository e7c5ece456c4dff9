/* The cluster on the operator's screens: what is not as it should be, and one machine's part. */
#include "cli/cluster.h"

#include <string.h>

#include "lib/json.h"

static void
add_stale(const json_t *cluster, struct buf *ret)
{
	const json_t *nodes = json_object_get(cluster, "nodes");

	for (size_t i = 0; i < json_array_size(nodes); i++) {
		const json_t *node = json_array_get(nodes, i);
		const char *name = json_str(node, "name", "");

		if (json_flag(node, "stale", false))
			buf_format(ret, "node %s is no machine of the site any more; once it is "
				   "not wanted: kubectl delete node %s\n", name, name);
	}
}

static void
add_pools(const json_t *cluster, struct buf *ret)
{
	const json_t *pools = json_object_get(cluster, "pools");

	for (size_t i = 0; i < json_array_size(pools); i++) {
		const json_t *pool = json_array_get(pools, i);

		if (json_num(pool, "free", 1) == 0)
			buf_format(ret, "pool %s has no free address left\n",
				   json_str(pool, "name", ""));
	}
}

static void
add_ceph(const json_t *cluster, struct buf *ret)
{
	const json_t *ceph = json_object_get(cluster, "ceph");
	const char *health = json_str(ceph, "health", "HEALTH_OK");

	if (strcmp(health, "HEALTH_OK") != 0)
		buf_format(ret, "Ceph says %s: %lld of %lld OSDs are up\n", health,
			   (long long)json_num(ceph, "osds_up", 0),
			   (long long)json_num(ceph, "osds_in", 0));
}

void
cluster_lines(const json_t *cluster, struct buf *ret)
{
	add_stale(cluster, ret);
	add_pools(cluster, ret);
	add_ceph(cluster, ret);
}

static void
add_list(const json_t *list, const char *before, struct buf *ret)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		buf_format(ret, "%s%s", i ? " " : before,
			   json_string_value(json_array_get(list, i)));
}

void
cluster_node_line(const json_t *machine, struct buf *ret)
{
	const json_t *node = json_object_get(machine, "node");
	const json_t *storage = json_object_get(machine, "storage");
	const char *state = json_str(node, "state", ""), *version = json_str(node, "version", "");

	if (json_array_size(json_object_get(machine, "roles")) == 0)
		return;
	buf_format(ret, "%s%s%s", strcmp(state, "none") == 0 ? "not joined" : state,
		   version[0] ? " " : "", version);
	add_list(json_object_get(machine, "roles"), ", ", ret);
	add_list(json_object_get(machine, "lb"), ", announces ", ret);
	if (!json_is_object(storage))
		return;
	buf_format(ret, ", %lld of %lld OSDs up", (long long)json_num(storage, "up", 0),
		   (long long)json_num(storage, "osds", 0));
	if (json_num(storage, "osds", 0) < json_num(storage, "disks", 0))
		buf_format(ret, " on %lld disks", (long long)json_num(storage, "disks", 0));
}
