/* What kubeadm's lines mean, and kubectl's words, by programs that stand for them. */
#include "cmocka_all.h"

#include <errno.h>
#include <sys/stat.h>

#include "cloud-init/agent/apply.h"
#include "cloud-init/agent/aside.h"
#include "cloud-init/agent/kubeadm.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tree.h"

static void
phases(void **state)
{
	char text[32];

	(void)state;
	assert_true(kubeadm_phase("[wait-control-plane] Waiting for the kubelet", text, 32));
	assert_string_equal(text, "wait-control-plane");
	assert_false(kubeadm_phase("\t[ERROR Port-6443]: Port 6443 is in use", text, 32));
	assert_false(kubeadm_phase("Your Kubernetes control-plane has initialized", text, 32));
	assert_false(kubeadm_phase("[", text, 32));
	assert_false(kubeadm_phase("[] x", text, 32));
	assert_false(kubeadm_phase("[a very long thing that is no phase at all] x", text, 32));
	assert_string_equal(text, "wait-control-plane");
}

static void
reasons(void **state)
{
	static const struct {
		const char *output, *reason;
	} rows[] = {
		{ "", "it said nothing" },
		{ "[preflight] Some fatal errors occurred:\n"
		  "\t[ERROR Port-6443]: Port 6443 is in use\n"
		  "\t[ERROR Mem]: the system RAM (900 MB) is less than the minimum 1700 MB\n"
		  "[preflight] If you know what you are doing, you can make it non-fatal\n"
		  "error: error execution phase preflight\n"
		  "To see the stack trace of this error execute with --v=5 or higher\n",
		  "[ERROR Port-6443]: Port 6443 is in use" },
		{ "[kubelet-check] Waiting\nerror: error execution phase wait-control-plane: no\n"
		  "To see the stack trace of this error execute with --v=5 or higher\n\n",
		  "wait-control-plane: no" },
		{ "one\ntwo\n\n", "two" },
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		kubeadm_reason(rows[i].output, text, sizeof(text));
		assert_string_equal(text, rows[i].reason);
	}
}

static void
commands(void **state)
{
	(void)state;
	assert_string_equal(kubeadm_command("init")[1], "init");
	assert_string_equal(kubeadm_command("join-control-plane")[1], "join");
	assert_null(kubeadm_command("reset"));
	assert_null(kubeadm_command(""));
}

static void
ready(void **state)
{
	json_t *node = json_loads("{\"status\": {\"conditions\": ["
				  "{\"type\": \"MemoryPressure\", \"status\": \"False\"},"
				  "{\"type\": \"Ready\", \"status\": \"False\","
				  " \"message\": \"cni plugin not initialized\"}]}}", 0, NULL);
	char why[128];

	(void)state;
	assert_false(apply_node_ready(node, NULL, why, sizeof(why)));
	assert_string_equal(why, "cni plugin not initialized");
	json_object_set_new(json_array_get(json_object_get(json_object_get(node, "status"),
							   "conditions"), 1),
			    "status", json_string("True"));
	assert_true(apply_node_ready(node, NULL, why, sizeof(why)));
	assert_true(apply_node_ready(node, "2", why, sizeof(why)));
	json_object_set_new(json_object_get(node, "status"), "nodeInfo",
			    json_pack("{s:s}", "bootID", "1"));
	assert_false(apply_node_ready(node, "2", why, sizeof(why)));
	assert_string_equal(why, "the kubelet has not reported since this boot");
	assert_true(apply_node_ready(node, "1", why, sizeof(why)));
	json_decref(node);
	assert_false(apply_node_ready(NULL, "b", why, sizeof(why)));
	assert_string_equal(why, "the kubelet has not reported yet");
}

static void
complaints(void **state)
{
	static const struct {
		const char *output, *told;
	} rows[] = {
		{ "Get \"https://api.lab.internal:6443/\": dial tcp 10.9.0.11:6443: refused\n",
		  "the API server does not answer" },
		{ "The connection to the server api.lab.internal:6443 was refused - did you\n",
		  "the API server does not answer" },
		{ "Unable to connect to the server: EOF", "the API server does not answer" },
		{ "Error from server (InternalError): an error on the server has prevented\n",
		  "the API server answers with an error" },
		{ "Error from server (ServiceUnavailable): the server is currently unable\n",
		  "the API server answers with an error" },
		{ "Error from server: etcdserver: request timed out\n",
		  "the API server answers with an error" },
		{ "a line\nError from server (InternalError): Internal error occurred: failed "
		  "calling webhook \"x\": dial tcp 10.96.0.7:443: connect: refused\n\n",
		  "Error from server (InternalError): Internal error occurred: failed calling "
		  "webhook \"x\": dial tcp 10.96.0.7:443: connect: refused" },
		{ "one\ntwo\n\n", "two" },
		{ "", "" },
	};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		apply_complaint(rows[i].output, text, sizeof(text));
		assert_string_equal(text, rows[i].told);
	}
}

static void
rests(void **state)
{
	(void)state;
	assert_int_equal(apply_rest_ms(0), 2000);
	assert_int_equal(apply_rest_ms(200), 2000);
	assert_int_equal(apply_rest_ms(500), 4500);
	assert_int_equal(apply_rest_ms(6000), 10000);
	assert_int_equal(apply_rest_ms(120000), 10000);
}

/* It is taken back by whom it was set aside, and a person's word is left alone. */
static void
set_aside(void **state)
{
	json_t *node = json_loads("{\"metadata\": {\"name\": \"n1\", \"annotations\":"
				  " {\"a\": \"b\"}}, \"spec\": {}}", 0, NULL);
	json_t *with = aside_patch(node, false);

	(void)state;
	assert_true(json_flag(json_object_get(with, "spec"), "unschedulable", false));
	assert_null(aside_patch(node, true));
	json_object_update_recursive(node, with);
	json_decref(with);
	assert_null(aside_patch(node, false));
	with = aside_patch(node, true);
	assert_true(json_is_null(json_object_get(json_object_get(with, "spec"), "unschedulable")));
	assert_int_equal(json_object_size(json_object_get(json_object_get(with, "metadata"),
							  "annotations")), 1);
	json_decref(with);
	json_object_del(json_object_get(json_object_get(node, "metadata"), "annotations"),
			"bootserver.dev/aside");
	assert_null(aside_patch(node, true));
	assert_null(aside_patch(node, false));
	json_decref(node);
	assert_null(aside_patch(NULL, true));
}

/* A kubectl that writes down its words; its first `apply` fails, as it does before a webhook
 * answers. */
static int
setup(void **state)
{
	char path[WHERE_MAX];

	if (tree_init(state) < 0)
		return -1;
	tree_file("/bin/kubectl", "#!/bin/sh\nd=${0%/bin/kubectl}; echo \"$*\" >>\"$d/log\"\n"
		  "case \"$*\" in\n*apply*) [ -e \"$d/first\" ] || {\n"
		  ": >\"$d/first\"; echo no webhook; exit 1; }; echo x.b/new ;;\n"
		  "*get*) echo '{\"items\": [{\"kind\": \"X\", \"apiVersion\": \"b/v1\",'"
		  " '\"metadata\": {\"name\": \"new\"}}, {\"kind\": \"X\", \"apiVersion\": \"v1\",'"
		  " '\"metadata\": {\"name\": \"old\", \"namespace\": \"a\"}}]}' ;;\nesac\n");
	if (chmod(where(path, "/bin/kubectl"), 0755) < 0)
		return -1;
	where(path, "/bin:%s", getenv("PATH"));
	return setenv("PATH", path, 1);
}

#define ADMIN "--kubeconfig=/etc/kubernetes/admin.conf "

static void
stage(void **state)
{
	json_t *o = json_pack("{s:s, s:[s, s], s:s, s:[s, s], s:[s], s:[[s, s, s]]}", "name", "cni",
			      "files", "flannel.yaml", "/run/bootserver/secret.yaml",
			      "text", "kind: X\n", "prune", "secrets", "x.b", "objects", "x.b/new",
			      "wait", "rollout", "status", "daemonset/kube-flannel-ds");
	char *log, *wanted, root[WHERE_MAX];
	struct err err;

	(void)state;
	tree_file("/run/bootserver/kube/manifests/flannel.yaml", "kind: Y\n");
	assert_int_equal(apply_stage(o, &err), 0);
	log = where_text("/log");
	where(root, "%s", "");
	wanted = str_format(
		ADMIN "apply --server-side --force-conflicts -o name"
		" -f %s/run/bootserver/kube/manifests/flannel.yaml"
		" -f %s/run/bootserver/secret.yaml\n"
		ADMIN "get secrets,x.b -A -l bootserver.dev/stage=cni -o json\n"
		ADMIN "delete --ignore-not-found --wait=false -n a x/old\n"
		ADMIN "apply --server-side --force-conflicts -o name"
		" -f %s/run/bootserver/objects/cni.yaml\n"
		ADMIN "rollout status daemonset/kube-flannel-ds --timeout=60s", root, root, root);
	assert_true(strstr(log, wanted) == strchr(log, '\n') + 1);	/* the second time */
	free(wanted);
	free(log);
	json_decref(o);
}

/* `once`: what is there already is as good as what was made; anything else is not. */
static void
once(void **state)
{
	json_t *o = json_pack("{s:s, s:b, s:s}", "name", "a", "once", 1, "text", "kind: X\n");
	char *log, path[WHERE_MAX];
	struct err err;

	(void)state;
	tree_file("/bin/kubectl", "#!/bin/sh\nd=${0%/bin/kubectl}; echo \"$2\" >>\"$d/log\"\n"
		  "echo secret/new\n"
		  "echo 'Error from server (AlreadyExists): secrets \"x\" already exists'\n"
		  "[ -e \"$d/first\" ] || echo 'error: dial tcp: no'\n: >\"$d/first\"; exit 1\n");
	assert_int_equal(chmod(where(path, "/bin/kubectl"), 0755), 0);
	assert_int_equal(apply_stage(o, &err), 0);
	log = where_text("/log");
	assert_string_equal(log, "create\ncreate");
	free(log);
	json_decref(o);
}

static void
ill_formed_stages(void **state)
{
	static const char *const rows[] = {
		"{}", "{\"name\": \"../x\"}", "{\"name\": \"a\", \"files\": [\"none.yaml\"]}",
		"{\"name\": \"a\", \"files\": [\"../../etc/passwd\"]}",
		"{\"name\": \"a\", \"files\": [\"/etc/shadow\"]}",
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *o = json_loads(rows[i], 0, NULL);

		if (apply_stage(o, &err) >= 0)
			fail_msg("row %zu is taken", i);
		json_decref(o);
	}
	assert_false(where_is("/log"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(phases),
		cmocka_unit_test(reasons),
		cmocka_unit_test(commands),
		cmocka_unit_test(ready),
		cmocka_unit_test(complaints),
		cmocka_unit_test(rests),
		cmocka_unit_test(set_aside),
		cmocka_unit_test_setup_teardown(stage, setup, tree_fini),
		cmocka_unit_test_setup_teardown(once, setup, tree_fini),
		cmocka_unit_test_setup_teardown(ill_formed_stages, setup, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
