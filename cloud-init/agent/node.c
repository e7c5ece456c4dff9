/* What makes this machine a node and lasts: see node.h. */
#include "cloud-init/agent/node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/str.h"

#define KUBELET_CONF "/etc/kubernetes/kubelet.conf"
#define PKI "/etc/kubernetes/pki"
#define ETCD_MEMBER "/var/lib/etcd/member"
#define CERTS_AHEAD_S (30 * 86400)

static EVP_PKEY *
make_key(struct err *err)
{
	EVP_PKEY *key = pki_key_new(err);
	char path[WHERE_MAX], *pem;
	int r = -EIO;

	if (!key)
		return NULL;
	pem = pki_key_pem(key);
	if (pem)
		r = file_mkdirs(AT_FDCWD, where(path, NODE_FOLDER), 0755, err);
	if (r == 0)
		r = where_write(NODE_KEY, 0600, pem, err);
	free(pem);
	if (r < 0) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

/* Unlike the machine's key this one is pinned nowhere: what cannot be read is made anew. */
static EVP_PKEY *
open_key(struct err *err)
{
	char *pem = where_text(NODE_KEY);
	EVP_PKEY *key = pem ? pki_key_parse(pem, err) : NULL;

	free(pem);
	return key ? key : make_key(err);
}

static X509_REQ *
make_request(EVP_PKEY *key, const char *name)
{
	char *cn = str_format("system:node:%s", name);
	X509_NAME *subject = X509_NAME_new();
	X509_REQ *req = X509_REQ_new();
	bool good;

	good = req && subject &&
	       X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8,
					  (const unsigned char *)"system:nodes", -1, -1, 0) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					  (const unsigned char *)cn, -1, -1, 0) &&
	       X509_REQ_set_subject_name(req, subject) && X509_REQ_set_pubkey(req, key) &&
	       X509_REQ_sign(req, key, EVP_sha256()) > 0;
	X509_NAME_free(subject);
	free(cn);
	if (good)
		return req;
	X509_REQ_free(req);
	return NULL;
}

char *
node_csr(const char *name, struct err *err)
{
	EVP_PKEY *key = open_key(err);
	BIO *bio = BIO_new(BIO_s_mem());
	X509_REQ *req = NULL;
	char *text, *ret = NULL;
	long len;

	if (key)
		req = make_request(key, name);
	if (req && bio && PEM_write_bio_X509_REQ(bio, req)) {
		len = BIO_get_mem_data(bio, &text);
		ret = str_format("%.*s", (int)len, text);
	} else if (key) {
		err_set(err, -EIO, "cannot make the request for the kubelet's certificate");
	}
	X509_REQ_free(req);
	EVP_PKEY_free(key);
	BIO_free(bio);
	return ret;
}

/* The mark, or NULL; one without the kubelet's file counts for nothing.  New reference. */
static json_t *
read_mark(void)
{
	char *text = where_is(KUBELET_CONF) ? where_text(NODE_MARK) : NULL;
	struct err ignored;
	json_t *o = NULL;

	if (text)
		json_parse(&o, text, strlen(text), &ignored);
	free(text);
	return o;
}

json_t *
node_have(void)
{
	json_t *mark = read_mark(), *o = json_object();
	const char *cluster = json_str(mark, "cluster", NULL);

	json_object_set_new(o, "cluster", cluster ? json_string(cluster) : json_null());
	json_put_flag(o, "node", cluster != NULL);
	json_put(o, "name", json_str(mark, "name", NULL));
	json_put_flag(o, "etcd", where_is(ETCD_MEMBER));
	json_decref(mark);
	return o;
}

bool
node_kept(const struct node_id *id)
{
	json_t *mark = read_mark();
	bool same = mark && str_eq(json_str(mark, "cluster", ""), id->cluster) &&
		    str_eq(json_str(mark, "name", ""), id->name);

	json_decref(mark);
	return same;
}

bool
node_traces(void)
{
	static const char *const traces[] = {
		NODE_MARK, KUBELET_CONF, ETCD_MEMBER, "/etc/kubernetes/bootstrap-kubelet.conf",
		"/var/lib/kubelet/config.yaml", "/etc/kubernetes/pki/apiserver.crt",
		"/etc/kubernetes/manifests/etcd.yaml",
	};

	for (size_t i = 0; i < sizeof(traces) / sizeof(*traces); i++)
		if (where_is(traces[i]))
			return true;
	return false;
}

static bool
ends_before(const char *path, time_t then)
{
	char *pem = where_text("%s", path);
	struct err ignored;
	X509 *cert = pem ? pki_cert_parse(pem, &ignored) : NULL;
	bool ends = cert && X509_cmp_time(X509_get0_notAfter(cert), &then) < 0;

	X509_free(cert);
	free(pem);
	return ends;
}

bool
node_certs_due(int64_t now_s)
{
	static const char *const certs[] = {
		PKI "/apiserver.crt", PKI "/apiserver-kubelet-client.crt",
		PKI "/apiserver-etcd-client.crt", PKI "/front-proxy-client.crt",
		PKI "/etcd/server.crt", PKI "/etcd/peer.crt", PKI "/etcd/healthcheck-client.crt",
	};

	for (size_t i = 0; i < sizeof(certs) / sizeof(*certs); i++)
		if (ends_before(certs[i], (time_t)(now_s + CERTS_AHEAD_S)))
			return true;
	return false;
}

int
node_mark(const struct node_id *id, const char *action, struct err *err)
{
	json_t *o = json_object();
	char *text;
	int r;

	json_put(o, "cluster", id->cluster);
	json_put(o, "name", id->name);
	json_put(o, "action", action);
	text = json_text(o, NULL);
	r = where_write(NODE_MARK, 0644, text, err);
	free(text);
	json_decref(o);
	return r;
}

void
node_unmark(void)
{
	char path[WHERE_MAX];

	unlink(where(path, NODE_MARK));
}
