/*
 * What a node is called and marked with.  A kubelet may label itself, but not with everything:
 * NodeRestriction and the kubelet refuse kubernetes.io and k8s.io but for a few.  Those few and all
 * foreign prefixes go by kubelet's flags, so that a node has them from its first moment; the rest
 * is given by the stage `nodes` (stages.c).
 */
#include "roles/node.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "roles/yaml.h"

char *
roles_endpoint(const struct site *site)
{
	const char *label = site->kubernetes.endpoint;

	return str_format("%s.%s", label != NULL ? label : "api", site->domain);
}

char *
roles_server(const struct site *site)
{
	char *endpoint = roles_endpoint(site);
	char *url = str_format("https://%s:%d", endpoint, ROLES_API_PORT);

	free(endpoint);
	return url;
}

/* A name or value of a label: at most 63 of A-Z a-z 0-9 - _ . with a letter or digit at the ends
 * (Kubernetes' IsValidLabelValue). */
static bool
is_label_word(const char *word, size_t len)
{
	if (len > 63 || !isalnum((unsigned char)word[0]) || !isalnum((unsigned char)word[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)word[i]) && strchr("-_.", word[i]) == NULL)
			return false;
	return true;
}

/* "name" or "prefix/name", the prefix a DNS name (IsQualifiedName). */
static bool
is_label_key(const char *key)
{
	const char *slash = strchr(key, '/');
	const char *name = slash != NULL ? slash + 1 : key;
	char prefix[254];

	if (*name == '\0' || !is_label_word(name, strlen(name)))
		return false;
	if (slash == NULL)
		return true;
	if ((size_t)(slash - key) >= sizeof(prefix))
		return false;
	memcpy(prefix, key, (size_t)(slash - key));
	prefix[slash - key] = '\0';
	return str_is_name(prefix);
}

static void
add_label(json_t *labels, const char *key, const char *value)
{
	if (value == NULL || !is_label_key(key) ||
	    (*value != '\0' && !is_label_word(value, strlen(value))))
		return;
	yaml_set(labels, key, json_string(value));
}

static void
add_pairs(json_t *labels, const struct site_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_label(labels, pairs[i].key, pairs[i].value);
}

static void
add_roles(json_t *labels, int roles)
{
	for (int bit = SITE_ROLE_CONTROL_PLANE; bit <= SITE_ROLE_DPU; bit <<= 1) {
		char *key = str_format(LABEL_ROLE "%s", roles_name(bit));

		if (roles & bit)
			add_label(labels, key, "");
		free(key);
	}
}

json_t *
roles_labels(const struct site *site, const struct site_machine *machine)
{
	json_t *labels = json_object();

	if (machine != NULL) {
		add_label(labels, LABEL_ZONE, site_machine_zone(site, machine));
		add_label(labels, LABEL_RACK, machine->rack);
		add_pairs(labels, machine->labels, machine->nlabels);
		add_label(labels, "bootserver.dev/host", machine->host);
	}
	add_roles(labels, roles_of(site, machine));
	return labels;
}

static bool
ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(text + len - n, end, n) == 0 &&
	       (len == n || text[len - n - 1] == '.');
}

/* May a kubelet give itself this label?  (ValidateKubeletFlags, NodeRestriction.) */
static bool
is_kubelets(const char *key)
{
	static const char *const taken[] = { LABEL_ZONE, "topology.kubernetes.io/region" };
	size_t len = strcspn(key, "/");

	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (str_eq(key, taken[i]))
			return true;
	if (key[len] == '\0')
		return true;
	if (ends_with(key, len, "node.kubernetes.io") ||
	    ends_with(key, len, "kubelet.kubernetes.io"))
		return true;
	return !ends_with(key, len, "kubernetes.io") && !ends_with(key, len, "k8s.io");
}

char *
roles_kubelet_labels(const json_t *labels)
{
	struct buf text;
	const char *key;
	json_t *value;

	buf_init(&text);
	json_object_foreach((json_t *)labels, key, value)
		if (is_kubelets(key))
			buf_format(&text, "%s%s=%s", text.len > 0 ? "," : "", key,
				   json_string_value(value));
	return text.text;
}

static void
add_taint(struct buf *text, const char *taint)
{
	buf_format(text, "%s%s", text->len > 0 ? "," : "", taint);
}

char *
roles_taints(const struct site *site, const struct site_machine *machine)
{
	int roles = roles_of(site, machine);
	struct buf text;

	buf_init(&text);
	if ((roles & SITE_ROLE_CONTROL_PLANE) && !(roles & SITE_ROLE_WORKER))
		add_taint(&text, "node-role.kubernetes.io/control-plane:NoSchedule");
	if (roles & SITE_ROLE_DPU)
		add_taint(&text, "bootserver.dev/dpu:NoSchedule");
	for (size_t i = 0; machine != NULL && i < machine->taints.count; i++)
		add_taint(&text, machine->taints.items[i]);
	return text.text;
}

json_t *
roles_hosts(const struct roles_cluster *cluster, const struct roles_node *node)
{
	const struct site *site = cluster->site;
	char *endpoint = roles_endpoint(site);
	json_t *hosts = json_array();

	for (size_t i = 0; i < cluster->nnodes; i++) {
		const struct roles_node *other = &cluster->nodes[i];

		if (other->address == NULL ||
		    !(roles_of(site, other->machine) & SITE_ROLE_CONTROL_PLANE))
			continue;
		yaml_append(hosts, json_sprintf("%s %s", other->address, endpoint));
	}
	if (node->address != NULL)
		yaml_append(hosts, json_sprintf("%s %s %s.%s", node->address, node->name,
						node->name, site->domain));
	free(endpoint);
	return hosts;
}
