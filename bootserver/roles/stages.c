/*
 * What the API server is given, in the order in which one thing needs the other.  The stages of
 * MetalLB and Rook have rooms of their own.
 */
#include <stdlib.h>

#include "lib/net.h"
#include "roles/stage.h"
#include "roles/yaml.h"

#define RBAC_API "rbac.authorization.k8s.io/v1"
#define RBAC_GROUP "rbac.authorization.k8s.io"

static json_t *
binding(const char *name, const char *role, const char *kind, const char *subject)
{
	json_t *object = yaml_object(RBAC_API, "ClusterRoleBinding", NULL, name);

	yaml_set(object, "roleRef",
		 yaml_pack("{s:s, s:s, s:s}", "apiGroup", RBAC_GROUP, "kind", "ClusterRole", "name",
			   role));
	yaml_set(object, "subjects",
		 yaml_pack("[{s:s, s:s, s:s}]", "apiGroup", RBAC_GROUP, "kind", kind, "name",
			   subject));
	return object;
}

/* What kubeadm's phase `bootstrap-token` grants to others than tokens, under its names. */
static void
add_access(json_t *stages, json_t *sealed)
{
	struct stage stage;

	stage_init(&stage, "access");
	stage_add(&stage,
		  binding("kubeadm:node-autoapprove-certificate-rotation",
			  "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
			  "Group", "system:nodes"));
	stage_add(&stage, binding("kubeadm:apiserver-kubelet-client", "system:kubelet-api-admin",
				  "User", "kube-apiserver-kubelet-client"));
	stage_end(&stage, stages, sealed);
}

/* The label that `kubectl get nodes` shows as the node's role; a kubelet may not set it. */
static void
add_role_labels(json_t *labels, int roles)
{
	for (int bit = SITE_ROLE_CONTROL_PLANE; bit <= SITE_ROLE_DPU; bit <<= 1) {
		char *key = str_format("node-role.kubernetes.io/%s", roles_name(bit));

		if (roles & bit)
			yaml_set(labels, key, json_string(""));
		free(key);
	}
}

/* Only of nodes that have joined: an object of a machine that is not there would be a ghost.
 * Taints go beside the objects: others give some, too, and to the API server the list is one. */
static void
add_nodes(const struct roles_cluster *cluster, json_t *stages, json_t *sealed)
{
	json_t *taints = json_object();
	struct stage stage;

	stage_init(&stage, "nodes");
	for (size_t i = 0; i < cluster->nnodes; i++) {
		const struct roles_node *node = &cluster->nodes[i];
		json_t *labels, *object;
		char *text;

		if (!node->joined)
			continue;
		text = roles_taints(cluster->site, node->machine);
		yaml_set(taints, node->name, json_string(text));
		free(text);
		labels = roles_labels(cluster->site, node->machine);
		add_role_labels(labels, roles_of(cluster->site, node->machine));
		object = yaml_object("v1", "Node", NULL, node->name);
		yaml_set(json_object_get(object, "metadata"), "labels", labels);
		stage_add(&stage, object);
	}
	stage_end(&stage, stages, sealed);
	yaml_set(json_array_get(stages, json_array_size(stages) - 1), "taints", taints);
}

/* By its name, which such a pod finds in its node's /etc/hosts with the addresses of all control
 * planes: Go's dialer tries one after the other.  The service's address would not do: a node of a
 * site without a router has no route to it, and sends nothing that kube-proxy could turn round. */
json_t *
stage_api(const struct site *site, const char *space)
{
	json_t *map = yaml_object("v1", "ConfigMap", space, "bootserver-api");
	char *name = roles_endpoint(site);

	yaml_set(map, "data", yaml_pack("{s:s, s:o}", "host", name, "port",
					json_sprintf("%d", ROLES_API_PORT)));
	free(name);
	return map;
}

/* The plugin `flannel` of the parts speaks CNI up to 0.4.0. */
static json_t *
flannel_config(const struct site *site)
{
	static const char cni[] = "{\n"
				  "  \"name\": \"cbr0\",\n"
				  "  \"cniVersion\": \"0.3.1\",\n"
				  "  \"plugins\": [\n"
				  "    {\"type\": \"flannel\", \"delegate\": "
				  "{\"hairpinMode\": true, \"isDefaultGateway\": true}},\n"
				  "    {\"type\": \"portmap\", \"capabilities\": "
				  "{\"portMappings\": true}}\n"
				  "  ]\n"
				  "}\n";
	const struct net_cidr *pods = &site->kubernetes.pods;
	json_t *map = yaml_object("v1", "ConfigMap", "kube-flannel", "kube-flannel-cfg");
	char address[NET_IP4_TEXT];

	net_ip4_format(address, pods->address & net_cidr_mask(pods));
	yaml_set(map, "data",
		 yaml_pack("{s:s, s:o}", "cni-conf.json", cni, "net-conf.json",
			   json_sprintf("{\n"
					"  \"Network\": \"%s/%d\",\n"
					"  \"Backend\": {\"Type\": \"vxlan\"}\n"
					"}\n", address, pods->prefix)));
	return map;
}

static void
add_cni(const struct roles_cluster *cluster, json_t *stages, json_t *sealed)
{
	struct stage stage;

	if (cluster->site->kubernetes.cni != SITE_CNI_FLANNEL)
		return;
	stage_init(&stage, "cni");
	stage_file(&stage, "flannel.yaml");
	stage_add(&stage, flannel_config(cluster->site));
	stage_add(&stage, stage_api(cluster->site, "kube-flannel"));
	stage_end(&stage, stages, sealed);
}

/* The site's own files as they are; a document's mark before each, as it may lack one. */
static void
add_manifests(const struct roles_cluster *cluster, json_t *stages, json_t *sealed)
{
	struct stage stage;

	if (cluster->nmanifests == 0)
		return;
	stage_init(&stage, "manifests");
	for (size_t i = 0; i < cluster->nmanifests; i++)
		buf_format(&stage.text, "---\n%s\n", cluster->manifests[i]);
	stage_end(&stage, stages, sealed);
}

/* A network that carries CoreDNS carries the rest. */
static void
add_dns(json_t *stages, json_t *sealed)
{
	struct stage stage;

	stage_init(&stage, "dns");
	stage_wait(&stage, "wait --for=condition=Available deployment/coredns -n kube-system");
	stage_end(&stage, stages, sealed);
}

void
roles_stages(const struct roles_cluster *cluster, json_t **ret_stages, json_t **ret_sealed)
{
	json_t *stages = json_array(), *sealed = json_array();

	add_access(stages, sealed);
	add_nodes(cluster, stages, sealed);
	add_cni(cluster, stages, sealed);
	add_manifests(cluster, stages, sealed);
	add_dns(stages, sealed);
	metallb_stages(cluster, stages, sealed);
	rook_stages(cluster, stages, sealed);
	*ret_stages = stages;
	*ret_sealed = sealed;
}
