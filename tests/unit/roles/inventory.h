#ifndef UNIT_ROLES_INVENTORY_H
#define UNIT_ROLES_INVENTORY_H

/* What the engine knows, of tests/golden/roles/NAME/. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "roles/roles.h"
#include "tests/unit/site/given.h"

struct inventory {
	struct roles_cluster cluster;
	struct site *site;
	json_t *json;
	struct roles_node *nodes;
	const char **images, **manifests;
};

static json_t *
inventory_json(const char *path)
{
	struct err err;
	json_t *json;
	size_t len;
	char *text;

	if (file_read(AT_FDCWD, path, &text, &len, &err) != 0 ||
	    json_parse(&json, text, len, &err) != 0)
		fail_msg("%s: %s", path, err.text);
	free(text);
	return json;
}

/* A NULL-terminated list of borrowed texts. */
static const char **
inventory_texts(const json_t *json, const char *key)
{
	const json_t *list = json_object_get(json, key);
	const char **texts = mem_new((json_array_size(list) + 1) * sizeof(*texts));

	for (size_t i = 0; i < json_array_size(list); i++)
		texts[i] = json_string_value(json_array_get(list, i));
	return texts;
}

static void
inventory_node(struct roles_node *node, const struct site *site, const char *name,
	       const json_t *json)
{
	node->name = name;
	node->machine = site_find_name(site, name);
	node->address = json_str(json, "address", NULL);
	node->arch = node->machine != NULL ? node->machine->arch : SITE_ARCH_AMD64;
	node->joined = json_flag(json, "joined", false);
	node->rest = json_flag(json, "rest", false);
	node->disks = roles_disks(json_object_get(json, "facts"), &node->ndisks);
}

static void
inventory_init(struct inventory *inventory, const char *name)
{
	struct roles_cluster *cluster = &inventory->cluster;
	char *yaml = str_format("tests/golden/roles/%s/site.yaml", name);
	char *path = str_format("tests/golden/roles/%s/nodes.json", name);
	const char *key;
	json_t *nodes, *node;

	*inventory = (struct inventory){ .site = given_file(yaml),
					 .json = inventory_json(path) };
	cluster->site = inventory->site;
	cluster->release.kubernetes = json_str(inventory->json, "kubernetes", NULL);
	cluster->release.has_ceph = json_flag(inventory->json, "ceph", false);
	cluster->release.images = inventory->images = inventory_texts(inventory->json, "images");
	cluster->manifests = inventory->manifests = inventory_texts(inventory->json, "manifests");
	cluster->nmanifests = json_array_size(json_object_get(inventory->json, "manifests"));
	cluster->rook_saved = json_object_get(inventory->json, "saved");
	cluster->wiped = json_num(inventory->json, "wiped", 0);
	nodes = json_object_get(inventory->json, "nodes");
	inventory->nodes = mem_new(json_object_size(nodes) * sizeof(*inventory->nodes));
	json_object_foreach(nodes, key, node)
		inventory_node(&inventory->nodes[cluster->nnodes++], inventory->site, key, node);
	cluster->nodes = inventory->nodes;
	free(path);
	free(yaml);
}

static void
inventory_fini(struct inventory *inventory)
{
	for (size_t i = 0; i < inventory->cluster.nnodes; i++)
		free((void *)inventory->nodes[i].disks);
	free(inventory->nodes);
	free(inventory->images);
	free(inventory->manifests);
	json_decref(inventory->json);
	site_free(inventory->site);
}

#endif
