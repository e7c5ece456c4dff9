/*
 * The cluster as its control plane sees it.  The engine has no way to the API server, so this is
 * all that it knows of nodes, announced addresses and Ceph; the newest report of any control-plane
 * machine counts.  Rook's secrets come sealed to the engine's key and are kept so: with them a
 * control plane that was made anew finds its old Ceph again.
 */
#include "engine/report.h"

#include <stdlib.h>
#include <string.h>

#include "engine/ceph.h"
#include "engine/machines.h"
#include "engine/timeline.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/json.h"
#include "lib/log.h"

static const char *const members[] = { "nodes", "services", "pools", "ceph" };

/* The saved secrets, opened; NULL when they cannot be.  Any certificate of the engine's key will
 * have sealed them: it is renewed, the key is not. */
static json_t *
unseal(struct engine *e, const char *sealed)
{
	json_t *box = json_pack("{s:s}", "sealed", sealed), *rook = NULL;
	struct cms_who who = { e->key, NULL };
	struct err err = { "" };
	void *der = NULL;
	char *text = NULL;
	size_t len;

	if (json_bytes(box, "sealed", &der, &len) < 0)
		err_set(&err, -1, "not base64");
	else if (cms_unseal(&who, (struct cms_bytes){ der, len }, &text, &len, &err) == 0) {
		json_parse(&rook, text, len, &err);
		OPENSSL_cleanse(text, len);
	}
	if (!json_is_object(rook)) {
		log_warn("text=\"Rook's saved secrets cannot be read: %s\"", err.text);
		json_decref(rook);
		rook = NULL;
	}
	free(text);
	free(der);
	json_decref(box);
	return rook;
}

static const char *
fsid(const json_t *rook)
{
	const json_t *secret = json_object_get(rook, "rook-ceph-mon");

	return json_str(json_object_get(secret, "data"), "fsid", "");
}

/* Keeps Rook's secrets, unless they are those of a new Ceph while the old one is awaited. */
static void
take_rook(struct engine *e, const json_t *report)
{
	const char *sealed = json_str(report, "sealed", NULL);
	struct cluster *c = e->cluster;
	json_t *rook;

	if (!sealed || str_eq(sealed, c->rook_sealed))
		return;
	rook = unseal(e, sealed);
	if (!rook)
		return;
	if (c->restoring && !str_eq(fsid(rook), fsid(c->rook))) {
		log_error("text=\"Rook has begun a new Ceph (%s) instead of finding the old one:"
			  " the saved secrets are kept\"", fsid(rook));
		json_decref(rook);
		return;
	}
	if (c->restoring || !json_equal(rook, c->rook))
		cluster_changed(e);
	c->restoring = false;
	json_decref(c->rook);
	c->rook = rook;
	free(c->rook_sealed);
	c->rook_sealed = str_dup(sealed);
	ceph_learn(c);
	ceph_own_all(e);
}

static const json_t *
find_named(const json_t *list, const char *name)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eq(json_str(json_array_get(list, i), "name", NULL), name))
			return json_array_get(list, i);
	return NULL;
}

/* Is the service announced by the node? */
static bool
announces(const char *name, const json_t *service)
{
	const json_t *nodes = json_object_get(service, "nodes");

	for (size_t i = 0; i < json_array_size(nodes); i++)
		if (str_eq(json_string_value(json_array_get(nodes, i)), name))
			return true;
	return false;
}

/* The addresses that a node announces, as "10.9.0.200 (default/web), …". */
static void
announced(const struct cluster *c, const char *name, struct buf *ret)
{
	const json_t *services = json_object_get(c->report, "services");

	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *service = json_array_get(services, i);

		if (announces(name, service))
			buf_format(ret, "%s%s (%s/%s)", ret->len ? ", " : "",
				   json_str(service, "address", "?"),
				   json_str(service, "namespace", "?"),
				   json_str(service, "name", "?"));
	}
}

/* The ids of a node's OSDs, a new list: those that are there, or are up. */
static json_t *
osds(const struct cluster *c, const char *name, bool up)
{
	const json_t *list = json_object_get(json_object_get(c->report, "ceph"), "osds");
	json_t *ids = json_array();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *osd = json_array_get(list, i);
		json_t *id = json_object_get(osd, "id");

		if (json_is_integer(id) && str_eq(json_str(osd, "node", NULL), name) &&
		    (!up || json_flag(osd, "up", false)))
			json_array_append(ids, id);
	}
	return ids;
}

static bool
has_id(const json_t *ids, const json_t *id)
{
	for (size_t i = 0; i < json_array_size(ids); i++)
		if (json_equal(json_array_get(ids, i), id))
			return true;
	return false;
}

static void
note(struct engine *e, struct boot *b, enum phase_state state, char *text)
{
	struct note one = { .phase = PHASE_ROLES, .state = state, .text = text,
			    .from = "engine" };

	timeline_note(e, b, &one);
	free(text);
}

static void
tell_ready(struct engine *e, struct node *n, struct boot *b)
{
	const json_t *seen = find_named(json_object_get(e->cluster->report, "nodes"), n->name);
	bool ready = json_flag(seen, "ready", false);

	if (!seen || (n->told_boot == b->id && n->ready == ready))
		return;
	if (ready)
		note(e, b, STATE_DONE, str_format("the node is Ready (%s)",
						  json_str(seen, "version", "?")));
	else if (n->told_boot == b->id)
		note(e, b, STATE_WAIT, str_format("the node is not Ready any more, says %s",
						  e->cluster->report_by));
	else
		return;
	n->told_boot = b->id;
	n->ready = ready;
}

static void
tell_lb(struct engine *e, struct node *n, struct boot *b)
{
	struct buf text;

	buf_init(&text);
	announced(e->cluster, n->name, &text);
	text.text[text.len < sizeof(n->lb) ? text.len : sizeof(n->lb) - 1] = '\0';
	if (strcmp(n->lb, text.text) != 0) {
		if (text.text[0])
			note(e, b, STATE_DONE, str_format("announces %s", text.text));
		else
			note(e, b, STATE_DONE, str_dup("announces no address any more"));
		str_copy(n->lb, sizeof(n->lb), text.text);
	}
	buf_fini(&text);
}

/* One that is not on Ceph's list any more was taken away by somebody, who knows it. */
static void
tell_osds(struct engine *e, struct node *n, struct boot *b)
{
	json_t *all = osds(e->cluster, n->name, false), *up = osds(e->cluster, n->name, true), *id;
	size_t i;

	json_array_foreach(all, i, id) {
		bool is_up = has_id(up, id);
		long long number = json_integer_value(id);

		if (is_up && !has_id(n->osds, id))
			note(e, b, STATE_DONE, str_format("OSD %lld is up", number));
		if (!is_up && has_id(n->osds, id))
			note(e, b, STATE_NOTE, str_format("OSD %lld is down, says %s", number,
							  e->cluster->report_by));
	}
	json_decref(all);
	json_decref(n->osds);
	n->osds = up;
}

static const char *
failure(const struct cluster *c, const char *name)
{
	const json_t *list = json_object_get(json_object_get(c->report, "ceph"), "failed");

	for (size_t i = 0; i < json_array_size(list); i++)
		if (str_eq(json_str(json_array_get(list, i), "node", NULL), name))
			return json_str(json_array_get(list, i), "text", "");
	return "";
}

/* Disks that Rook cannot make OSDs of; those of other machines go on. */
static void
tell_failure(struct engine *e, struct node *n, struct boot *b)
{
	char now[sizeof(n->failure)];

	str_copy(now, sizeof(now), failure(e->cluster, n->name));
	if (strcmp(n->failure, now) == 0)
		return;
	str_copy(n->failure, sizeof(n->failure), now);
	note(e, b, STATE_NOTE, now[0] ? str_format("Rook cannot make OSDs of its disks: %s", now)
				      : str_dup("Rook has prepared its disks"));
}

/* A report may come before the machine's own word that it has joined: it is told after that. */
static void
tell_node(struct engine *e, struct node *n)
{
	struct machine *m = index_find(&e->names, n->name);
	struct boot *b = m ? m->boot : NULL;

	if (!b || b->phase < PHASE_ROLES)
		return;
	tell_ready(e, n, b);
	tell_lb(e, n, b);
	tell_osds(e, n, b);
	tell_failure(e, n, b);
}

void
report_tick(struct engine *e)
{
	struct cluster *c = e->cluster;

	for (size_t i = 0; c->report && i < c->nnodes; i++)
		if (c->nodes[i]->joined_ms)
			tell_node(e, c->nodes[i]);
}

/* What an earlier run of this program has told stays told. */
void
report_told(struct engine *e)
{
	struct cluster *c = e->cluster;

	for (size_t i = 0; c->report && i < c->nnodes; i++) {
		struct node *n = c->nodes[i];
		const struct machine *m = index_find(&e->names, n->name);
		const json_t *seen = find_named(json_object_get(c->report, "nodes"), n->name);
		struct buf text;

		buf_init(&text);
		announced(c, n->name, &text);
		str_copy(n->lb, sizeof(n->lb), text.text);
		buf_fini(&text);
		json_decref(n->osds);
		n->osds = osds(c, n->name, true);
		str_copy(n->failure, sizeof(n->failure), failure(c, n->name));
		n->ready = json_flag(seen, "ready", false);
		n->told_boot = n->ready && m && m->boot ? m->boot->id : 0;
	}
}

void
report_restore(struct engine *e, struct cluster *c, sqlite3_stmt *row, int at)
{
	const char *text = db_text(row, at), *sealed = db_text(row, at + 3);
	struct err err;

	if (text[0])
		json_parse(&c->report, text, strlen(text), &err);
	c->report_ms = db_num(row, at + 1);
	str_copy(c->report_by, sizeof(c->report_by), db_text(row, at + 2));
	if (sealed[0]) {
		c->rook_sealed = str_dup(sealed);
		c->rook = unseal(e, sealed);
		ceph_learn(c);
	}
	c->restoring = db_num(row, at + 4);
}

void
report_take(struct engine *e, const struct machine *m, const json_t *report)
{
	struct cluster *c = e->cluster;
	json_t *kept;

	if (!json_is_object(report))
		return;
	kept = json_object();
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		json_object_set(kept, members[i], json_object_get(report, members[i]));
	json_decref(c->report);
	c->report = kept;
	c->report_ms = clock_now_ms();
	str_copy(c->report_by, sizeof(c->report_by), m->name);
	take_rook(e, report);
	cluster_save(e);
	report_tick(e);
}

static const char *
node_state(const struct cluster *c, const char *name)
{
	const struct node *n = cluster_node(c, name);
	const json_t *seen = find_named(json_object_get(c->report, "nodes"), name);

	if (seen)
		return json_flag(seen, "ready", false) ? "Ready" : "NotReady";
	return n && n->joined_ms ? "joined" : "none";
}

static json_t *
view_lb(const struct cluster *c, const char *name)
{
	const json_t *services = json_object_get(c->report, "services");
	json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(services); i++) {
		const json_t *service = json_array_get(services, i);

		if (announces(name, service))
			json_array_append_new(list, json_string(json_str(service, "address", "")));
	}
	return list;
}

/* How many of the machine's disks Rook is given, the rest of its system disk among them; one that
 * has no OSD may have failed as it was made one, which Rook tells once and then passes over. */
static int
given_disks(const struct engine *e, const struct machine *m)
{
	struct roles_node node = { .machine = m->site, .name = m->name };
	struct roles_disk *disks = roles_disks(m->facts, &node.ndisks);
	struct roles_choice *choices = mem_new(node.ndisks * sizeof(*choices));
	struct site_boot boot;
	int count;

	machines_settings(e, m, &boot);
	count = boot.rest == SITE_REST_STORAGE;
	node.disks = disks;
	roles_devices(e->site, &node, choices);
	for (size_t i = 0; i < node.ndisks; i++)
		count += choices[i].taken;
	free(choices);
	free(disks);
	return count;
}

static json_t *
view_storage(const struct engine *e, const struct machine *m)
{
	const struct cluster *c = e->cluster;
	json_t *all = osds(c, m->name, false), *up = osds(c, m->name, true), *ret = json_null();
	bool is_ceph = json_is_object(json_object_get(c->report, "ceph"));
	int disks = is_ceph ? given_disks(e, m) : 0;

	if (json_array_size(all) > 0 || disks > 0)
		ret = json_pack("{s:I, s:I, s:i}", "osds", (json_int_t)json_array_size(all), "up",
				(json_int_t)json_array_size(up), "disks", disks);
	json_decref(all);
	json_decref(up);
	return ret;
}

void
report_put(const struct engine *e, const struct machine *m, json_t *ret)
{
	const struct cluster *c = e->cluster;
	const json_t *seen = find_named(json_object_get(c->report, "nodes"), m->name);
	int roles = cluster_is(e) ? cluster_roles(e, m) : 0;
	json_t *names = json_array(), *node;

	for (int role = SITE_ROLE_CONTROL_PLANE; role <= SITE_ROLE_DPU; role <<= 1)
		if (roles & role)
			json_array_append_new(names,
					      json_string(roles_name((enum site_role)role)));
	json_object_set_new(ret, "roles", names);
	if (!roles)
		return;
	node = json_pack("{s:s}", "state", node_state(c, m->name));
	json_put(node, "version", json_str(seen, "version", NULL));
	json_object_set_new(ret, "node", node);
	json_object_set_new(ret, "lb", view_lb(c, m->name));
	json_object_set_new(ret, "storage", view_storage(e, m));
}

/* Nodes that joined, and those that the control plane knows beside; one without a machine of its
 * name is stale: the site file has dropped or renamed it. */
static json_t *
view_nodes(const struct engine *e)
{
	const struct cluster *c = e->cluster;
	const json_t *seen = json_object_get(c->report, "nodes");
	json_t *list = json_array();

	for (size_t i = 0; i < c->nnodes; i++) {
		const struct node *n = c->nodes[i];
		const struct machine *m = index_find(&e->names, n->name);

		if (!n->joined_ms)
			continue;
		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:I}", "name", n->name,
						      "state", node_state(c, n->name), "stale",
						      !m || !cluster_roles(e, m), "joined_ms",
						      (json_int_t)n->joined_ms));
	}
	for (size_t i = 0; i < json_array_size(seen); i++) {
		const char *name = json_str(json_array_get(seen, i), "name", "");
		const struct node *n = cluster_node(c, name);

		if (!n || !n->joined_ms)
			json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:I}", "name", name,
							      "state", node_state(c, name),
							      "stale", !index_find(&e->names, name),
							      "joined_ms", (json_int_t)0));
	}
	return list;
}

json_t *
report_view(const struct engine *e)
{
	const struct cluster *c = e->cluster;
	char *server = roles_server(e->site);
	json_t *ret = json_pack("{s:s, s:s, s:I, s:s, s:s, s:o, s:I, s:s, s:b}", "id", c->id,
				"server", server, "made_ms", (json_int_t)c->made_ms, "made_by",
				c->made_by, "kubernetes", c->kubernetes, "nodes", view_nodes(e),
				"report_ms", (json_int_t)c->report_ms, "report_by", c->report_by,
				"rook_saved", c->rook != NULL);

	for (size_t i = 1; i < sizeof(members) / sizeof(members[0]); i++) {
		json_t *value = json_object_get(c->report, members[i]);

		json_object_set_new(ret, members[i], value ? json_incref(value) : json_null());
	}
	free(server);
	return ret;
}

void
report_metrics(const struct engine *e, struct buf *ret)
{
	const json_t *nodes = json_object_get(e->cluster->report, "nodes");
	const json_t *pools = json_object_get(e->cluster->report, "pools");
	const json_t *ceph = json_object_get(e->cluster->report, "ceph");

	buf_format(ret, "# HELP bootserver_cluster_made Whether the cluster was made.\n"
		   "# TYPE bootserver_cluster_made gauge\nbootserver_cluster_made %d\n",
		   e->cluster->made_ms != 0);
	buf_text(ret, "# HELP bootserver_node_ready Nodes as the control plane reported them.\n"
		 "# TYPE bootserver_node_ready gauge\n");
	for (size_t i = 0; i < json_array_size(nodes); i++)
		if (str_is_name(json_str(json_array_get(nodes, i), "name", "")))
			buf_format(ret, "bootserver_node_ready{node=\"%s\"} %d\n",
				   json_str(json_array_get(nodes, i), "name", ""),
				   json_flag(json_array_get(nodes, i), "ready", false));
	buf_text(ret, "# HELP bootserver_pool_free Free addresses of the load balancer's pools.\n"
		 "# TYPE bootserver_pool_free gauge\n");
	for (size_t i = 0; i < json_array_size(pools); i++)
		if (str_is_name(json_str(json_array_get(pools, i), "name", "")))
			buf_format(ret, "bootserver_pool_free{pool=\"%s\"} %lld\n",
				   json_str(json_array_get(pools, i), "name", ""),
				   (long long)json_num(json_array_get(pools, i), "free", 0));
	if (json_is_object(ceph))
		buf_format(ret, "# HELP bootserver_osds Ceph's OSDs by state.\n"
			   "# TYPE bootserver_osds gauge\nbootserver_osds{state=\"up\"} %lld\n"
			   "bootserver_osds{state=\"in\"} %lld\n",
			   (long long)json_num(ceph, "osds_up", 0),
			   (long long)json_num(ceph, "osds_in", 0));
}
