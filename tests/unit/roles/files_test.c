/*
 * Sites, what is known of their machines, and every file that follows: tests/golden/roles/.  With
 * UPDATE=1 in the environment the files are written anew: look at the difference before it is
 * committed.
 */
#include "cmocka_all.h"

#include <sys/stat.h>

#include "tests/unit/golden.h"
#include "unit/roles/inventory.h"

static const char *const names[] = { "ten-lines", "one-rack", "racks" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static void
make_folders(const char *path)
{
	char *copy = str_dup(path);

	for (char *at = strchr(copy, '/'); at != NULL; at = strchr(at + 1, '/')) {
		*at = '\0';
		mkdir(copy, 0755);
		*at = '/';
	}
	free(copy);
}

/* Takes the path over. */
static void
compare(char *path, const char *text)
{
	if (getenv("UPDATE") != NULL)
		make_folders(path);
	golden_is(path, text);
	free(path);
}

static enum roles_action
action_of(const struct roles_cluster *cluster, const struct roles_node *node)
{
	if (node->machine != NULL && node->machine == roles_first(cluster->site))
		return ROLES_INIT;
	if (roles_of(cluster->site, node->machine) & SITE_ROLE_CONTROL_PLANE)
		return ROLES_JOIN_CONTROL_PLANE;
	return ROLES_JOIN;
}

static void
node_files(const char *name, const struct roles_cluster *cluster, const struct roles_node *node)
{
	static const char folder[] = "/etc/kubernetes/bootserver/";
	json_t *files = roles_files(cluster, node, action_of(cluster, node)), *file;
	json_t *hosts = roles_hosts(cluster, node), *line;
	struct buf text;
	size_t i;

	json_array_foreach(files, i, file) {
		const char *path = json_str(file, "path", "");

		assert_true(str_starts(path, folder));
		assert_int_equal(json_num(file, "mode", 0), 0600);
		compare(str_format("tests/golden/roles/%s/%s/%s", name, node->name,
				   path + strlen(folder)), json_str(file, "text", NULL));
	}
	buf_init(&text);
	json_array_foreach(hosts, i, line)
		buf_format(&text, "%s\n", json_string_value(line));
	compare(str_format("tests/golden/roles/%s/%s/hosts", name, node->name), text.text);
	buf_fini(&text);
	json_decref(hosts);
	json_decref(files);
}

static void
nodes(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		struct inventory inventory;

		inventory_init(&inventory, names[i]);
		for (size_t j = 0; j < inventory.cluster.nnodes; j++)
			node_files(names[i], &inventory.cluster, &inventory.cluster.nodes[j]);
		inventory_fini(&inventory);
	}
}

/* The stages in one file, without their texts, and each text in one of its own. */
static void
stage_files(const char *name, json_t *stages, const json_t *sealed)
{
	const json_t *stage, *file;
	char *text;
	size_t i;

	json_array_foreach(stages, i, stage) {
		const char *objects = json_str(stage, "text", NULL);

		if (objects != NULL)
			compare(str_format("tests/golden/roles/%s/stages/%s.yaml", name,
					   json_str(stage, "name", NULL)), objects);
		json_object_del((json_t *)stage, "text");
	}
	json_array_foreach(sealed, i, file)
		compare(str_format("tests/golden/roles/%s/sealed%s", name,
				   strrchr(json_str(file, "path", NULL), '/')),
			json_str(file, "text", NULL));
	text = json_dumps(stages, JSON_INDENT(1));
	compare(str_format("tests/golden/roles/%s/stages.json", name), text);
	free(text);
}

static void
stages(void **state)
{
	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		struct inventory inventory;
		json_t *list, *sealed;

		inventory_init(&inventory, names[i]);
		roles_stages(&inventory.cluster, &list, &sealed);
		stage_files(names[i], list, sealed);
		json_decref(list);
		json_decref(sealed);
		inventory_fini(&inventory);
	}
}

/* No secret may leave by what is not sealed: web carries it. */
static void
secrets_are_sealed(void **state)
{
	struct inventory inventory;
	json_t *list, *sealed;
	char *text;

	(void)state;
	inventory_init(&inventory, "racks");
	roles_stages(&inventory.cluster, &list, &sealed);
	text = json_dumps(list, 0);
	assert_null(strstr(text, "yes"));	/* of the router's password */
	assert_null(strstr(text, "fsid"));
	free(text);
	text = json_dumps(sealed, 0);
	assert_non_null(strstr(text, "yes"));
	assert_non_null(strstr(text, "fsid"));
	assert_null(strstr(text, "resourceVersion"));
	free(text);
	json_decref(list);
	json_decref(sealed);
	inventory_fini(&inventory);
}

static void
kubeconfigs(void **state)
{
	const struct roles_access node = { .user = "system:node:n1", .ca = "CA\n", .cert = "CERT\n",
					   .key_path = "/etc/kubernetes/bootserver/kubelet.key" };
	const struct roles_access admin = { .user = "kubernetes-admin", .ca = "CA\n",
					    .cert = "CERT\n", .key = "KEY\n" };
	struct inventory inventory;
	char *text;

	(void)state;
	inventory_init(&inventory, "one-rack");
	text = roles_kubeconfig(inventory.site, &node);
	compare(str_dup("tests/golden/roles/one-rack/discovery.conf"), text);
	free(text);
	text = roles_kubeconfig(inventory.site, &admin);
	compare(str_dup("tests/golden/roles/one-rack/admin.conf"), text);
	free(text);
	inventory_fini(&inventory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nodes), cmocka_unit_test(stages),
		cmocka_unit_test(secrets_are_sealed), cmocka_unit_test(kubeconfigs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
