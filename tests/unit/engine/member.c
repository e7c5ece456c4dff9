/*
 * Machines on the bench that become nodes: a site with a cluster, agents that enrol and ask.  Each
 * test program of the cluster includes this file.
 */
#include "tests/unit/engine/bench.c"

#include <openssl/pem.h>

#include "engine/cluster.h"
#include "engine/images.h"

static const char cluster_site[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
	"image: edge\n"
	"enrolment: {control-plane: listed}\n"
	"machines:\n"
	"  - {name: n1, mac: \"52:54:00:00:00:01\"}\n"
	"  - {name: n2, mac: \"52:54:00:00:00:02\"}\n"
	"  - {name: n3, mac: \"52:54:00:00:00:03\"}\n";

/* Three machines of which all are control plane. */
static inline char *
three_masters(void)
{
	char *text = str_dup(cluster_site);

	for (char *at = text; (at = strstr(at, "\"}")) != NULL;) {
		size_t head = (size_t)(at - text) + 1;
		char *more = str_format("%.*s, roles: [control-plane]}%s", (int)head, text,
					at + 2);

		free(text);
		text = more;
		at = text + head + 20;
	}
	return text;
}

struct member {
	struct bench_agent agent;
	char mac[20], ip[16];
};

/* Boots machine `number` and enrols it with a new key, or boots the one it is again. */
static inline void
boot_member(struct bench *b, struct member *member, int number, int status)
{
	char nonce[BOOT_NONCE];
	json_t *said;

	snprintf(member->mac, sizeof(member->mac), "52:54:00:00:00:%02d", number);
	snprintf(member->ip, sizeof(member->ip), "10.9.0.%d", 100 + number);
	bench_lease(b, member->mac, member->ip, "", "");
	bench_nonce(b, member->mac, member->ip, "image", nonce);
	if (member->agent.key)
		str_copy(member->agent.nonce, sizeof(member->agent.nonce), nonce);
	else
		bench_agent_init(&member->agent, nonce);
	member->agent.ip = member->ip;
	said = json_pack("{s:s, s:s, s:{s:s}}", "mac", member->mac, "state", "new", "facts",
			 "arch", "amd64");
	json_decref(bench_agent_ask(b, &member->agent, "enrol", said, status));
}

static inline void
member_fini(struct member *member)
{
	bench_agent_fini(&member->agent);
}

/* A certificate request as a kubelet's, for whatever name. */
static inline char *
csr_for(const char *name, EVP_PKEY *key)
{
	X509_REQ *csr = X509_REQ_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *data, *text;
	long len;

	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr), "O", MBSTRING_UTF8,
				   (const unsigned char *)"system:masters", -1, -1, 0);
	X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(csr), "CN", MBSTRING_UTF8,
				   (const unsigned char *)name, -1, -1, 0);
	X509_REQ_set_pubkey(csr, key);
	assert_true(X509_REQ_sign(csr, key, EVP_sha256()) > 0);
	assert_int_equal(PEM_write_bio_X509_REQ(bio, csr), 1);
	len = BIO_get_mem_data(bio, &data);
	text = str_format("%.*s", (int)len, data);
	BIO_free(bio);
	X509_REQ_free(csr);
	return text;
}

/* Asks for a place in the cluster; takes `said`'s reference, to which it adds a request. */
static inline json_t *
ask_cluster(struct bench *b, struct member *member, json_t *said, int status)
{
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	char *csr = csr_for("system:node:whoever", key);

	if (!json_object_get(said, "csr"))
		json_put(said, "csr", csr);
	free(csr);
	EVP_PKEY_free(key);
	return bench_agent_ask(b, &member->agent, "cluster", said, status);
}

/* Asks and expects this status and, of a «go», this action. */
static inline json_t *
expect(struct bench *b, struct member *member, json_t *said, const char *status, const char *action)
{
	json_t *answer = ask_cluster(b, member, said, 200);

	if (strcmp(json_str(answer, "status", ""), status) != 0 ||
	    strcmp(json_str(answer, "action", ""), action) != 0)
		fail_msg("wanted %s %s: %s %s (%s)", status, action,
			 json_str(answer, "status", ""), json_str(answer, "action", ""),
			 json_str(answer, "text", ""));
	return answer;
}

static inline void
expects(struct bench *b, struct member *member, json_t *said, const char *status,
	const char *action)
{
	json_decref(expect(b, member, said, status, action));
}

static inline json_t *
done(const char *word)
{
	return json_pack("{s:s}", "done", word);
}

static inline json_t *
have(struct bench *b, bool node, bool etcd)
{
	return json_pack("{s:{s:s, s:b, s:b}}", "have", "cluster", b->e->cluster->id, "node", node,
			 "etcd", etcd);
}

static inline void
begin(struct bench *b, const char *site)
{
	struct err err;

	bench_image_kube("edge", "kernel two", "v1.36.4");
	assert_int_equal(engine_images_load(b->e, &err), 0);
	bench_site_file(b, "reload", site);
	assert_true(json_flag(b->config, "ok", false));
}
