/*
 * What a machine is told to become.  The digest covers what the renderers made and what is secret
 * with it, not the certificates, which differ each time; so an agent acts again exactly when there
 * is something new to do.
 *
 * What is secret goes to the key that is pinned for the machine, sealed: web carries it and cannot
 * read it.  CA keys go to control-plane machines alone, and only while they are no node yet.
 */
#include "engine/answer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/access.h"
#include "engine/inventory.h"
#include "engine/order.h"
#include "lib/cms.h"
#include "lib/json.h"
#include "lib/str.h"

#define RETRY_S 5
#define ADMIN_HOURS (365 * 24)	/* as kubeadm's own */

static const char *const words[] = {
	[DECIDE_NONE] = "none", [DECIDE_WAIT] = "wait", [DECIDE_PERSON] = "wait",
	[DECIDE_REFUSED] = "refused", [DECIDE_GO] = "go",
};

/* Where kubeadm looks for the files of pki/kubernetes/. */
static const struct {
	const char *path;
	int mode;
} pki_files[PKI_FILES] = {
	[PKI_CA_CRT] = { "ca.crt", 0644 }, [PKI_CA_KEY] = { "ca.key", 0600 },
	[PKI_FRONT_CRT] = { "front-proxy-ca.crt", 0644 },
	[PKI_FRONT_KEY] = { "front-proxy-ca.key", 0600 },
	[PKI_ETCD_CRT] = { "etcd/ca.crt", 0644 }, [PKI_ETCD_KEY] = { "etcd/ca.key", 0600 },
	[PKI_SA_KEY] = { "sa.key", 0600 }, [PKI_SA_PUB] = { "sa.pub", 0644 },
};

static void
add_file(json_t *files, const char *path, int mode, const char *text)
{
	json_array_append_new(files, json_pack("{s:s, s:i, s:s}", "path", path, "mode", mode,
					       "text", text));
}

static void
add_pki(json_t *files, const struct cluster *c)
{
	for (int i = 0; i < PKI_FILES; i++) {
		char *path = str_format("/etc/kubernetes/pki/%s", pki_files[i].path);

		add_file(files, path, pki_files[i].mode, c->pki[i]);
		free(path);
	}
}

static json_t *
part(const struct image_part *part)
{
	return json_pack("{s:s, s:s, s:I}", "part", part->part, "sha256", part->sha256, "size",
			 (json_int_t)part->size);
}

/* Ceph's images are for those that run it, its manifests for those that apply them. */
static json_t *
parts(const struct engine *e, const struct decision *d, int roles)
{
	json_t *list = json_pack("[o]", part(d->kube));

	if (d->ceph && e->site->storage.place.line > 0 &&
	    (roles & (SITE_ROLE_CONTROL_PLANE | SITE_ROLE_STORAGE)))
		json_array_append_new(list, part(d->ceph));
	return list;
}

static json_t *
role_names(int roles)
{
	json_t *names = json_array();

	for (int role = SITE_ROLE_CONTROL_PLANE; role <= SITE_ROLE_DPU; role <<= 1)
		if (roles & role)
			json_array_append_new(names,
					      json_string(roles_name((enum site_role)role)));
	return names;
}

/* All of the answer that is the same for the same knowledge; secret files go to *ret_secret. */
static json_t *
rendered(struct engine *e, const struct machine *m, const struct decision *d,
	 json_t **ret_secret)
{
	int roles = cluster_roles(e, m);
	json_t *body = json_object(), *stages = NULL;
	struct inventory inventory;
	char name[CLUSTER_NAME];

	inventory_init(&inventory, e, m, d);
	cluster_name(e->cluster, e->cluster->life + d->anew, name);
	json_put(body, "status", "go");
	json_put(body, "cluster", name);
	json_put(body, "node", m->name);
	json_object_set_new(body, "roles", role_names(roles));
	json_put(body, "action", roles_action_name(d->action));
	json_put(body, "kubernetes", d->kube->version);
	json_object_set_new(body, "parts", parts(e, d, roles));
	json_object_set_new(body, "hosts", inventory_hosts(e, &inventory));
	json_object_set_new(body, "files",
			    roles_files(&inventory.cluster, inventory.self, d->action));
	if (roles & SITE_ROLE_CONTROL_PLANE) {
		inventory.cluster.wiped = order_wiped(e);
		roles_stages(&inventory.cluster, &stages, ret_secret);
	}
	json_object_set_new(body, "stages", stages ? stages : json_array());
	if (!stages)
		*ret_secret = json_array();
	inventory_fini(&inventory);
	return body;
}

static void
put_digest(json_t *body, const json_t *secret)
{
	json_t *all = json_pack("[O, O]", body, secret);
	char digest[SHA256_TEXT], *text;
	size_t len;

	text = json_text(all, &len);
	sha256_text(digest, text, len);
	OPENSSL_cleanse(text, len);
	free(text);
	json_decref(all);
	json_put(body, "digest", digest);
}

/* The certificates that a machine needs to join; `secret` gets what must be sealed. */
static int
add_access(struct engine *e, const struct answer_for *to, json_t *body, json_t *secret,
	   struct err *err)
{
	const struct decision *d = to->d;
	const char *csr = json_str(to->ask->said, "csr", NULL);
	char *text;

	/* a node gets a new one, too: its own may have ended while it was off */
	if (d->joined ? !csr : d->action == ROLES_INIT)
		return 0;
	if (!csr)
		return err_set(err, -EINVAL, "a machine that joins sends its kubelet's certificate"
			       " request (csr)");
	text = access_node(e, to->m, csr, err);
	if (!text)
		return -EINVAL;
	add_file(json_object_get(body, "files"), "/etc/kubernetes/bootserver/discovery.conf", 0600,
		 text);
	free(text);
	if (d->action != ROLES_JOIN_CONTROL_PLANE || d->joined)
		return 0;
	text = access_admin(e, "kubernetes-admin", ADMIN_HOURS, err);
	if (!text)
		return -EINVAL;
	add_file(secret, "/etc/kubernetes/admin.conf", 0600, text);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return 0;
}

/* For the machine's key alone; nothing secret, nothing sealed. */
static int
seal(X509 *to, json_t *body, const json_t *secret, struct err *err)
{
	json_t *all;
	unsigned char *der;
	size_t len;
	char *text;
	int r;

	if (json_array_size(secret) == 0)
		return 0;
	all = json_pack("{s:O}", "files", secret);
	text = json_text(all, &len);
	r = cms_seal(to, (struct cms_bytes){ text, len }, &der, &len, err);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	json_decref(all);
	if (r < 0)
		return r;
	json_put_bytes(body, "sealed", der, len);
	free(der);
	return 0;
}

static json_t *
short_answer(const struct decision *d)
{
	json_t *body = json_pack("{s:s, s:s}", "status", words[d->kind], "text", d->text);
	json_t *nothing = json_array();

	put_digest(body, nothing);
	json_decref(nothing);
	if (d->kind == DECIDE_WAIT || d->kind == DECIDE_PERSON)
		json_put_num(body, "retry_s", RETRY_S);
	return body;
}

json_t *
answer_new(struct engine *e, const struct answer_for *to, struct err *err)
{
	const struct decision *d = to->d;
	json_t *body, *secret;
	int r = 0;

	if (d->kind != DECIDE_GO)
		return short_answer(d);
	body = rendered(e, to->m, d, &secret);
	put_digest(body, secret);
	if (to->ask) {
		r = add_access(e, to, body, secret, err);
		if (!d->joined && d->action != ROLES_JOIN)
			add_pki(secret, e->cluster);
		if (r == 0)
			r = seal(to->ask->cert, body, secret, err);
	}
	json_decref(secret);
	if (r == 0)
		return body;
	json_decref(body);
	return NULL;
}
