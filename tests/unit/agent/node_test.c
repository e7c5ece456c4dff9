/* What makes a machine a node: its key, its mark, the files and hosts lines it is sent. */
#include "cmocka_all.h"

#include <errno.h>
#include <sys/stat.h>

#include <openssl/pem.h>

#include "cloud-init/agent/node.h"
#include "cloud-init/agent/place.h"
#include "cloud-init/agent/tune.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "tree.h"

#define KUBELET_CONF "/etc/kubernetes/kubelet.conf"

static X509_REQ *
request(void)
{
	struct err err;
	char *pem = node_csr("n1", &err);
	BIO *bio;
	X509_REQ *req;

	assert_non_null(pem);
	bio = BIO_new_mem_buf(pem, -1);
	req = PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL);
	assert_non_null(req);
	BIO_free(bio);
	free(pem);
	return req;
}

static void
one_key_and_its_request(void **state)
{
	X509_REQ *first = request(), *second = request();
	char text[128], path[WHERE_MAX];
	struct stat st;

	(void)state;
	assert_int_equal(X509_REQ_verify(first, X509_REQ_get0_pubkey(first)), 1);
	assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(first), X509_REQ_get0_pubkey(second)), 1);
	X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(first), NID_commonName, text,
				  sizeof(text));
	assert_string_equal(text, "system:node:n1");
	X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(first), NID_organizationName, text,
				  sizeof(text));
	assert_string_equal(text, "system:nodes");
	assert_int_equal(stat(where(path, NODE_FOLDER "/kubelet.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	X509_REQ_free(second);

	/* Cut short by a lost power: made anew, nothing is pinned to it. */
	tree_file(NODE_FOLDER "/kubelet.key", "-----BEGIN EC");
	second = request();
	assert_int_equal(EVP_PKEY_eq(X509_REQ_get0_pubkey(first), X509_REQ_get0_pubkey(second)), 0);
	X509_REQ_free(first);
	X509_REQ_free(second);
}

static void
assert_have(const char *wanted)
{
	json_t *o = node_have();
	char *text = json_text(o, NULL);

	assert_string_equal(text, wanted);
	free(text);
	json_decref(o);
}

static void
marks(void **state)
{
	const struct node_id n1 = { "ab12", "n1" }, other = { "cd34", "n1" },
			     renamed = { "ab12", "n2" };
	struct err err;

	(void)state;
	assert_have("{\"cluster\":null,\"etcd\":false,\"node\":false}");
	assert_false(node_traces());
	tree_file(KUBELET_CONF, "");
	assert_true(node_traces());
	assert_have("{\"cluster\":null,\"etcd\":false,\"node\":false}");	/* no mark */
	tree_file(NODE_FOLDER "/there", "");
	assert_int_equal(node_mark(&n1, "init", &err), 0);
	tree_file("/var/lib/etcd/member/x", "");
	assert_have("{\"cluster\":\"ab12\",\"etcd\":true,\"name\":\"n1\",\"node\":true}");
	assert_true(node_kept(&n1));
	assert_false(node_kept(&other));
	assert_false(node_kept(&renamed));
	node_unmark();
	assert_false(node_kept(&n1));
	assert_true(node_traces());
}

static void
certificates_that_end(void **state)
{
	const struct pki_cert what = { "kube-apiserver", NULL, PKI_SERVER, NULL, 1000000000,
				       2000000000 };
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	X509 *cert = pki_cert_new(&what, key, NULL, NULL, &err);
	char *pem = pki_cert_pem(cert);

	(void)state;
	assert_false(node_certs_due(3000000000));	/* a worker has none */
	tree_file("/etc/kubernetes/pki/apiserver.crt", pem);
	assert_false(node_certs_due(2000000000 - 31 * 86400));
	assert_true(node_certs_due(2000000000 - 29 * 86400));
	assert_true(node_certs_due(2000000001));
	free(pem);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
places(void **state)
{
	static const char *const good[] = {
		"/etc/kubernetes/bootserver/kubeadm.yaml", "/etc/kubernetes/pki/etcd/ca.key",
		"/var/lib/kubelet/x", "/run/bootserver/secret.yaml", "/etc/containerd/..x/y..",
	};
	static const char *const bad[] = {
		"", "/", "/etc/passwd", "/etc/kubernetes", "/etc/kubernetes/",
		"/etc/kubernetes/../passwd", "/etc/kubernetes/..", "/etc/kubernetes/./x",
		"/etc/kubernetes//x", "/etc/kubernetes/.", "etc/kubernetes/x",
		"/etc/kubernetesx/y", "/run/bootserver/a/../../x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++)
		if (!place_allowed(good[i]))
			fail_msg("%s is refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		if (place_allowed(bad[i]))
			fail_msg("%s is allowed", bad[i]);
}

static void
files(void **state)
{
	json_t *list = json_pack("[{s:s, s:i, s:s}, {s:s, s:i, s:s}]",
				 "path", "/etc/kubernetes/pki/ca.key", "mode", 0600, "text", "K",
				 "path", "/etc/passwd", "mode", 0644, "text", "root");
	char path[WHERE_MAX], *text;
	struct stat st;
	struct err err;

	(void)state;
	assert_int_equal(place_files(list, &err), -EPERM);
	assert_false(where_is("/etc/passwd"));
	text = where_text("/etc/kubernetes/pki/ca.key");
	assert_string_equal(text, "K");
	assert_int_equal(stat(where(path, "/etc/kubernetes/pki/ca.key"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(text);
	json_decref(list);
	assert_int_equal(place_files(NULL, &err), 0);
}

static void
assert_hosts(const char *before, const char *line, const char *after)
{
	json_t *list = json_pack("[s]", line);
	char *text = place_hosts_render(before, list), *again;

	assert_string_equal(text, after);
	again = place_hosts_render(text, list);
	assert_string_equal(again, after);
	free(again);
	free(text);
	json_decref(list);
}

static void
hosts(void **state)
{
	(void)state;
	assert_hosts("127.0.0.1 localhost", "10.9.0.11 api.lab",
		     "127.0.0.1 localhost\n# bootserver: begin\n10.9.0.11 api.lab\n"
		     "# bootserver: end\n");
	assert_hosts("a\n# bootserver: begin\nold\n# bootserver: end\nb\n", "new",
		     "a\n# bootserver: begin\nnew\n# bootserver: end\nb\n");
	assert_hosts("", "two\nlines", "# bootserver: begin\n# bootserver: end\n");
}

static const char head[] = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n";

static void
default_routes(void **state)
{
	char *text;

	(void)state;
	assert_false(tune_has_default(""));
	assert_false(tune_has_default(head));
	text = str_format("%seth0\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n", head);
	assert_false(tune_has_default(text));
	free(text);
	text = str_format("%seth0\t00000000\t00000000\t0001\t0\t0\t0\t00000080\t0\t0\t0\n"
			  "eth0\t00000000\t0109090A\t0003\t0\t0\t1024\t00000000\t0\t0\t0\n", head);
	assert_true(tune_has_default(text));
	free(text);
}

/* The card that was eth0 in stage 1 is a member of a bond now. */
static void
link_of_an_address(void **state)
{
	char *text = str_format("%s"
				"store\t00004000\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
				"bond0\t00000000\t00000000\t0001\t0\t0\t65535\t00000000\t0\t0\t0\n"
				"bond0\t00001E0A\t0109090A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
				"bond0\t0000090A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
				head);
	char link[IF_NAMESIZE] = "untouched";

	(void)state;
	assert_int_equal(tune_find_link(text, 0x0a1e0001, link), -ENOENT);	/* 10.30.0.1 */
	assert_int_equal(tune_find_link(head, 0x0a090085, link), -ENOENT);
	assert_int_equal(tune_find_link("", 0x0a090085, link), -ENOENT);
	assert_string_equal(link, "untouched");
	assert_int_equal(tune_find_link(text, 0x0a090085, link), 0);		/* 10.9.0.133 */
	assert_string_equal(link, "bond0");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_key_and_its_request, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(marks, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(certificates_that_end, tree_init, tree_fini),
		cmocka_unit_test(places),
		cmocka_unit_test_setup_teardown(files, tree_init, tree_fini),
		cmocka_unit_test(hosts),
		cmocka_unit_test(default_routes),
		cmocka_unit_test(link_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
