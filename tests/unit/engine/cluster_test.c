/* From a booted machine to a node: who makes the cluster, who joins it, what each one is given. */
#include "tests/unit/engine/member.c"

static const char *
file_text(const json_t *files, const char *path)
{
	for (size_t i = 0; i < json_array_size(files); i++)
		if (strcmp(json_str(json_array_get(files, i), "path", ""), path) == 0)
			return json_str(json_array_get(files, i), "text", "");
	return NULL;
}

/* What of the answer is sealed, opened with `agent`'s key; NULL: nothing is, or not for it. */
static json_t *
unsealed(const json_t *answer, const struct bench_agent *agent)
{
	struct cms_who who = { agent->key, agent->cert };
	json_t *body = NULL;
	struct err err;
	void *der;
	char *text;
	size_t len;

	if (json_bytes(answer, "sealed", &der, &len) < 0)
		return NULL;
	if (cms_unseal(&who, (struct cms_bytes){ der, len }, &text, &len, &err) == 0) {
		assert_int_equal(json_parse(&body, text, len, &err), 0);
		free(text);
	}
	free(der);
	return body;
}

/* The certificate of the one user of a kubeconfig. */
static X509 *
user_cert(const char *config)
{
	const char *at = strstr(config, "client-certificate-data: ");
	json_t *box;
	struct err err;
	void *pem;
	size_t len;
	X509 *cert;
	char *text;

	assert_non_null(at);
	at += strlen("client-certificate-data: ");
	text = str_format("%.*s", (int)strcspn(at, "\n"), at);
	box = json_pack("{s:s}", "cert", text[0] == '"' ? strtok(text + 1, "\"") : text);
	assert_int_equal(json_bytes(box, "cert", &pem, &len), 0);
	free(text);
	text = str_format("%.*s", (int)len, (char *)pem);
	cert = pki_cert_parse(text, &err);
	assert_non_null(cert);
	free(text);
	free(pem);
	json_decref(box);
	return cert;
}

static void
assert_subject(X509 *cert, const char *org, const char *cn)
{
	char text[128];

	assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 2);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_organizationName, text,
				  sizeof(text));
	assert_string_equal(text, org);
	X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, text, sizeof(text));
	assert_string_equal(text, cn);
}

/* No part kube: no roles, and the digest of the poll says so too. */
static void
no_roles(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } };
	json_t *answer, *poll;

	boot_member(b, &n1, 1, 200);
	answer = expect(b, &n1, json_object(), "none", "");
	assert_true(str_starts(json_str(answer, "text", ""), "no roles"));
	poll = bench_agent_ask(b, &n1.agent, "poll", json_object(), 200);
	assert_string_equal(json_str(poll, "cluster_digest", "-"), json_str(answer, "digest", ""));
	json_decref(poll);
	json_decref(answer);
	member_fini(&n1);
}

/* The first machine makes the cluster, the others wait for that; each gets what is its. */
static void
made_and_joined(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	json_t *answer, *secret;
	const char *text;
	X509 *cert;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	answer = expect(b, &n2, json_object(), "wait", "");
	assert_string_equal(json_str(answer, "text", ""), "waits for the control plane (n1)");
	assert_int_equal(json_num(answer, "retry_s", 0), 5);
	json_decref(answer);

	answer = expect(b, &n1, json_object(), "go", "init");
	assert_string_equal(json_str(answer, "kubernetes", ""), "v1.36.4");
	text = file_text(json_object_get(answer, "files"),
			 "/etc/kubernetes/bootserver/kubeadm.yaml");
	assert_non_null(text);
	assert_non_null(strstr(text, "InitConfiguration"));
	assert_null(unsealed(answer, &n2.agent));
	secret = unsealed(answer, &n1.agent);
	text = file_text(json_object_get(secret, "files"), "/etc/kubernetes/pki/ca.key");
	assert_string_equal(text, b->e->cluster->pki[PKI_CA_KEY]);
	assert_non_null(file_text(json_object_get(secret, "files"),
				  "/etc/kubernetes/pki/etcd/ca.key"));
	json_decref(secret);
	json_decref(answer);
	expects(b, &n2, done("join"), "wait", "");
	expects(b, &n2, done("init"), "wait", "");
	assert_int_equal(b->e->cluster->made_ms, 0);

	answer = expect(b, &n1, done("init"), "go", "init");
	assert_null(json_object_get(answer, "sealed"));	/* a node has its keys */
	/* but its kubelet's certificate may end while it is off */
	assert_non_null(file_text(json_object_get(answer, "files"),
				  "/etc/kubernetes/bootserver/discovery.conf"));
	json_decref(answer);
	answer = expect(b, &n2, json_object(), "go", "join");
	assert_null(json_object_get(answer, "sealed"));
	text = file_text(json_object_get(answer, "files"),
			 "/etc/kubernetes/bootserver/discovery.conf");
	assert_non_null(strstr(text, "https://api.lab.internal:6443"));
	assert_null(strstr(text, "client-key-data"));
	cert = user_cert(text);
	assert_subject(cert, "system:nodes", "system:node:n2");
	assert_true(pki_cert_by(cert, b->e->cluster->ca));
	assert_true(pki_cert_fits(cert, NULL, BENCH_NOW / 1000 - 1800));
	assert_true(pki_cert_fits(cert, NULL, BENCH_NOW / 1000 + 86000));
	assert_false(pki_cert_fits(cert, NULL, BENCH_NOW / 1000 + 86500));
	X509_free(cert);
	text = json_string_value(json_array_get(json_object_get(answer, "hosts"), 0));
	assert_string_equal(text, "10.9.0.101 api.lab.internal");
	json_decref(answer);
	member_fini(&n1);
	member_fini(&n2);
}

/* Whose request it is counts, not what it asks for; a key must have signed for itself. */
static void
other_names(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	char *csr = csr_for("system:node:n1", key), *at;
	json_t *answer;
	X509 *cert;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	answer = expect(b, &n2, json_pack("{s:s}", "csr", csr), "go", "join");
	cert = user_cert(file_text(json_object_get(answer, "files"),
				   "/etc/kubernetes/bootserver/discovery.conf"));
	assert_subject(cert, "system:nodes", "system:node:n2");
	assert_int_equal(EVP_PKEY_eq(X509_get0_pubkey(cert), key), 1);
	X509_free(cert);
	json_decref(answer);
	at = strstr(csr, "\n") + 40;	/* within what is signed */
	*at = *at == 'A' ? 'B' : 'A';
	json_decref(ask_cluster(b, &n2, json_pack("{s:s}", "csr", csr), 400));
	json_decref(ask_cluster(b, &n2, json_pack("{s:s}", "csr", "no request"), 400));
	free(csr);
	EVP_PKEY_free(key);
	member_fini(&n1);
	member_fini(&n2);
}

/* A signed request is good once. */
static void
replayed(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } };
	json_t *said, *answer;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	said = bench_signed(&n1.agent, "cluster", json_object());
	answer = bench_open(b, bench_ask(b, json_incref(said)), 200);
	assert_string_equal(json_str(answer, "status", ""), "go");
	json_decref(answer);
	json_decref(bench_open(b, bench_ask(b, said), 409));
	member_fini(&n1);
}

/* The key that is to hold CA keys needs a person: at enrolment, and when a worker's key that none
 * has looked at is to become a control plane's. */
static void
needs_a_person(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	char *strict = str_dup(cluster_site), *at = strstr(strict, "enrolment");
	json_t *answer;

	memset(at, '#', strcspn(at, "\n"));
	begin(b, strict);
	boot_member(b, &n1, 1, 202);
	json_decref(bench_route(b, "POST", "/v1/machines/n1/approve", NULL, 200));
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, json_object(), "go", "init");
	boot_member(b, &n2, 2, 200);
	expects(b, &n1, done("init"), "go", "init");
	expects(b, &n2, json_object(), "go", "join");
	expects(b, &n2, done("join"), "go", "join");
	free(strict);
	strict = three_masters();
	at = strstr(strict, "enrolment");
	memset(at, '#', strcspn(at, "\n"));
	bench_site_file(b, "reload", strict);
	assert_true(json_flag(b->config, "ok", false));
	answer = expect(b, &n2, have(b, false, false), "wait", "");
	assert_non_null(strstr(json_str(answer, "text", ""), "bootserver approve "));
	assert_null(json_object_get(answer, "sealed"));
	json_decref(answer);
	assert_string_equal(bench_shows(b, "n2", "state"), "stalled");
	json_decref(bench_route(b, "POST", "/v1/machines/n2/approve", NULL, 200));
	expects(b, &n2, json_object(), "go", "join-control-plane");
	free(strict);
	member_fini(&n1);
	member_fini(&n2);
}

/* Control-plane machines join one after the other, with an administrator's word for kubeadm. */
static void
one_at_a_time(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1, n3 = n1;
	char *site = three_masters();
	json_t *answer, *secret;
	X509 *cert;

	begin(b, site);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	boot_member(b, &n3, 3, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	answer = expect(b, &n2, json_object(), "go", "join-control-plane");
	secret = unsealed(answer, &n2.agent);
	cert = user_cert(file_text(json_object_get(secret, "files"), "/etc/kubernetes/admin.conf"));
	assert_subject(cert, "kubeadm:cluster-admins", "kubernetes-admin");
	assert_non_null(file_text(json_object_get(secret, "files"), "/etc/kubernetes/pki/sa.key"));
	X509_free(cert);
	json_decref(secret);
	json_decref(answer);
	answer = expect(b, &n3, json_object(), "wait", "");
	assert_non_null(strstr(json_str(answer, "text", ""), "waits for n2"));
	json_decref(answer);
	expects(b, &n2, done("join"), "go", "join-control-plane");
	expects(b, &n3, json_object(), "go", "join-control-plane");
	/* one that falls silent in the midst of it holds up nobody for ever */
	expects(b, &n1, have(b, false, false), "wait", "");
	clock_fake_ms += 301000;
	expects(b, &n1, have(b, false, false), "go", "join-control-plane");
	free(site);
	member_fini(&n1);
	member_fini(&n2);
	member_fini(&n3);
}

/* What a machine keeps, and what it lost, is known at its word, also to a new database. */
static void
kept_and_lost(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	expects(b, &n2, done("join"), "go", "join");
	bench_stop(b);
	bench_start(b, cluster_site);
	assert_true(b->e->cluster->made_ms > 0);
	assert_string_equal(b->e->cluster->made_by, "n1");
	assert_true(cluster_node(b->e->cluster, "n2")->joined_ms > 0);
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, have(b, true, true), "go", "init");
	/* the only copy of etcd is not thrown away; without it the cluster is made anew */
	expects(b, &n1, have(b, false, true), "refused", "");
	expects(b, &n1, have(b, false, false), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	bench_stop(b);
	unlink("state/bootserver.db");
	unlink("state/bootserver.db-wal");
	bench_start(b, cluster_site);
	boot_member(b, &n2, 2, 200);
	expects(b, &n2, have(b, true, false), "wait", "");
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, have(b, true, true), "go", "init");
	assert_string_equal(b->e->cluster->made_by, "n1");
	expects(b, &n2, have(b, true, false), "go", "join");
	assert_true(cluster_node(b->e->cluster, "n2")->joined_ms > 0);
	member_fini(&n1);
	member_fini(&n2);
}

/* The only control-plane machine is gone for good: the one that takes its place makes the cluster
 * anew, and two that have lost everything do not make two. */
static void
replaced(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1, n3 = n1;
	char *site = str_dup(cluster_site);

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	boot_member(b, &n3, 3, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	memmove(strstr(site, "  - {name: n1"), strstr(site, "  - {name: n2"),
		strlen(strstr(site, "  - {name: n2")) + 1);
	bench_site_file(b, "reload", site);
	assert_true(json_flag(b->config, "ok", false));
	expects(b, &n2, have(b, false, false), "go", "init");
	free(site);
	site = three_masters();
	bench_site_file(b, "reload", site);
	expects(b, &n1, have(b, true, true), "go", "init");
	expects(b, &n2, have(b, false, false), "go", "join-control-plane");
	expects(b, &n2, done("join"), "go", "join-control-plane");
	/* both have lost their disks: the first waits in vain for the second, which says so too */
	expects(b, &n1, have(b, false, false), "go", "join-control-plane");
	expects(b, &n2, have(b, false, false), "wait", "");
	expects(b, &n1, have(b, false, false), "go", "init");
	expects(b, &n3, json_object(), "wait", "");
	expects(b, &n1, done("init"), "go", "init");
	expects(b, &n2, have(b, false, false), "go", "join-control-plane");
	free(site);
	member_fini(&n1);
	member_fini(&n2);
	member_fini(&n3);
}

/* A machine that a person took in and no file names is a worker, under the name it was given. */
static void
taken_in(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, other = n1;
	json_t *answer;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	json_decref(bench_boot(b, "52:54:00:00:00:09", "10.9.0.109"));
	json_decref(bench_route(b, "POST", "/v1/machines/m-525400000009/approve",
				"{\"name\": \"n9\"}", 200));
	boot_member(b, &other, 9, 200);
	answer = expect(b, &other, json_object(), "go", "join");
	assert_string_equal(json_str(answer, "node", ""), "n9");
	assert_string_equal(json_string_value(json_array_get(json_object_get(answer, "hosts"), 1)),
			    "10.9.0.109 n9 n9.lab.internal");
	json_decref(answer);
	member_fini(&n1);
	member_fini(&other);
}

/* The cluster runs one version; an image with another is refused before it does anything. */
static void
other_version(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	json_t *answer;
	struct err err;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	bench_image_kube("edge", "kernel three", "v1.37.0");
	assert_int_equal(engine_images_load(b->e, &err), 0);
	boot_member(b, &n2, 2, 200);
	answer = expect(b, &n2, json_object(), "refused", "");
	assert_string_equal(json_str(answer, "text", ""),
			    "the image has Kubernetes v1.37.0, the cluster runs v1.36.4");
	json_decref(answer);
	expects(b, &n1, json_object(), "go", "init");	/* it still runs the former image */
	member_fini(&n1);
	member_fini(&n2);
}

/* What the cluster was made with stays, now and at the next start. */
static void
frozen(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } };
	char *site = str_format("%skubernetes: {pod-range: 10.64.0.0/16}\n", cluster_site);
	json_t *finding;

	begin(b, site);
	bench_site_file(b, "reload", cluster_site);	/* not made yet: nothing is decided */
	assert_true(json_flag(b->config, "ok", false));
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	bench_site_file(b, "reload", site);
	assert_false(json_flag(b->config, "ok", true));
	finding = json_array_get(json_object_get(b->config, "findings"), 0);
	assert_non_null(strstr(json_str(finding, "text", ""), "10.244.0.0/16"));
	assert_int_equal(b->e->site->kubernetes.pods.address, 0x0af40000);
	bench_stop(b);
	bench_start(b, site);
	assert_false(json_flag(b->config, "ok", true));
	bench_site_file(b, "reload", cluster_site);
	assert_true(json_flag(b->config, "ok", false));
	free(site);
	member_fini(&n1);
}

/* The site's own manifests come from the keeper and become a stage. */
static void
own_manifests(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } };
	char *site = str_format("%skubernetes: {manifests: own.yaml}\n", cluster_site);
	json_t *answer, *stages;
	bool found = false;
	int fd;

	begin(b, site);
	assert_string_equal(json_string_value(json_array_get(json_object_get(b->config,
							     "manifests"), 0)), "own.yaml");
	bench_put("own.yaml", "kind: Own\n", 10);
	fd = open("own.yaml", O_RDONLY | O_CLOEXEC);
	bench_say(b, true, json_pack("{s:s, s:[{s:s, s:i}]}", "type", "manifests", "files", "name",
				     "own.yaml", "size", 10), &fd, 1);
	boot_member(b, &n1, 1, 200);
	answer = expect(b, &n1, json_object(), "go", "init");
	stages = json_object_get(answer, "stages");
	for (size_t i = 0; i < json_array_size(stages); i++)
		found |= strstr(json_str(json_array_get(stages, i), "text", ""), "kind: Own") !=
			 NULL;
	assert_true(found);
	json_decref(answer);
	free(site);
	member_fini(&n1);
}

/* A held poll is answered when there is something new, and only then. */
static void
told_of_news(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } }, n2 = n1;
	json_t *answer, *poll;
	char digest[SHA256_TEXT];
	struct err err;

	begin(b, cluster_site);
	boot_member(b, &n1, 1, 200);
	boot_member(b, &n2, 2, 200);
	answer = expect(b, &n2, json_object(), "wait", "");
	str_copy(digest, sizeof(digest), json_str(answer, "digest", ""));
	json_decref(answer);
	expects(b, &n1, json_object(), "go", "init");
	assert_null(bench_ask(b, bench_signed(&n2.agent, "poll", json_pack("{s:i}", "wait_s",
									  60))));
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
	assert_null(bench_hear(b->web));
	expects(b, &n1, done("init"), "go", "init");
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
	poll = bench_open(b, bench_hear(b->web), 200);
	assert_string_not_equal(json_str(poll, "cluster_digest", ""), digest);
	json_decref(poll);
	answer = expect(b, &n2, json_object(), "go", "join");
	str_copy(digest, sizeof(digest), json_str(answer, "digest", ""));
	json_decref(answer);
	answer = expect(b, &n2, done("join"), "go", "join");
	assert_string_equal(json_str(answer, "digest", ""), digest);
	json_decref(answer);
	member_fini(&n1);
	member_fini(&n2);
}

/* An operator's kubeconfig: good for as long as was asked, and made only for a cluster that is. */
static void
kubeconfig(void **state)
{
	struct bench *b = *state;
	struct member n1 = { .agent = { .key = NULL } };
	json_t *answer;
	X509 *cert;

	begin(b, cluster_site);
	json_decref(bench_route(b, "POST", "/v1/cluster/kubeconfig", NULL, 409));
	boot_member(b, &n1, 1, 200);
	expects(b, &n1, json_object(), "go", "init");
	expects(b, &n1, done("init"), "go", "init");
	answer = bench_route(b, "POST", "/v1/cluster/kubeconfig", "{\"hours\": 2}", 200);
	cert = user_cert(json_str(answer, "kubeconfig", ""));
	assert_subject(cert, "kubeadm:cluster-admins", "bootserver-admin");
	assert_true(pki_cert_fits(cert, NULL, BENCH_NOW / 1000 + 7100));
	assert_false(pki_cert_fits(cert, NULL, BENCH_NOW / 1000 + 7300));
	X509_free(cert);
	json_decref(answer);
	json_decref(bench_route(b, "POST", "/v1/cluster/kubeconfig", "{\"hours\": 0}", 422));
	json_decref(bench_route(b, "POST", "/v1/cluster/kubeconfig", "{\"hours\": 9000}", 422));
	member_fini(&n1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_roles), TEST(made_and_joined), TEST(other_names), TEST(replayed),
		TEST(needs_a_person), TEST(one_at_a_time), TEST(kept_and_lost),
		TEST(replaced), TEST(taken_in), TEST(other_version), TEST(frozen),
		TEST(own_manifests), TEST(told_of_news), TEST(kubeconfig),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
