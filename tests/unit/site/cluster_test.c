/*
 * What the site says of its cluster: defaults, each key, values passed on as JSON; and what follows
 * where it says nothing: roles and zones.
 */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/parse.h"
#include "site/terms.h"
#include "tests/unit/site/given.h"

#define HEAD "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24}\nimage: edge\n" \
	     "dhcp: {range: 10.9.0.100-10.9.0.199}\n"
#define THREE "machines:\n  - {name: n1, mac: 52:54:00:00:00:01}\n" \
	      "  - {name: n2, mac: 52:54:00:00:00:02}\n  - {name: n3, mac: 52:54:00:00:00:03}\n"
#define POOLS "load-balancer: {pools: [{name: p, addresses: 10.9.0.200-10.9.0.220}]}\n"

static void
defaults(void **state)
{
	struct site *site = given(HEAD);

	(void)state;
	assert_int_equal(site->kubernetes.place.line, 0);
	assert_true(site->kubernetes.enabled);
	assert_string_equal(site->kubernetes.endpoint, "api");
	assert_int_equal(site->kubernetes.pods.address, 0x0af40000);
	assert_int_equal(site->kubernetes.pods.prefix, 16);
	assert_int_equal(site->kubernetes.services.address, 0x0a600000);
	assert_int_equal(site->kubernetes.cni, SITE_CNI_FLANNEL);
	assert_non_null(site->kubernetes.manifests.items);
	assert_int_equal(site->load_balancer.place.line, 0);
	assert_int_equal(site->load_balancer.aggregation, 32);
	assert_int_equal(site->storage.place.line, 0);
	assert_int_equal(site->enrolment_control_plane, SITE_ENROL_APPROVE);
	site_free(site);
}

static void
groups(void **state)
{
	struct site *site = given(
		HEAD
		"kubernetes: {enabled: true, endpoint: k8s, pod-range: 10.32.0.0/12,\n"
		"  service-range: 10.100.0.0/20, cni: none, manifests: own.yaml,\n"
		"  api-server: {event-ttl: 2h, v: 2}}\n"
		"load-balancer:\n  announce: bgp\n  asn: 4200000000\n  communities: 64512:100\n"
		"  aggregation: 29\n  local-preference: 200\n  pools:\n"
		"    - {name: a, addresses: [10.7.0.0/24, 10.8.0.1-10.8.0.16], racks: r1}\n"
		"    - {name: b, addresses: 10.8.1.0/24, auto-assign: false}\n"
		"racks: [{name: r1, zone: East_1, router: {address: 10.9.0.254, asn: 4200000000,\n"
		"         password: s3cret, multihop: true}}, {name: r2}]\n"
		"storage:\n  failure-domain: host\n  object-store: true\n  replicas: 2\n"
		"  devices: [{size: 100GiB-4TiB, type: nvme, model: PM16}, {size: -1TiB}, "
		"{size: 1TiB-}]\n"
		"enrolment: {control-plane: listed}\n"
		"machines:\n  - {name: n1, mac: 52:54:00:00:00:01, rack: r1}\n"
		"  - {name: n2, mac: 52:54:00:00:00:02, rack: r1}\n");
	const struct site_load_balancer *balancer = &site->load_balancer;
	const struct site_router *router = &site->racks[0].router;

	(void)state;
	assert_int_equal(site->kubernetes.place.line, 5);
	assert_string_equal(site->kubernetes.endpoint, "k8s");
	assert_int_equal(site->kubernetes.pods.prefix, 12);
	assert_int_equal(site->kubernetes.cni, SITE_CNI_NONE);
	assert_string_equal(site->kubernetes.manifests.items[0], "own.yaml");
	assert_string_equal(site->kubernetes.api_server[1].value, "2");
	assert_int_equal(balancer->announce, SITE_ANNOUNCE_BGP);
	assert_int_equal(balancer->asn, 4200000000);
	assert_string_equal(balancer->communities.items[0], "64512:100");
	assert_int_equal(balancer->aggregation, 29);
	assert_int_equal(balancer->local_preference, 200);
	assert_int_equal(balancer->npools, 2);
	assert_int_equal(balancer->pools[0].addresses.count, 2);
	assert_string_equal(balancer->pools[0].racks.items[0], "r1");
	assert_true(balancer->pools[0].auto_assign);
	assert_false(balancer->pools[1].auto_assign);
	assert_int_equal(balancer->pools[1].place.line, 16);
	assert_int_equal(router->address, 0x0a0900fe);
	assert_int_equal(router->asn, 4200000000);
	assert_string_equal(router->password, "s3cret");
	assert_true(router->multihop);
	assert_int_equal(site->racks[1].router.address, 0);
	assert_int_equal(site->storage.replicas, 2);
	assert_true(site->storage.object_store);
	assert_int_equal(site->storage.nrules, 3);
	assert_int_equal(site->storage.rules[0].size_least, (int64_t)100 << 30);
	assert_int_equal(site->storage.rules[0].size_most, (int64_t)4 << 40);
	assert_string_equal(site->storage.rules[0].type, "nvme");
	assert_int_equal(site->storage.rules[1].size_least, 0);
	assert_int_equal(site->storage.rules[2].size_most, 0);
	assert_int_equal(site->enrolment, SITE_ENROL_LISTED);
	assert_int_equal(site->enrolment_control_plane, SITE_ENROL_LISTED);
	site_free(site);
}

/* KubeletConfiguration has truths, numbers, texts and mappings: each stays what it is. */
static void
values_as_json(void **state)
{
	static const char *const wanted[] = {
		"64", "true", "\"0123\"", "\"10s\"", "\"64\"", "{\"memory.available\":\"100Mi\"}",
		"[{\"a\":null},1.5]", "\"~/x\"",
	};
	struct site *site = given(
		HEAD "kubernetes:\n  kubelet:\n    maxPods: 64\n    a: true\n    b: 0123\n"
		"    c: 10s\n    d: \"64\"\n    evictionHard: {memory.available: 100Mi}\n"
		"    e: [{a: ~}, 1.5]\n    f: ~/x\n");

	(void)state;
	assert_int_equal(site->kubernetes.nkubelet, 8);
	for (size_t i = 0; i < 8; i++)
		assert_string_equal(site->kubernetes.kubelet[i].value, wanted[i]);
	site_free(site);
}

static void
machines(void **state)
{
	struct site *site = given(
		HEAD "storage:\nracks: [{name: r1, zone: z1}]\n"
		"machines:\n"
		"  - {name: n1, mac: 52:54:00:00:00:01, roles: [control-plane], rack: r1,\n"
		"     taints: \"use=gpu:NoExecute\", labels: {example.com/use: gpu}}\n"
		"  - {name: n2, mac: 52:54:00:00:00:02, roles: worker, rack: r1, zone: z2,\n"
		"     devices: [/dev/disk/by-id/a, b]}\n"
		"  - {name: d1, mac: 52:54:00:00:00:03, roles: [dpu, worker], host: n2, "
		"arch: arm64}\n"
		"  - {name: n4, mac: 52:54:00:00:00:04, roles: []}\n");
	const struct site_machine *m = site->machines;

	(void)state;
	assert_int_equal(m[0].roles, SITE_ROLE_CONTROL_PLANE);
	assert_string_equal(m[0].taints.items[0], "use=gpu:NoExecute");
	assert_string_equal(site_machine_zone(site, &m[0]), "z1");
	assert_string_equal(site_machine_zone(site, &m[1]), "z2");
	assert_null(site_machine_zone(site, &m[2]));
	assert_string_equal(m[1].devices.items[0], "a");
	assert_int_equal(m[2].roles, SITE_ROLE_DPU | SITE_ROLE_WORKER);
	assert_string_equal(m[2].host, "n2");
	assert_int_equal(m[3].roles, 0);
	assert_int_equal(site_machine_roles(site, &m[3]), SITE_ROLE_WORKER | SITE_ROLE_STORAGE);
	site_free(site);
}

/* Nobody says a role: the first machine makes the cluster. */
static void
roles_of_few_words(void **state)
{
	struct site *site = given(HEAD THREE);
	int all = SITE_ROLE_WORKER | SITE_ROLE_STORAGE | SITE_ROLE_LOAD_BALANCER;

	(void)state;
	assert_int_equal(site_machine_roles(site, &site->machines[0]),
			 SITE_ROLE_CONTROL_PLANE | SITE_ROLE_WORKER);
	assert_int_equal(site_machine_roles(site, &site->machines[1]), SITE_ROLE_WORKER);
	assert_int_equal(site_machine_roles(site, NULL), SITE_ROLE_WORKER);
	site_free(site);
	site = given(HEAD POOLS "storage:\n" THREE);
	assert_int_equal(site_machine_roles(site, &site->machines[0]),
			 SITE_ROLE_CONTROL_PLANE | all);
	assert_int_equal(site_machine_roles(site, &site->machines[1]), all);
	assert_int_equal(site_machine_roles(site, NULL), all);
	site_free(site);
}

/* What one machine says takes it from the others. */
static void
roles_said(void **state)
{
	struct site *site = given(
		HEAD POOLS "storage:\nmachines:\n"
		"  - {name: n1, mac: 52:54:00:00:00:01, roles: [control-plane]}\n"
		"  - {name: n2, mac: 52:54:00:00:00:02, roles: [worker, storage]}\n"
		"  - {name: n3, mac: 52:54:00:00:00:03}\n"
		"  - {name: d1, mac: 52:54:00:00:00:04, roles: [dpu, worker], host: n2, "
		"arch: arm64}\n");
	const struct site_machine *m = site->machines;

	(void)state;
	assert_int_equal(site_machine_roles(site, &m[0]), SITE_ROLE_CONTROL_PLANE);
	assert_int_equal(site_machine_roles(site, &m[1]),
			 SITE_ROLE_WORKER | SITE_ROLE_STORAGE | SITE_ROLE_LOAD_BALANCER);
	assert_int_equal(site_machine_roles(site, &m[2]),
			 SITE_ROLE_WORKER | SITE_ROLE_LOAD_BALANCER);
	assert_int_equal(site_machine_roles(site, &m[3]), SITE_ROLE_WORKER | SITE_ROLE_DPU);
	site_free(site);
}

/* A living cluster's ranges and name are told of where they, or what they are made of, are said. */
static void
frozen(void **state)
{
	static const char later[] =
		"site: {name: lab, domain: other.internal}\n"
		"server: {interface: eno1, address: 10.9.0.1/24}\n"
		"kubernetes:\n  pod-range: 10.32.0.0/16\n";
	struct site *site = given(HEAD);
	char *text = site_cluster_frozen(site);
	struct site_findings findings = { 0 };
	struct site_source source = { "site.yaml", later, sizeof(later) - 1 };

	(void)state;
	assert_string_equal(text, "endpoint api.lab.internal\npod-range 10.244.0.0/16\n"
				  "service-range 10.96.0.0/16\n");
	site_check_frozen(site, text, NULL, &findings);
	site_check_frozen(site, "", NULL, &findings);
	site_check_frozen(site, "cni flannel\npod-range", NULL, &findings);
	assert_int_equal(findings.count, 0);
	site_free(site);
	site = given(later);
	site_check_frozen(site, text, &source, &findings);
	assert_int_equal(findings.errors, 2);
	assert_int_equal(findings.items[0].line, 1);
	assert_int_equal(findings.items[0].column, 27);
	assert_string_equal(findings.items[0].text,
			    "the cluster was made with endpoint api.lab.internal and cannot be "
			    "given api.other.internal: put that back");
	assert_int_equal(findings.items[1].line, 4);
	assert_string_equal(findings.items[1].excerpt, "  pod-range: 10.32.0.0/16");
	site_findings_fini(&findings);
	site_free(site);
	free(text);
}

static void
terms(void **state)
{
	static const char long_name[] =
		"a123456789012345678901234567890123456789012345678901234567890123";
	uint32_t first, last;

	(void)state;
	assert_true(term_is_key("a") && term_is_key("A_b.c-1") && term_is_key("x.y/z"));
	assert_false(term_is_key("") || term_is_key("-a") || term_is_key("a."));
	assert_false(term_is_key("/a") || term_is_key("a/"));
	assert_false(term_is_key("a/b/c") || term_is_key("a b"));
	assert_false(term_is_key(long_name));
	assert_true(term_is_key(long_name + 1));
	assert_true(term_is_value("") && term_is_value("1") && !term_is_value("a/b"));
	assert_true(term_is_taint("a:NoSchedule") && term_is_taint("a=:NoSchedule"));
	assert_true(term_is_taint("x.y/a=b:PreferNoSchedule"));
	assert_false(term_is_taint("a") || term_is_taint("a:b") || term_is_taint(":NoExecute"));
	assert_false(term_is_taint("=b:NoExecute") || term_is_taint("a=b c:NoExecute"));
	assert_true(term_is_community("0:65535"));
	assert_false(term_is_community("65536:1") || term_is_community("1:2:3") ||
		     term_is_community("1") || term_is_community("large:1:2:3"));
	assert_int_equal(term_pool_parse(&first, &last, "10.9.1.0/28"), 0);
	assert_int_equal(first, 0x0a090100);
	assert_int_equal(last, 0x0a09010f);
	assert_int_equal(term_pool_parse(&first, &last, "10.9.1.1 - 10.9.1.2"), 0);
	assert_int_equal(last, 0x0a090102);
	assert_true(term_pool_parse(&first, &last, "10.9.1.1") < 0);
	assert_true(term_pool_parse(&first, &last, "10.9.1.1/33") < 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(groups),
		cmocka_unit_test(values_as_json), cmocka_unit_test(machines),
		cmocka_unit_test(roles_of_few_words), cmocka_unit_test(roles_said),
		cmocka_unit_test(frozen), cmocka_unit_test(terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
