/* Kubeconfigs: who may speak to the API server, and how it is known. */
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"
#include "roles/node.h"
#include "roles/yaml.h"

static json_t *
user_of(const struct roles_access *access)
{
	json_t *user = json_object();

	json_put_bytes(user, "client-certificate-data", access->cert, strlen(access->cert));
	if (access->key != NULL)
		json_put_bytes(user, "client-key-data", access->key, strlen(access->key));
	else
		json_put(user, "client-key", access->key_path);
	return user;
}

char *
roles_kubeconfig(const struct site *site, const struct roles_access *access)
{
	char *server = roles_server(site);
	char *context = str_format("%s@%s", access->user, site->name);
	json_t *cluster = yaml_pack("{s:s}", "server", server), *config;
	struct buf text;

	json_put_bytes(cluster, "certificate-authority-data", access->ca, strlen(access->ca));
	config = yaml_pack("{s:s, s:s, s:[{s:s, s:o}], s:[{s:s, s:o}], s:[{s:s, s:{s:s, s:s}}],"
			   " s:s}", "apiVersion", "v1", "kind", "Config",
			   "clusters", "name", site->name, "cluster", cluster,
			   "users", "name", access->user, "user", user_of(access),
			   "contexts", "name", context, "context", "cluster", site->name, "user",
			   access->user, "current-context", context);
	buf_init(&text);
	yaml_add(&text, config);
	json_decref(config);
	free(context);
	free(server);
	return text.text;
}
