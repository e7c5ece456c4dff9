/*
 * Who may speak to the API server.  Kubernetes believes a client certificate of its CA: the
 * subject's organisation is the group, the common name the user.  None is made out for what
 * somebody asks, only for what the engine knows: a machine gets its own node's name, an operator
 * the group that kubeadm binds to cluster-admin (which, unlike system:masters, can lose its
 * rights).
 *
 * A certificate begins an hour before it is made: clocks of machines are not better than that.
 */
#include "engine/access.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/pki.h"
#include "lib/str.h"

#define KUBELET_KEY "/etc/kubernetes/bootserver/kubelet.key"
#define NODE_HOURS 24
#define HOUR ((int64_t)3600)
#define CN_MOST 64	/* RFC 5280, ub-common-name */

static X509 *
sign(struct engine *e, struct pki_cert what, int64_t hours, EVP_PKEY *key, struct err *err)
{
	int64_t now = clock_now_ms() / 1000;

	what.use = PKI_CLIENT;
	what.from_s = now - HOUR;
	what.to_s = now + hours * HOUR;
	return pki_cert_new(&what, key, e->cluster->ca, e->cluster->ca_key, err);
}

/* The kubeconfig of `user` with the certificate; takes it over. */
static char *
config(struct engine *e, const char *user, X509 *cert, const char *key)
{
	char *pem = pki_cert_pem(cert), *text;
	struct roles_access access = {
		.user = user, .ca = e->cluster->pki[PKI_CA_CRT], .cert = pem, .key = key,
		.key_path = key ? NULL : KUBELET_KEY,
	};

	text = roles_kubeconfig(e->site, &access);
	free(pem);
	X509_free(cert);
	return text;
}

char *
access_node(struct engine *e, const struct machine *m, const char *csr, struct err *err)
{
	char *user = str_format("system:node:%s", m->name), *text = NULL;
	struct pki_cert what = { .cn = user, .org = "system:nodes" };
	EVP_PKEY *key = NULL;
	X509 *cert = NULL;

	if (strlen(user) > CN_MOST)
		err_set(err, -EINVAL, "the name %s is too long for a certificate: give it one of "
			"at most %zu signs", m->name, CN_MOST - strlen("system:node:"));
	else
		key = pki_csr_key(csr, err);
	if (key)
		cert = sign(e, what, NODE_HOURS, key, err);
	if (cert)
		text = config(e, user, cert, NULL);
	EVP_PKEY_free(key);
	free(user);
	return text;
}

char *
access_admin(struct engine *e, const char *user, int64_t hours, struct err *err)
{
	struct pki_cert what = { .cn = user, .org = "kubeadm:cluster-admins" };
	EVP_PKEY *key = pki_key_new(err);
	X509 *cert = key ? sign(e, what, hours, key, err) : NULL;
	char *pem, *text = NULL;

	if (cert) {
		pem = pki_key_pem(key);
		text = config(e, user, cert, pem);
		OPENSSL_cleanse(pem, strlen(pem));
		free(pem);
	}
	EVP_PKEY_free(key);
	return text;
}
