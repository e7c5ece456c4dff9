/*
 * The cluster as it is remembered: made or not, its nodes, its CAs; and the one request by which a
 * machine becomes a node of it.  A machine says what it keeps on its disk, so that what was lost
 * with a disk, or with our own database, is known again at its next word.
 */
#include "engine/cluster.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/answer.h"
#include "engine/machines.h"
#include "engine/report.h"
#include "engine/timeline.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "site/parse.h"

static const char *const pki_names[PKI_FILES] = {
	[PKI_CA_CRT] = "ca.crt", [PKI_CA_KEY] = "ca.key",
	[PKI_FRONT_CRT] = "front-proxy-ca.crt", [PKI_FRONT_KEY] = "front-proxy-ca.key",
	[PKI_ETCD_CRT] = "etcd-ca.crt", [PKI_ETCD_KEY] = "etcd-ca.key",
	[PKI_SA_KEY] = "sa.key", [PKI_SA_PUB] = "sa.pub",
};

static int
read_pki(struct cluster *c, struct err *err)
{
	uint8_t fingerprint[32];

	for (int i = 0; i < PKI_FILES; i++) {
		char *path = str_format("pki/kubernetes/%s", pki_names[i]);
		int r = file_read(AT_FDCWD, path, &c->pki[i], NULL, err);

		free(path);
		if (r < 0)
			return r;
	}
	c->ca = pki_cert_parse(c->pki[PKI_CA_CRT], err);
	c->ca_key = c->ca ? pki_key_parse(c->pki[PKI_CA_KEY], err) : NULL;
	if (!c->ca_key)
		return err_wrap(err, -EINVAL, "pki/kubernetes/ca");
	pki_cert_fingerprint(c->ca, fingerprint);
	hex_format(c->id, fingerprint, sizeof(fingerprint));
	return 0;
}

void
cluster_name(const struct cluster *c, unsigned int life, char ret[CLUSTER_NAME])
{
	if (life > 0)
		snprintf(ret, CLUSTER_NAME, "%s.%u", c->id, life);
	else
		str_copy(ret, CLUSTER_NAME, c->id);
}

struct node *
cluster_node(const struct cluster *c, const char *name)
{
	return index_find(&c->names, name);
}

static struct node *
add_node(struct cluster *c, const char *name)
{
	struct node *n = cluster_node(c, name);

	if (n)
		return n;
	n = mem_new(sizeof(*n));
	str_copy(n->name, sizeof(n->name), name);
	c->nodes = engine_room(c->nodes, c->nnodes, &c->nodes_size, sizeof(*c->nodes));
	c->nodes[c->nnodes++] = n;
	index_put(&c->names, n->name, n);
	return n;
}

/* What is kept of a cluster with other CAs is nothing to this one. */
static void
read_rows(struct engine *e, struct cluster *c)
{
	sqlite3_stmt *row;

	for (row = db_ask(&e->db, DB_CLUSTER, "s", c->id); db_next(&e->db, row);) {
		c->made_ms = db_num(row, 0);
		str_copy(c->made_by, sizeof(c->made_by), db_text(row, 1));
		str_copy(c->kubernetes, sizeof(c->kubernetes), db_text(row, 2));
		if (db_text(row, 3)[0])
			c->frozen = str_dup(db_text(row, 3));
		c->life = (unsigned int)db_num(row, 9);
		report_restore(e, c, row, 4);
	}
	for (row = db_ask(&e->db, DB_NODES, "s", c->id); db_next(&e->db, row);) {
		struct node *n = add_node(c, db_text(row, 0));

		n->joined_ms = db_num(row, 1);
		n->control_plane = db_num(row, 2);
		str_copy(n->kubernetes, sizeof(n->kubernetes), db_text(row, 3));
	}
}

int
cluster_load(struct engine *e, struct err *err)
{
	struct cluster *c = mem_new(sizeof(*c));
	int r = read_pki(c, err);

	e->cluster = c;
	c->changes = 1;
	if (r < 0)
		return r;
	read_rows(e, c);
	report_told(e);
	return e->db.fault ? err_set(err, e->db.fault, "the database cannot be read") : 0;
}

void
cluster_free(struct cluster *c)
{
	if (!c)
		return;
	for (int i = 0; i < PKI_FILES; i++) {
		if (c->pki[i])
			OPENSSL_cleanse(c->pki[i], strlen(c->pki[i]));
		free(c->pki[i]);
	}
	for (size_t i = 0; i < c->nnodes; i++) {
		json_decref(c->nodes[i]->osds);
		free(c->nodes[i]);
	}
	free(c->nodes);
	index_fini(&c->names);
	X509_free(c->ca);
	EVP_PKEY_free(c->ca_key);
	json_decref(c->report);
	json_decref(c->rook);
	free(c->rook_sealed);
	free(c->frozen);
	free(c);
}

void
cluster_changed(struct engine *e)
{
	if (e->cluster)
		e->cluster->changes++;
}

void
cluster_save(struct engine *e)
{
	const struct cluster *c = e->cluster;
	char *report = c->report ? json_text(c->report, NULL) : NULL;

	db_run(&e->db, DB_CLUSTER_SAVE, "sissssissii", c->id, c->made_ms, c->made_by, c->kubernetes,
	       c->frozen, report, c->report_ms, c->report_by, c->rook_sealed,
	       (int64_t)c->restoring, (int64_t)c->life);
	free(report);
}

static void
save_node(struct engine *e, const struct node *n)
{
	db_run(&e->db, DB_NODE_SAVE, "ssiis", e->cluster->id, n->name, n->joined_ms,
	       (int64_t)n->control_plane, n->kubernetes);
	cluster_changed(e);
}

bool
cluster_is(const struct engine *e)
{
	if (!e->site->kubernetes.enabled)
		return false;
	for (size_t i = 0; i < e->images.count; i++)
		if (image_part(&e->images.items[i], "kube", SITE_ARCH_AMD64) ||
		    image_part(&e->images.items[i], "kube", SITE_ARCH_ARM64))
			return true;
	return false;
}

int
cluster_roles(const struct engine *e, const struct machine *m)
{
	return machines_approved(e, m) ? roles_of(e->site, m->site) : 0;
}

/* No machine is a node of the life that begins. */
static void
next_life(struct engine *e, unsigned int life)
{
	struct cluster *c = e->cluster;

	c->life = life;
	c->made_ms = 0;
	for (size_t i = 0; i < c->nnodes; i++) {
		if (!c->nodes[i]->joined_ms)
			continue;
		c->nodes[i]->joined_ms = 0;
		save_node(e, c->nodes[i]);
	}
}

/* The control plane stands, and this machine began it. */
static void
made(struct engine *e, const struct machine *m, const struct decision *d)
{
	struct cluster *c = e->cluster;

	if (c->made_ms)
		next_life(e, c->life + 1);
	c->made_ms = clock_now_ms();
	str_copy(c->made_by, sizeof(c->made_by), m->name);
	str_copy(c->kubernetes, sizeof(c->kubernetes), d->kube->version);
	free(c->frozen);
	c->frozen = site_cluster_frozen(e->site);
	c->restoring = c->rook != NULL;
	cluster_save(e);
	cluster_changed(e);
	log_info("machine=%s text=\"the cluster is made: Kubernetes %s\"", m->name,
		 c->kubernetes);
}

static void
joined(struct engine *e, struct node *n, const struct machine *m, const struct decision *d)
{
	n->joined_ms = clock_now_ms();
	n->control_plane = cluster_roles(e, m) & SITE_ROLE_CONTROL_PLANE;
	str_copy(n->kubernetes, sizeof(n->kubernetes), d->kube->version);
	save_node(e, n);
	log_info("machine=%s text=\"is a node of the cluster\"", m->name);
}

static bool
may_make(const struct decision *d)
{
	return d->kind == DECIDE_GO && d->action == ROLES_INIT;
}

/* The life of our cluster that the machine is still a node of; -1: of none. */
static int64_t
kept_life(const struct cluster *c, const struct machine *m, const json_t *have)
{
	const char *name = json_str(have, "cluster", "");
	unsigned long life;
	char *end;

	if (!json_flag(have, "node", false) || !str_starts(name, c->id) ||
	    !str_eq(json_str(have, "name", m->name), m->name))
		return -1;
	name += strlen(c->id);
	if (!name[0])
		return 0;
	life = strtoul(name + 1, &end, 10);
	return name[0] == '.' && end > name + 1 && !*end && life < INT32_MAX ? (int64_t)life : -1;
}

/* What the machine keeps from its boots before. */
static void
take_node(struct engine *e, const struct machine *m, const json_t *have, bool kept,
	  struct decision *d)
{
	struct cluster *c = e->cluster;
	struct node *n = kept || json_flag(have, "etcd", false) ? add_node(c, m->name)
								 : cluster_node(c, m->name);

	if (!n)
		return;
	n->etcd = json_flag(have, "etcd", false);
	if (kept && !n->joined_ms && d->kind == DECIDE_GO) {
		if (!c->made_ms && may_make(d))
			made(e, m, d);
		joined(e, n, m, d);
	} else if (!kept && n->joined_ms) {
		log_info("machine=%s text=\"keeps nothing of its node: it joins anew\"", m->name);
		n->joined_ms = 0;
		save_node(e, n);
	}
}

/* A kept control-plane node shows that the cluster was made, or made anew, should our database
 * have forgotten it. */
static void
take_have(struct engine *e, const struct machine *m, const json_t *have, struct decision *d)
{
	int64_t life = kept_life(e->cluster, m, have);

	if (!json_is_object(have))
		return;
	if (life > e->cluster->life && (cluster_roles(e, m) & SITE_ROLE_CONTROL_PLANE)) {
		next_life(e, (unsigned int)life);
		decide(e, m, d);
	}
	take_node(e, m, have, life == e->cluster->life, d);
}

/* kubeadm has ended well. */
static void
take_done(struct engine *e, const struct machine *m, const char *done, const struct decision *d)
{
	bool init = str_eq(done, "init");
	struct node *n;

	/* one that was told to join has done so, whatever it would be told by now */
	if (d->kind != DECIDE_GO || d->joined ||
	    (init ? d->action != ROLES_INIT : !e->cluster->made_ms))
		return;
	if (init)
		made(e, m, d);
	n = add_node(e->cluster, m->name);
	joined(e, n, m, d);
}

/* One machine at a time changes the control plane. */
static void
settle_joining(struct engine *e, const struct machine *m, const struct decision *d)
{
	struct cluster *c = e->cluster;
	bool joins = d->kind == DECIDE_GO && !d->joined && d->action != ROLES_JOIN;

	if (joins) {
		str_copy(c->joining, sizeof(c->joining), m->name);
	} else if (strcmp(c->joining, m->name) == 0) {
		c->joining[0] = '\0';
		cluster_changed(e);
	}
}

/* Its pinned key waits for a person's word, under a code. */
static void
ask_person(struct engine *e, struct machine *m, struct decision *d)
{
	struct note note = { .phase = PHASE_JOIN, .state = STATE_STALL, .from = "engine" };

	if (strcmp(m->pending, m->pin) != 0)
		machines_pending(e, m, m->pin, m->pin_state, m->counter);
	machines_code(e, m);
	decide(e, m, d);	/* with the code in its sentence */
	note.text = d->text;
	timeline_note(e, m->boot, &note);
}

int
cluster_request(struct engine *e, const struct agent_ask *ask, struct machine *m, json_t **ret)
{
	const char *done = json_str(ask->said, "done", NULL);
	struct decision d;
	struct err err = { "" };

	decide(e, m, &d);
	take_have(e, m, json_object_get(ask->said, "have"), &d);
	decide(e, m, &d);
	if (done) {
		take_done(e, m, done, &d);
		decide(e, m, &d);
	}
	if (d.kind == DECIDE_PERSON)
		ask_person(e, m, &d);
	settle_joining(e, m, &d);
	if (d.kind == DECIDE_GO && d.joined && d.action != ROLES_JOIN)
		report_take(e, m, json_object_get(ask->said, "report"));
	*ret = answer_new(e, &(struct answer_for){ m, &d, ask }, &err);
	if (!*ret) {
		*ret = json_pack("{s:s, s:s}", "status", "refused", "text", err.text);
		return 400;
	}
	str_copy(m->told, sizeof(m->told), json_str(*ret, "digest", ""));
	return 200;
}

const char *
cluster_digest(struct engine *e, struct machine *m)
{
	struct decision d;
	struct err err;
	json_t *answer;

	if (m->digest[0] && m->digest_at == e->cluster->changes)
		return m->digest;
	decide(e, m, &d);
	answer = answer_new(e, &(struct answer_for){ m, &d, NULL }, &err);
	str_copy(m->digest, sizeof(m->digest), json_str(answer, "digest", ""));
	m->digest_at = e->cluster->changes;
	json_decref(answer);
	return m->digest;
}
