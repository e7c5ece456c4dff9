/* etcd's members: see member.h. */
#include "cloud-init/agent/member.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/http.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/pki.h"
#include "lib/str.h"

#define PKI "/etc/kubernetes/pki/etcd/ca"
#define CLIENT_PORT 2379
#define PEER_PORT 2380
#define ASK_MS 10000L
#define VALID_S 3600

/* Who asks, all as PEM. */
struct access {
	char *ca, *cert, *key;
};

json_t *
member_stale(const json_t *list, const struct member_wish *wish)
{
	json_t *members = json_object_get(list, "members"), *member, *url, *ids = json_array();
	char *peer = str_format("https://%s:%d", wish->address, PEER_PORT);
	bool ours;
	size_t i, j;

	json_array_foreach(members, i, member) {
		ours = str_eq(json_str(member, "name", ""), wish->name);
		json_array_foreach(json_object_get(member, "peerURLs"), j, url)
			ours |= str_eq(json_string_value(url), peer);
		if (ours)
			json_array_append(ids, json_object_get(member, "ID"));
	}
	free(peer);
	return ids;
}

static void
access_fini(struct access *access)
{
	free(access->ca);
	free(access->cert);
	free(access->key);
}

/* A client of etcd for an hour, signed here. */
static int
sign(struct access *ret, EVP_PKEY *ca_key, X509 *ca, struct err *err)
{
	int64_t now = clock_now_ms() / 1000;
	const struct pki_cert what = {
		.cn = "bootserver-agent", .use = PKI_CLIENT, .from_s = now - VALID_S,
		.to_s = now + VALID_S,
	};
	EVP_PKEY *key = pki_key_new(err);
	X509 *cert = key ? pki_cert_new(&what, key, ca, ca_key, err) : NULL;

	if (cert) {
		ret->cert = pki_cert_pem(cert);
		ret->key = pki_key_pem(key);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return cert && ret->cert && ret->key ? 0 : -EIO;
}

static int
access_init(struct access *ret, struct err *err)
{
	struct access access = { .ca = where_text(PKI ".crt") };
	char *pem = where_text(PKI ".key");
	X509 *ca = access.ca ? pki_cert_parse(access.ca, err) : NULL;
	EVP_PKEY *ca_key = pem ? pki_key_parse(pem, err) : NULL;
	int r;

	if (ca && ca_key)
		r = sign(&access, ca_key, ca, err);
	else
		r = err_set(err, -ENOENT, "the etcd CA is not here");
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	if (pem)
		memset(pem, 0, strlen(pem));
	free(pem);
	if (r < 0)
		access_fini(&access);
	else
		*ret = access;
	return r;
}

/* One request to one member; a status other than 200 is an error with its sentence. */
static int
ask(const struct access *access, const char *url, json_t *body, json_t **ret, struct err *err)
{
	struct http_answer answer = { 0 };
	size_t len;
	char *text = json_text(body, &len);
	const struct http_ask ask = {
		.url = url, .method = "POST", .ca_pem = access->ca, .cert_pem = access->cert,
		.key_pem = access->key, .body = text, .len = len, .timeout_ms = ASK_MS,
	};
	int r = http_ask(&ask, &answer, err);

	free(text);
	if (r < 0)
		return r;
	r = json_parse(ret, answer.body, answer.len, err);
	if (r == 0 && answer.status != 200) {
		r = err_set(err, -EPROTO, "etcd: %.200s", json_str(*ret, "message", "refuses"));
		json_decref(*ret);
	}
	http_answer_fini(&answer);
	return r;
}

static int
clean_at(const char *address, const struct access *access, const struct member_wish *wish,
	 struct err *err)
{
	char *list_url = str_format("https://%s:%d/v3/cluster/member/list", address, CLIENT_PORT);
	char *drop_url = str_format("https://%s:%d/v3/cluster/member/remove", address, CLIENT_PORT);
	json_t *body = json_object(), *list = NULL, *answer, *ids = NULL, *id;
	size_t i;
	int r;

	r = ask(access, list_url, body, &list, err);
	if (r == 0)
		ids = member_stale(list, wish);
	json_array_foreach(ids, i, id) {
		printf("removes the stale etcd member of %s\n", wish->name);
		json_object_set(body, "ID", id);
		r = ask(access, drop_url, body, &answer, err);
		if (r < 0)
			break;
		json_decref(answer);
	}
	json_decref(ids);
	json_decref(list);
	json_decref(body);
	free(list_url);
	free(drop_url);
	return r;
}

/* The address at the beginning of a hosts line; false: it is ours, or none. */
static bool
other_address(const char *line, const struct member_wish *wish, char ret[NET_IP4_TEXT])
{
	size_t len = strcspn(line, " \t");
	uint32_t ignored;

	if (len == 0 || len >= NET_IP4_TEXT)
		return false;
	snprintf(ret, NET_IP4_TEXT, "%.*s", (int)len, line);
	return net_ip4_parse(&ignored, ret) == 0 && !str_eq(ret, wish->address);
}

int
member_clean(const struct member_wish *wish, struct err *err)
{
	char address[NET_IP4_TEXT];
	struct access access;
	json_t *line;
	size_t i;
	int r = access_init(&access, err);

	if (r < 0)
		return r;
	r = err_set(err, -ENOENT, "no other control-plane machine is known");
	json_array_foreach((json_t *)(uintptr_t)wish->hosts, i, line) {
		if (!json_is_string(line) ||
		    !other_address(json_string_value(line), wish, address))
			continue;
		r = clean_at(address, &access, wish, err);
		if (r == 0)
			break;
	}
	access_fini(&access);
	return r;
}
