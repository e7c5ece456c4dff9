/* One stage of the cluster's objects: see stage.h. */
#include "roles/stage.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "roles/yaml.h"

#define LABEL_STAGE "bootserver.dev/stage"
#define SECRETS "/run/bootserver/stages"

void
stage_init(struct stage *stage, const char *name)
{
	stage->name = name;
	stage->once = false;
	stage->files = json_array();
	stage->wait = json_array();
	stage->prune = json_array();
	stage->objects = json_array();
	buf_init(&stage->text);
	buf_init(&stage->secret);
}

void
stage_file(struct stage *stage, const char *name)
{
	yaml_append(stage->files, json_string(name));
}

/* "kind.group/name", as kubectl's `-o name` has it. */
static json_t *
name_of(const json_t *object)
{
	const char *api = json_str(object, "apiVersion", ""), *slash = strchr(api, '/');
	char *kind = str_dup(json_str(object, "kind", ""));
	json_t *name;

	for (char *c = kind; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	name = json_sprintf("%s%s%.*s/%s", kind, slash != NULL ? "." : "",
			    slash != NULL ? (int)(slash - api) : 0, api,
			    json_str(json_object_get(object, "metadata"), "name", ""));
	free(kind);
	return name;
}

static void
mark(const struct stage *stage, json_t *object)
{
	json_t *metadata = json_object_get(object, "metadata");
	json_t *labels = json_object_get(metadata, "labels");

	if (labels == NULL)
		labels = yaml_set(metadata, "labels", json_object());
	yaml_set(labels, LABEL_STAGE, json_string(stage->name));
	yaml_append(stage->objects, name_of(object));
}

void
stage_add(struct stage *stage, json_t *object)
{
	mark(stage, object);
	yaml_add(&stage->text, object);
	json_decref(object);
}

void
stage_add_secret(struct stage *stage, json_t *object)
{
	mark(stage, object);
	yaml_add(&stage->secret, object);
	json_decref(object);
}

void
stage_wait(struct stage *stage, const char *words)
{
	json_t *list = yaml_append(stage->wait, json_array());

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		yaml_append(list, json_stringn(words, len));
		words += len + (words[len] == ' ');
	}
}

void
stage_once(struct stage *stage)
{
	stage->once = true;
}

void
stage_prune(struct stage *stage, const char *kind)
{
	yaml_append(stage->prune, json_string(kind));
}

static void
put_list(json_t *object, const char *key, json_t *list)
{
	if (json_array_size(list) > 0)
		yaml_set(object, key, list);
	else
		json_decref(list);
}

void
stage_end(struct stage *stage, json_t *stages, json_t *sealed)
{
	json_t *object = yaml_append(stages, yaml_pack("{s:s}", "name", stage->name));

	if (stage->secret.len > 0) {
		char *path = str_format(SECRETS "/%s.yaml", stage->name);

		stage_file(stage, path);
		yaml_append(sealed, yaml_pack("{s:s, s:i, s:s}", "path", path, "mode", 0600, "text",
					      stage->secret.text));
		free(path);
	}
	put_list(object, "files", stage->files);
	if (stage->once)
		yaml_set(object, "once", json_true());
	if (stage->text.len > 0)
		yaml_set(object, "text", json_string(stage->text.text));
	if (json_array_size(stage->prune) > 0)
		yaml_set(object, "objects", json_incref(stage->objects));
	json_decref(stage->objects);
	put_list(object, "prune", stage->prune);
	put_list(object, "wait", stage->wait);
	buf_fini(&stage->text);
	buf_fini(&stage->secret);
}
