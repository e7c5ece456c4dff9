/* Who has which role, and what a node is marked with. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/str.h"
#include "roles/node.h"
#include "roles/release.h"
#include "roles/yaml.h"

#define CP SITE_ROLE_CONTROL_PLANE
#define W SITE_ROLE_WORKER
#define DPU SITE_ROLE_DPU

static struct site_machine machines[3];
static struct site site;

static void
site_init(int first, int second, int third)
{
	site = (struct site){ .name = "lab", .domain = "lab.internal", .machines = machines,
			      .nmachines = 3, .roles_said = first | second | third };
	machines[0] = (struct site_machine){ .roles = first };
	machines[1] = (struct site_machine){ .roles = second };
	machines[2] = (struct site_machine){ .roles = third };
}

static void
who_makes_the_cluster(void **state)
{
	(void)state;
	site_init(0, 0, 0);
	assert_ptr_equal(roles_first(&site), &machines[0]);
	site_init(0, CP, CP);
	assert_ptr_equal(roles_first(&site), &machines[1]);
	site_init(W, 0, 0);
	assert_null(roles_first(&site));
}

static void
names(void **state)
{
	(void)state;
	assert_string_equal(roles_name(SITE_ROLE_CONTROL_PLANE), "control-plane");
	assert_string_equal(roles_name(SITE_ROLE_DPU), "dpu");
	assert_null(roles_name(CP | W));
	assert_string_equal(roles_action_name(ROLES_JOIN_CONTROL_PLANE), "join-control-plane");
}

static void
labels(void **state)
{
	struct site_pair own[] = { { "row", "b" }, { "bad key", "x" }, { "example.com/use", "web" },
				   { "note", "no label: a sentence" }, { "-x", "y" },
				   { "team.kubernetes.io/a", "b" },
				   { "node.kubernetes.io/c", "d" } };
	struct site_rack rack = { .name = "r1", .zone = "z1" };
	json_t *all;
	char *text;

	(void)state;
	site_init(0, 0, 0);
	site.racks = &rack;
	site.nracks = 1;
	machines[1] = (struct site_machine){ .rack = (char *)"r1", .labels = own, .nlabels = 7 };
	all = roles_labels(&site, &machines[1]);
	text = roles_kubelet_labels(all);
	assert_string_equal(text, "topology.kubernetes.io/zone=z1,topology.rook.io/rack=r1,row=b,"
				  "example.com/use=web,node.kubernetes.io/c=d,"
				  "bootserver.dev/role-worker=");
	assert_string_equal(json_string_value(json_object_get(all, "team.kubernetes.io/a")), "b");
	free(text);
	json_decref(all);
	machines[1].zone = (char *)"z2";	/* a machine's own word is the last */
	all = roles_labels(&site, &machines[1]);
	assert_string_equal(json_string_value(json_object_get(all, LABEL_ZONE)), "z2");
	json_decref(all);
	all = roles_labels(&site, NULL);
	assert_int_equal(json_object_size(all), 1);
	json_decref(all);
}

static void
taints(void **state)
{
	char *own[] = { (char *)"a=b:NoExecute", NULL }, *text;

	(void)state;
	site_init(0, CP, 0);
	text = roles_taints(&site, &machines[0]);
	assert_string_equal(text, "");
	free(text);
	machines[1].taints = (struct site_list){ own, 1 };
	text = roles_taints(&site, &machines[1]);
	assert_string_equal(text, "node-role.kubernetes.io/control-plane:NoSchedule,a=b:NoExecute");
	free(text);
	site_init(CP | W, 0, W | DPU);
	text = roles_taints(&site, &machines[2]);
	assert_string_equal(text, "bootserver.dev/dpu:NoSchedule");
	free(text);
}

static void
tags(void **state)
{
	static const char *const images[] = { "bootserver.local/etcd-tools:1",
					      "docker.io/etcd:2", "bootserver.local/etcd:3.6.1",
					      NULL };
	struct roles_release release = { .images = images };

	(void)state;
	assert_string_equal(roles_tag(&release, "etcd", "x"), "3.6.1");
	assert_string_equal(roles_tag(&release, "coredns", "x"), "x");
	release.images = NULL;
	assert_string_equal(roles_tag(&release, "etcd", "x"), "x");
}

/* Texts that must come out as themselves, whatever they look like. */
static void
yaml(void **state)
{
	json_t *document = yaml_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
		"plain", "bootserver.local/a:1.2", "number", "1.5", "truth", "Yes", "colon", "a: b",
		"end", "a:", "hash", "a #b", "quote", "say \"hi\"", "line", "a\xe2\x80\xa8" "b",
		"block", "one\n\n  two\n", "back", "a\n---\nb");
	struct buf text;

	(void)state;
	yaml_set(document, "no: key", json_pack("[i, b, s, {s:[], s:{}}]", 1, 1, "", "a", "b"));
	buf_init(&text);
	yaml_add(&text, document);
	assert_string_equal(text.text, "---\n"
				       "plain: bootserver.local/a:1.2\n"
				       "number: \"1.5\"\n"
				       "truth: \"Yes\"\n"
				       "colon: \"a: b\"\n"
				       "end: \"a:\"\n"
				       "hash: \"a #b\"\n"
				       "quote: \"say \\\"hi\\\"\"\n"
				       "line: \"a\\u2028b\"\n"
				       "block: |\n  one\n\n    two\n"
				       "back: |-\n  a\n  ---\n  b\n"
				       "\"no: key\":\n"
				       "- 1\n- true\n- \"\"\n- a: []\n  b: {}\n");
	buf_fini(&text);
	json_decref(document);
}

static void
disks(void **state)
{
	json_t *facts = json_loads(
		"{\"disks\": [{\"name\": \"sda\", \"path\": \"/dev/disk/by-id/ata-1\", \"size\": 5,"
		" \"serial\": \"S\", \"model\": \"M\", \"rotational\": true, \"use\": \"blank\"},"
		" {\"name\": \"nvme0n1\", \"path\": \"/dev/nvme0n1\", \"use\": \"new word\"},"
		" {\"name\": \"vda\", \"rotational\": false, \"use\": \"system\"}]}", 0, NULL);
	struct roles_disk *list;
	size_t count;

	(void)state;
	list = roles_disks(facts, &count);
	assert_int_equal(count, 3);
	assert_string_equal(list[0].path, "/dev/disk/by-id/ata-1");
	assert_string_equal(list[0].type, "hdd");
	assert_int_equal(list[0].size, 5);
	assert_int_equal(list[0].use, ROLES_USE_BLANK);
	assert_null(list[1].path);	/* a name that another disk may have after a boot */
	assert_string_equal(list[1].type, "nvme");
	assert_int_equal(list[1].use, ROLES_USE_UNKNOWN);
	assert_string_equal(list[2].type, "ssd");
	assert_int_equal(list[2].use, ROLES_USE_SYSTEM);
	free(list);
	list = roles_disks(NULL, &count);
	assert_int_equal(count, 0);
	free(list);
	json_decref(facts);
}

/* The engine asks at each request of a control-plane node: a site of 2000 nodes, each with a disk
 * for Rook, is rendered in a moment, sanitizers and all. */
static void
many(void **state)
{
	enum { COUNT = 2000 };
	struct site_machine *all = mem_new(COUNT * sizeof(*all));
	struct roles_node *nodes = mem_new(COUNT * sizeof(*nodes));
	const struct roles_disk disk = { .name = "sda", .path = "/dev/disk/by-id/a", .type = "ssd",
					 .model = "", .serial = "", .size = (int64_t)1 << 40,
					 .use = ROLES_USE_BLANK };
	struct roles_cluster cluster = { .site = &site, .release = { "v1", NULL, true },
					 .nodes = nodes, .nnodes = COUNT };
	clock_t began = clock();	/* of the processor: the machine may be busy with others */
	json_t *stages, *sealed;

	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		all[i] = (struct site_machine){ .name = str_format("n%zu", i),
						.rack = str_format("r%zu", i / 2) };
		nodes[i] = (struct roles_node){ .machine = &all[i], .name = all[i].name,
						.joined = true, .disks = &disk, .ndisks = 1 };
	}
	site = (struct site){ .name = (char *)"lab", .domain = (char *)"lab.internal",
			      .machines = all, .nmachines = COUNT };
	site.storage.place.line = 1;
	site.storage.failure_domain = SITE_FAILURE_RACK;
	roles_stages(&cluster, &stages, &sealed);
	assert_int_equal(json_array_size(stages), 7);
	assert_true((clock() - began) / CLOCKS_PER_SEC < 5);
	json_decref(stages);
	json_decref(sealed);
	for (size_t i = 0; i < COUNT; i++) {
		free(all[i].name);
		free(all[i].rack);
	}
	free(nodes);
	free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_makes_the_cluster), cmocka_unit_test(names),
		cmocka_unit_test(labels), cmocka_unit_test(taints), cmocka_unit_test(tags),
		cmocka_unit_test(yaml), cmocka_unit_test(disks), cmocka_unit_test(many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
