/* The cluster as a control-plane node reports it. */
#include "cmocka_all.h"

#include "cloud-init/agent/report.h"
#include "lib/json.h"

/* Labels of MetalLB's word that a node announces default/web. */
#define ANNOUNCES(node) ", \"labels\": {\"metallb.io/node\": \"" node "\","                       \
	" \"metallb.io/service-name\": \"web\", \"metallb.io/service-namespace\": \"default\"}"
#define META(name, rest) "\"metadata\": {\"name\": \"" name "\"" rest "}"

/* A pod by which Rook prepares a node's disks. */
#define PREPARE(node, container) "{\"kind\": \"Pod\", "                                          \
	META("x", ", \"labels\": {\"app\": \"rook-ceph-osd-prepare\"}")                            \
	", \"spec\": {\"nodeName\": \"" node "\"}, "                                               \
	"\"status\": {\"containerStatuses\": [{" container "}]}},"

static const char list[] = "{\"items\": ["
	"{\"kind\": \"ServiceL2Status\", " META("l2-x", ANNOUNCES("n1")) "},"
	"{\"kind\": \"ServiceBGPStatus\", " META("bgp-x", ANNOUNCES("n3")) "},"
	"{\"kind\": \"ServiceBGPStatus\", " META("bgp-y", ANNOUNCES("n2")) "},"
	"{\"kind\": \"Node\", " META("n1", "") ", \"status\": {\"conditions\": ["
	"  {\"type\": \"DiskPressure\", \"status\": \"True\"},"
	"  {\"type\": \"Ready\", \"status\": \"True\"}],"
	"  \"nodeInfo\": {\"kubeletVersion\": \"v1.36.4\"}}},"
	"{\"kind\": \"Node\", " META("n2", "") ", \"status\": {}},"
	"{\"kind\": \"Node\", " META("n3", "") ", \"status\": {\"conditions\": ["
	"  {\"type\": \"Ready\", \"status\": \"True\"}]}},"
	"{\"kind\": \"Service\", " META("kubernetes", ", \"namespace\": \"default\"")
	", \"spec\": {\"type\": \"ClusterIP\"}},"
	"{\"kind\": \"Service\", " META("web", ", \"namespace\": \"default\"")
	", \"spec\": {\"type\": \"LoadBalancer\"}, \"status\": {\"loadBalancer\": {"
	"  \"ingress\": [{\"ip\": \"10.9.0.240\"}]}}},"
	"{\"kind\": \"Service\", " META("dry", ", \"namespace\": \"default\"")
	", \"spec\": {\"type\": \"LoadBalancer\"}, \"status\": {\"loadBalancer\": {}}},"
	"{\"kind\": \"IPAddressPool\", " META("edge", "")
	", \"status\": {\"availableIPv4\": 9}},"
	"{\"kind\": \"Deployment\", " META("rook-ceph-osd-0", ", \"labels\": {"
	"  \"app\": \"rook-ceph-osd\", \"ceph-osd-id\": \"0\"}")
	", \"spec\": {\"template\": {\"spec\": {\"nodeSelector\": {"
	"  \"kubernetes.io/hostname\": \"n1\"}}}}, \"status\": {\"readyReplicas\": 1}},"
	"{\"kind\": \"Deployment\", " META("rook-ceph-osd-1", ", \"labels\": {"
	"  \"app\": \"rook-ceph-osd\"}") ", \"status\": {}},"
	"{\"kind\": \"Deployment\", " META("coredns", "") "},"
	PREPARE("n1", "\"state\": {\"terminated\": {\"exitCode\": 0}},"
	  "\"lastState\": {\"terminated\": {\"exitCode\": 1, \"message\": \"once\"}}")
	PREPARE("n2", "\"state\": {\"waiting\": {}},"
	  "\"lastState\": {\"terminated\": {\"exitCode\": 1, \"message\": \"no disk\"}}")
	PREPARE("n3", "\"state\": {\"running\": {}}")
	"{\"kind\": \"CephCluster\", " META("rook-ceph", "")
	", \"status\": {\"ceph\": {\"health\": \"HEALTH_OK\"}}}"
	"]}";

static void
assert_report(const char *text, const char *wanted)
{
	json_t *o = json_loads(text, 0, NULL), *report;
	char *got;

	assert_non_null(o);
	report = report_render(o);
	got = json_text(report, NULL);
	assert_string_equal(got, wanted);
	free(got);
	json_decref(report);
	json_decref(o);
}

static void
all_kinds(void **state)
{
	(void)state;
	assert_report(list,
		      "{\"ceph\":{\"failed\":[{\"node\":\"n2\",\"text\":\"no disk\"}],"
		      "\"health\":\"HEALTH_OK\",\"osds\":["
		      "{\"id\":0,\"node\":\"n1\",\"up\":true},"
		      "{\"id\":-1,\"node\":\"\",\"up\":false}],\"osds_in\":2,\"osds_up\":1},"
		      "\"nodes\":[{\"name\":\"n1\",\"ready\":true,\"version\":\"v1.36.4\"},"
		      "{\"name\":\"n2\",\"ready\":false,\"version\":\"\"},"
		      "{\"name\":\"n3\",\"ready\":true,\"version\":\"\"}],"
		      "\"pools\":[{\"free\":9,\"name\":\"edge\"}],"
		      "\"services\":[{\"address\":\"10.9.0.240\",\"name\":\"web\","
		      "\"namespace\":\"default\",\"nodes\":[\"n1\",\"n3\"]},"
		      "{\"name\":\"dry\",\"namespace\":\"default\",\"nodes\":[]}]}");
}

static void
nothing_there(void **state)
{
	(void)state;
	assert_report("{\"items\": [{}, {\"kind\": 5}]}",
		      "{\"ceph\":null,\"nodes\":[],\"pools\":[],\"services\":[]}");
}

static void
which_kinds(void **state)
{
	json_t *stages = json_loads("[{\"files\": [\"flannel.yaml\"]}, {},"
				    " {\"files\": [\"rook-crds.yaml\", \"rook-operator.yaml\"]}]",
				    0, NULL);

	(void)state;
	assert_int_equal(report_kinds(stages), REPORT_ROOK);
	assert_int_equal(report_kinds(NULL), 0);
	json_decref(stages);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_kinds),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(which_kinds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
