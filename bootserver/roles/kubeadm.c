/*
 * kubeadm's configuration (kubeadm.k8s.io/v1beta4) and patches of one node.
 *
 * No bootstrap token exists, so the phase `bootstrap-token` must not run: an empty list of tokens
 * is filled with one by kubeadm's defaults.  What it grants besides is given by the stage `access`
 * (stages.c).  `mark-control-plane` is left out too: it keeps load balancers away from these nodes
 * for good, while here a control-plane machine may well announce addresses; taints come by the
 * kubelet's flag, the role's label by the stage `nodes`.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/net.h"
#include "lib/str.h"
#include "roles/node.h"
#include "roles/release.h"
#include "roles/yaml.h"

#define KUBEADM_API "kubeadm.k8s.io/v1beta4"
#define KUBELET_API "kubelet.config.k8s.io/v1beta1"
#define FOLDER "/etc/kubernetes/bootserver/"
#define CRI_SOCKET "unix:///run/containerd/containerd.sock"
#define ETCD_DEFAULT "v3.6.16"
#define COREDNS_DEFAULT "v1.15.0"

static json_t *
config_new(const char *api, const char *kind)
{
	return yaml_pack("{s:s, s:s}", "apiVersion", api, "kind", kind);
}

static json_t *
arg_new(const char *name, const char *value)
{
	return yaml_pack("{s:s, s:s}", "name", name, "value", value);
}

/* Room for machines that are slow or emulated; the agent tries again in any case.  The first call
 * of the API is made while the API server starts. */
static json_t *
timeouts(void)
{
	return yaml_pack("{s:s, s:s, s:s, s:s, s:s, s:s}",
			 "controlPlaneComponentHealthCheck", "10m0s", "kubeletHealthCheck", "10m0s",
			 "kubernetesAPICall", "10m0s", "etcdAPICall", "5m0s",
			 "tlsBootstrap", "10m0s", "discovery", "5m0s");
}

/* Memory and processors are the site's business, the kernel is the image's. */
static json_t *
registration(const struct roles_cluster *cluster, const struct roles_node *node)
{
	json_t *labels = roles_labels(cluster->site, node->machine);
	char *label_text = roles_kubelet_labels(labels);
	char *taints = roles_taints(cluster->site, node->machine);
	json_t *args = json_array();

	if (node->address != NULL)
		yaml_append(args, arg_new("node-ip", node->address));
	yaml_append(args, arg_new("node-labels", label_text));
	if (*taints != '\0')
		yaml_append(args, arg_new("register-with-taints", taints));
	free(taints);
	free(label_text);
	json_decref(labels);
	return yaml_pack("{s:s, s:s, s:[], s:o, s:[s, s, s]}", "name", node->name, "criSocket",
			 CRI_SOCKET, "taints", "kubeletExtraArgs", args, "ignorePreflightErrors",
			 "Mem", "NumCPU", "SystemVerification");
}

static json_t *
endpoint(const struct roles_node *node)
{
	json_t *point = yaml_pack("{s:i}", "bindPort", ROLES_API_PORT);

	if (node->address != NULL)
		yaml_set(point, "advertiseAddress", json_string(node->address));
	return point;
}

static void
add_common(json_t *config, const struct roles_cluster *cluster, const struct roles_node *node)
{
	yaml_set(config, "nodeRegistration", registration(cluster, node));
	yaml_set(config, "patches", yaml_pack("{s:s}", "directory", FOLDER "patches"));
	yaml_set(config, "timeouts", timeouts());
}

static void
add_init(struct buf *text, const struct roles_cluster *cluster, const struct roles_node *node)
{
	json_t *config = config_new(KUBEADM_API, "InitConfiguration");

	yaml_set(config, "localAPIEndpoint", endpoint(node));
	add_common(config, cluster, node);
	yaml_set(config, "skipPhases", yaml_pack("[s, s, s]", "bootstrap-token",
						 "mark-control-plane", "show-join-command"));
	yaml_add(text, config);
	json_decref(config);
}

/* discovery.conf names the node itself by the certificate that the engine signed; whom it may not
 * show cluster-info (it is not there), kubeadm lets pass. */
static void
add_join(struct buf *text, const struct roles_cluster *cluster, const struct roles_node *node,
	 bool control_plane)
{
	json_t *config = config_new(KUBEADM_API, "JoinConfiguration");

	yaml_set(config, "discovery", yaml_pack("{s:{s:s}}", "file", "kubeConfigPath",
						FOLDER "discovery.conf"));
	if (control_plane)
		yaml_set(config, "controlPlane",
			 yaml_pack("{s:o}", "localAPIEndpoint", endpoint(node)));
	add_common(config, cluster, node);
	if (control_plane)
		yaml_set(config, "skipPhases",
			 yaml_pack("[s]", "control-plane-join/mark-control-plane"));
	yaml_add(text, config);
	json_decref(config);
}

static bool
is_control_plane(const struct roles_cluster *cluster, const struct roles_node *node)
{
	return roles_of(cluster->site, node->machine) & SITE_ROLE_CONTROL_PLANE;
}

static json_t *
cert_names(const struct roles_cluster *cluster)
{
	char *name = roles_endpoint(cluster->site);
	json_t *names = yaml_pack("[s, s, s]", name, "localhost", "127.0.0.1");

	for (size_t i = 0; i < cluster->nnodes; i++) {
		const struct roles_node *node = &cluster->nodes[i];

		if (!is_control_plane(cluster, node))
			continue;
		yaml_append(names, json_string(node->name));
		if (node->address != NULL)
			yaml_append(names, json_string(node->address));
	}
	free(name);
	return names;
}

static json_t *
subnet(const struct net_cidr *cidr)
{
	char address[NET_IP4_TEXT];

	net_ip4_format(address, cidr->address & net_cidr_mask(cidr));
	return json_sprintf("%s/%d", address, cidr->prefix);
}

/* What a leader may miss before it is replaced.  Where there is one alone, an API server that is
 * slow for most of a minute must not stop controller manager and scheduler.  Where there are more,
 * nothing is scheduled and no node missed until another one may lead.  They try every 2 s, as by
 * default: who does not come through at first, because the API server starts at the same time,
 * must not rest for long. */
static json_t *
leader_args(const struct roles_cluster *cluster)
{
	size_t count = 0;

	for (size_t i = 0; i < cluster->nnodes; i++)
		count += is_control_plane(cluster, &cluster->nodes[i]);
	return yaml_pack("{s:[o, o]}", "extraArgs",
			 arg_new("leader-elect-lease-duration", count > 1 ? "30s" : "75s"),
			 arg_new("leader-elect-renew-deadline", count > 1 ? "20s" : "60s"));
}

static json_t *
api_server(const struct roles_cluster *cluster)
{
	const struct site_kubernetes *kubernetes = &cluster->site->kubernetes;
	json_t *server = yaml_pack("{s:o}", "certSANs", cert_names(cluster));
	json_t *args;

	if (kubernetes->napi_server == 0)
		return server;
	args = yaml_set(server, "extraArgs", json_array());
	for (size_t i = 0; i < kubernetes->napi_server; i++)
		yaml_append(args, arg_new(kubernetes->api_server[i].key,
					  kubernetes->api_server[i].value));
	return server;
}

static void
add_cluster(struct buf *text, const struct roles_cluster *cluster)
{
	const struct site *site = cluster->site;
	json_t *config = config_new(KUBEADM_API, "ClusterConfiguration");
	char *name = roles_endpoint(site);

	yaml_set(config, "clusterName", json_string(site->name));
	yaml_set(config, "kubernetesVersion", json_string(cluster->release.kubernetes));
	yaml_set(config, "imageRepository", json_string(ROLES_REGISTRY));
	yaml_set(config, "encryptionAlgorithm", json_string("ECDSA-P256"));
	yaml_set(config, "controlPlaneEndpoint", json_sprintf("%s:%d", name, ROLES_API_PORT));
	yaml_set(config, "networking",
		 yaml_pack("{s:o, s:o, s:s}", "podSubnet", subnet(&site->kubernetes.pods),
			   "serviceSubnet", subnet(&site->kubernetes.services), "dnsDomain",
			   "cluster.local"));
	yaml_set(config, "apiServer", api_server(cluster));
	yaml_set(config, "controllerManager", leader_args(cluster));
	yaml_set(config, "scheduler", leader_args(cluster));
	yaml_set(config, "dns",
		 yaml_pack("{s:s}", "imageTag",
			   roles_tag(&cluster->release, "coredns", COREDNS_DEFAULT)));
	yaml_set(config, "etcd",
		 yaml_pack("{s:{s:s, s:s}}", "local", "dataDir", "/var/lib/etcd", "imageTag",
			   roles_tag(&cluster->release, "etcd", ETCD_DEFAULT)));
	yaml_add(text, config);
	json_decref(config);
	free(name);
}

/* Images cannot be fetched again, so the kubelet never clears them away. */
static void
add_kubelet(struct buf *text)
{
	json_t *config = config_new(KUBELET_API, "KubeletConfiguration");

	yaml_set(config, "cgroupDriver", json_string("systemd"));
	yaml_set(config, "failCgroupV1", json_false());
	yaml_set(config, "rotateCertificates", json_true());
	yaml_set(config, "imageGCHighThresholdPercent", json_integer(100));
	yaml_add(text, config);
	json_decref(config);
}

/* conntrack's size is the kernel's choice: in a namespace it cannot be set. */
static void
add_proxy(struct buf *text)
{
	json_t *config = config_new("kubeproxy.config.k8s.io/v1alpha1", "KubeProxyConfiguration");

	yaml_set(config, "mode", json_string("nftables"));
	yaml_set(config, "conntrack", yaml_pack("{s:i}", "maxPerCore", 0));
	yaml_add(text, config);
	json_decref(config);
}

static char *
kubeadm(const struct roles_cluster *cluster, const struct roles_node *node,
	enum roles_action action)
{
	struct buf text;

	buf_init(&text);
	if (action != ROLES_INIT) {
		add_join(&text, cluster, node, action == ROLES_JOIN_CONTROL_PLANE);
		return text.text;
	}
	add_init(&text, cluster, node);
	add_cluster(&text, cluster);
	add_kubelet(&text);
	add_proxy(&text);
	return text.text;
}

static void
add_file(json_t *files, const char *name, char *text)
{
	yaml_append(files, yaml_pack("{s:o, s:i, s:s}", "path", json_sprintf(FOLDER "%s", name),
				     "mode", 0600, "text", text));
	free(text);
}

/* Static pods are looked at from their first second, not their tenth: seconds at each start. */
static char *
probe_patch(const char *component)
{
	json_t *patch = yaml_pack("{s:{s:[{s:s, s:{s:i, s:i, s:i}}]}}", "spec", "containers",
				  "name", component, "startupProbe", "initialDelaySeconds", 1,
				  "periodSeconds", 2, "failureThreshold", 300);
	struct buf text;

	buf_init(&text);
	yaml_add(&text, patch);
	json_decref(patch);
	return text.text;
}

/* A setting of the site is JSON of any shape. */
static json_t *
setting(const char *value)
{
	json_t *parsed = json_loads(value, JSON_DECODE_ANY, NULL);

	return parsed != NULL ? parsed : json_string(value);
}

/* The site's settings of the kubelet are each node's own patch, so that a node joins with those
 * that the site has now, not with those that the cluster began with. */
static char *
kubelet_patch(const struct site *site)
{
	json_t *config = config_new(KUBELET_API, "KubeletConfiguration");
	struct buf text;

	for (size_t i = 0; i < site->kubernetes.nkubelet; i++)
		yaml_set(config, site->kubernetes.kubelet[i].key,
			 setting(site->kubernetes.kubelet[i].value));
	buf_init(&text);
	yaml_add(&text, config);
	json_decref(config);
	return text.text;
}

static void
add_patches(json_t *files)
{
	static const char *const components[] = { "etcd", "kube-apiserver",
						  "kube-controller-manager", "kube-scheduler" };

	for (size_t i = 0; i < sizeof(components) / sizeof(components[0]); i++) {
		char *name = str_format("patches/%s0+strategic.yaml", components[i]);

		add_file(files, name, probe_patch(components[i]));
		free(name);
	}
}

json_t *
roles_files(const struct roles_cluster *cluster, const struct roles_node *node,
	    enum roles_action action)
{
	json_t *files = json_array();

	add_file(files, "kubeadm.yaml", kubeadm(cluster, node, action));
	add_file(files, "patches/kubeletconfiguration0+strategic.yaml",
		 kubelet_patch(cluster->site));
	if (action != ROLES_JOIN)
		add_patches(files);
	return files;
}
