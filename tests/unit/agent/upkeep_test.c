/* A node that lives on: settings of its kubelet, certificates that end, by a kubeadm that stands
 * for the real one. */
#include "cmocka_all.h"

#include <sys/stat.h>

#include "cloud-init/agent/node.h"
#include "cloud-init/agent/upkeep.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "tree.h"

#define WANTED NODE_FOLDER "/patches/kubeletconfiguration0+strategic.yaml"
#define CONFIG "/var/lib/kubelet/config.yaml"
#define CURRENT "/var/lib/kubelet/pki/kubelet-client-current.pem"
#define MANIFEST "/etc/kubernetes/manifests/%s.yaml"
#define BEGIN_S 1000000000
#define END_S 2000000000
#define DAY_S 86400

/* A kubeadm that writes down its words; `upgrade` moves the old file away, and fails while there is
 * a file `fail`. */
static int
setup(void **state)
{
	char path[WHERE_MAX];

	if (tree_init(state) < 0)
		return -1;
	tree_file("/bin/kubeadm", "#!/bin/sh\nd=${0%/bin/kubeadm}; echo \"$*\" >>\"$d/log\"\n"
		  "case $1 in upgrade) mv $d" CONFIG " $d/old || exit 1 ;; esac\n"
		  "[ ! -e $d/fail ] || { echo 'error: no API server'; echo 'To see the stack trace"
		  " of this error'; exit 1; }\n"
		  "case $1 in upgrade) echo new >$d" CONFIG " ;; esac\n");
	if (chmod(where(path, "/bin/kubeadm"), 0755) < 0)
		return -1;
	where(path, "/bin:%s", getenv("PATH"));
	return setenv("PATH", path, 1);
}

static void
assert_text(const char *path, const char *wanted)
{
	char *text = where_text("%s", path);

	assert_non_null(text);
	assert_string_equal(text, wanted);
	free(text);
}

static void
settings(void **state)
{
	char path[WHERE_MAX], *wanted;
	struct err err;

	(void)state;
	assert_false(upkeep_settings_due());	/* no node */
	tree_file(WANTED, "maxPods: 64\n");
	tree_file(CONFIG, "old\n");
	tree_file("/etc/kubernetes/kubelet.conf", "");
	assert_int_equal(upkeep_settings_note(&err), 0);
	assert_false(upkeep_settings_due());

	tree_file(WANTED, "maxPods: 65\n");
	assert_true(upkeep_settings_due());
	tree_file("/fail", "");
	assert_int_not_equal(upkeep_settings(NULL, &err), 0);
	assert_string_equal(err.text, "kubeadm: no API server");
	assert_true(upkeep_settings_due());
	assert_false(where_is(CONFIG));		/* cut off in the midst of it … */
	unlink(where(path, "/fail"));
	assert_int_equal(upkeep_settings(NULL, &err), 0);
	assert_text(CONFIG, "new");		/* … is mended by the next try */
	assert_false(upkeep_settings_due());
	where(path, "%s", "");
	wanted = str_format("upgrade node phase kubelet-config --kubeconfig=%s"
			    "/etc/kubernetes/kubelet.conf --patches %s" NODE_FOLDER "/patches",
			    path, path);
	assert_non_null(strstr(where(path, "%s", ""), "/tmp/"));
	char *log = where_text("/log");
	assert_non_null(strstr(log, wanted));
	free(log);
	free(wanted);
}

static void
manifests(void **state)
{
	static const char before[] = "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n"
				     "    component: etcd\nspec:\n  containers: []";
	char *one = upkeep_manifest(before, 12), *two = upkeep_manifest(one, 345);

	(void)state;
	assert_string_equal(two, "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n"
				 "    bootserver.dev/certs: \"345\"\n    component: etcd\n"
				 "spec:\n  containers: []\n\n");
	assert_null(upkeep_manifest("kind: Pod\n", 1));
	free(one);
	free(two);
}

/* A certificate for `key` that ends then; PEM. */
static char *
cert_until(EVP_PKEY *key, int64_t end_s)
{
	const struct pki_cert what = { "system:node:n1", "system:nodes", PKI_CLIENT, NULL, BEGIN_S,
				       end_s };
	struct err err;
	X509 *cert = pki_cert_new(&what, key, NULL, NULL, &err);
	char *pem = pki_cert_pem(cert);

	X509_free(cert);
	return pem;
}

static void
control_plane(void **state)
{
	static const char *const pods[] = { "etcd", "kube-apiserver", "kube-controller-manager",
					    "kube-scheduler" };
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	char *pem = cert_until(key, END_S), path[WHERE_MAX], *text;
	struct stat st;

	(void)state;
	assert_false(upkeep_certs_due("n1", END_S));	/* a worker has none */
	tree_file(NODE_FOLDER "/node.json", "");
	tree_file("/etc/kubernetes/pki/etcd/peer.crt", pem);
	assert_false(upkeep_certs_due("n1", END_S - 31 * DAY_S));
	assert_true(upkeep_certs_due("n1", END_S - 19 * DAY_S));	/* whatever its hour */
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), MANIFEST, pods[i]);
		tree_file(path, "metadata:\n  labels:\n    a: b\n");
	}
	tree_file("/fail", "");
	assert_int_not_equal(upkeep_certs(NULL, &err), 0);
	assert_true(upkeep_certs_due("n1", BEGIN_S));	/* cut off: to be done again */
	assert_text("/etc/kubernetes/manifests/etcd.yaml", "metadata:\n  labels:\n    a: b");
	unlink(where(path, "/fail"));
	assert_int_equal(upkeep_certs(NULL, &err), 0);
	assert_false(upkeep_certs_due("n1", BEGIN_S));
	assert_text("/log", "certs renew all\ncerts renew all");
	for (size_t i = 0; i < 4; i++) {
		text = where_text(MANIFEST, pods[i]);
		assert_non_null(strstr(text, "    bootserver.dev/certs: \""));
		free(text);
	}
	assert_int_equal(stat(where(path, MANIFEST, "etcd"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	free(pem);
	EVP_PKEY_free(key);
}

/* As the engine's discovery.conf has it. */
static void
give(const char *cert)
{
	char *data = mem_new(strlen(cert) * 2), *text;

	EVP_EncodeBlock((unsigned char *)data, (const unsigned char *)cert, (int)strlen(cert));
	text = str_format("users:\n- name: n1\n  user:\n    client-certificate-data: %s\n"
			  "    client-key: k\n", data);
	tree_file(NODE_FOLDER "/discovery.conf", text);
	free(text);
	free(data);
}

static void
kubelet(void **state)
{
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	char *old = cert_until(key, END_S), *fresh = cert_until(key, END_S + DAY_S), *both;
	char *pem = pki_key_pem(key), path[WHERE_MAX], target[WHERE_MAX] = "";

	(void)state;
	assert_int_equal(upkeep_kubelet(END_S + 1, &err), 0);	/* it has none yet */
	tree_file("/var/lib/kubelet/pki/kubelet-client-1.pem", old);
	tree_link(CURRENT, "kubelet-client-1.pem");
	tree_file(NODE_FOLDER "/kubelet.key", pem);
	give(old);
	assert_int_equal(upkeep_kubelet(END_S - 1, &err), 0);	/* its own is good */
	assert_int_equal(upkeep_kubelet(END_S + 1, &err), 0);	/* nothing better came */
	give(fresh);
	assert_int_equal(upkeep_kubelet(END_S + 1, &err), 1);
	assert_true(readlink(where(path, CURRENT), target, sizeof(target) - 1) > 0);
	assert_string_equal(target, where(path, "/var/lib/kubelet/pki/"
					  "kubelet-client-bootserver.pem"));
	both = where_text(CURRENT);
	assert_non_null(strstr(both, "PRIVATE KEY"));
	assert_int_equal(strncmp(both, fresh, strlen(fresh) - 1), 0);
	assert_int_equal(upkeep_kubelet(END_S + 1, &err), 0);	/* once */
	free(both);
	free(pem);
	free(old);
	free(fresh);
	EVP_PKEY_free(key);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(settings, setup, tree_fini),
		cmocka_unit_test(manifests),
		cmocka_unit_test_setup_teardown(control_plane, setup, tree_fini),
		cmocka_unit_test_setup_teardown(kubelet, setup, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
