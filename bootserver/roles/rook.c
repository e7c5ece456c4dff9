/*
 * Rook's objects (ceph.rook.io, v1.18): the Ceph cluster over the disks that roles_devices() gives
 * it, a pool for volumes, an object store.  Small: what is not needed to keep data is off.  Nothing
 * here is ever pruned: a line less in the site file must not delete data.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "roles/devices.h"
#include "roles/release.h"
#include "roles/stage.h"
#include "roles/yaml.h"

#define SPACE "rook-ceph"
#define API "ceph.rook.io/v1"
#define CLUSTER "rook-ceph"
#define POOL "block"
#define STORE "objects"
#define CEPH_DEFAULT "v18.2.7"
#define REST "/dev/disk/by-partlabel/bootserver-rest"

/* The operator asks Ceph by its command, a Python program: 10 s on a slow machine, a minute while
 * a daemon starts there.  One that is cut off fails a whole reconcile, which comes again after
 * minutes; by default it has 15 s. */
#define COMMAND_S "120"

/* What the storage nodes come to. */
struct storage {
	const struct roles_cluster *cluster;
	json_t *nodes;		/* CephCluster's spec.storage.nodes */
	int storers, keepers;	/* machines that hold disks; that may hold a monitor */
	int racks;		/* racks among the storers */
	bool *stores;		/* by node: it is one of the storers */
	bool loops;		/* a loop device is among the disks */
	bool arm64;		/* all storers are */
};

static const char *
rack_of(const struct roles_node *node)
{
	return node->machine != NULL ? node->machine->rack : NULL;
}

static bool
rack_seen(const struct storage *storage, size_t count, const char *rack)
{
	for (size_t i = 0; i < count; i++)
		if (storage->stores[i] && str_eq(rack_of(&storage->cluster->nodes[i]), rack))
			return true;
	return false;
}

static json_t *
devices_of(struct storage *storage, const struct roles_node *node)
{
	struct roles_choice *choices = mem_new(node->ndisks * sizeof(*choices));
	json_t *devices = json_array();

	roles_devices(storage->cluster->site, node, choices);
	for (size_t i = 0; i < node->ndisks; i++) {
		char *path;

		if (!choices[i].taken)
			continue;
		path = roles_device_path(&node->disks[i]);
		yaml_append(devices, yaml_pack("{s:s}", "name", path));
		storage->loops |= node->disks[i].loop || str_starts(path, "/dev/loop");
		free(path);
	}
	if (node->rest)
		yaml_append(devices, yaml_pack("{s:s}", "name", REST));
	free(choices);
	return devices;
}

/* A machine of the site file counts from the start, so that copies do not depend on who came up
 * first; one that turns out to have no disk for Rook does not. */
static void
storage_add(struct storage *storage, size_t i)
{
	const struct roles_node *node = &storage->cluster->nodes[i];
	const char *rack = rack_of(node);
	json_t *devices = devices_of(storage, node);
	bool waits = node->machine != NULL && node->ndisks == 0;

	storage->stores[i] = waits || json_array_size(devices) > 0;
	if (storage->stores[i]) {
		storage->storers++;
		storage->arm64 &= node->arch == SITE_ARCH_ARM64;
		storage->racks += rack != NULL && !rack_seen(storage, i, rack);
	}
	if (json_array_size(devices) > 0)
		yaml_append(storage->nodes, yaml_pack("{s:s, s:o}", "name", node->name, "devices",
						      devices));
	else
		json_decref(devices);
}

static void
storage_init(struct storage *storage, const struct roles_cluster *cluster)
{
	*storage = (struct storage){ .cluster = cluster, .nodes = json_array(), .arm64 = true };
	storage->stores = mem_new(cluster->nnodes * sizeof(*storage->stores));
	for (size_t i = 0; i < cluster->nnodes; i++) {
		const struct roles_node *node = &cluster->nodes[i];
		int roles = roles_of(cluster->site, node->machine);

		if (roles & SITE_ROLE_STORAGE)
			storage_add(storage, i);
		if (node->machine != NULL &&
		    (roles & (SITE_ROLE_STORAGE | SITE_ROLE_CONTROL_PLANE)))
			storage->keepers++;
	}
}

static void
storage_fini(struct storage *storage)
{
	json_decref(storage->nodes);
	free(storage->stores);
}

/* Copies of everything: as the site says, else up to three, each in a failure domain of its own. */
static int
replicas(const struct storage *storage)
{
	const struct site_storage *said = &storage->cluster->site->storage;
	int domains = said->failure_domain == SITE_FAILURE_RACK ? storage->racks :
								  storage->storers;

	if (said->replicas > 0)
		return (int)said->replicas;
	return domains < 1 ? 1 : domains > 3 ? 3 : domains;
}

static bool
has_csi(const struct roles_cluster *cluster)
{
	return roles_tag(&cluster->release, "cephcsi", NULL) != NULL;
}

/* The CSI drivers' images, which can only come from outside. */
static void
add_csi_images(json_t *data, const struct roles_release *release)
{
	static const struct {
		const char *setting, *name;
	} images[] = {
		{ "ROOK_CSI_CEPH_IMAGE", "cephcsi" },
		{ "ROOK_CSI_REGISTRAR_IMAGE", "csi-node-driver-registrar" },
		{ "ROOK_CSI_PROVISIONER_IMAGE", "csi-provisioner" },
		{ "ROOK_CSI_ATTACHER_IMAGE", "csi-attacher" },
		{ "ROOK_CSI_SNAPSHOTTER_IMAGE", "csi-snapshotter" },
		{ "ROOK_CSI_RESIZER_IMAGE", "csi-resizer" },
	};

	for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
		const char *tag = roles_tag(release, images[i].name, NULL);

		if (tag != NULL)
			yaml_set(data, images[i].setting,
				 json_sprintf(ROLES_REGISTRY "/%s:%s", images[i].name, tag));
	}
}

static json_t *
operator_config(const struct storage *storage)
{
	json_t *map = yaml_object("v1", "ConfigMap", SPACE, "rook-ceph-operator-config"), *data;
	bool csi = has_csi(storage->cluster);

	data = yaml_set(map, "data",
			yaml_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
				  "ROOK_LOG_LEVEL", "INFO",
				  "ROOK_OPERATOR_METRICS_BIND_ADDRESS", "0",
				  "ROOK_CEPH_COMMANDS_TIMEOUT_SECONDS", COMMAND_S,
				  "ROOK_CEPH_ALLOW_LOOP_DEVICES", storage->loops ? "true" : "false",
				  "ROOK_ENABLE_DISCOVERY_DAEMON", "false",
				  "ROOK_USE_CSI_OPERATOR", "false",
				  "ROOK_CSI_DISABLE_DRIVER", csi ? "false" : "true",
				  "ROOK_CSI_ENABLE_RBD", csi ? "true" : "false",
				  "ROOK_CSI_ENABLE_CEPHFS", "false"));
	if (csi)
		add_csi_images(data, &storage->cluster->release);
	return map;
}

/*
 * Debian's Ceph: its classes are where Rook, which starts it in another folder, does not look, and
 * most of the manager's modules cannot load there.  What is said of pools is for those that Ceph
 * makes by itself.
 */
static json_t *
ceph_override(const struct storage *storage)
{
	json_t *map = yaml_object("v1", "ConfigMap", SPACE, "rook-config-override");
	int copies = replicas(storage);

	yaml_set(map, "data",
		 yaml_pack("{s:o}", "config",
			   json_sprintf("[global]\n"
					"osd_class_dir = /usr/lib/%s-linux-gnu/rados-classes\n"
					"mgr_initial_modules = iostat\n"
					"osd_pool_default_size = %d\n"
					"osd_pool_default_min_size = %d\n"
					"mon_warn_on_pool_no_redundancy = false\n",
					storage->arm64 ? "aarch64" : "x86_64", copies,
					copies > 2 ? 2 : 1)));
	return map;
}

/* The memory that each daemon is given on a small machine: asked for, and at most. */
static json_t *
resources(const char *asked, const char *most)
{
	return yaml_pack("{s:{s:s, s:s}, s:{s:s}}", "requests", "cpu", "100m", "memory", asked,
			 "limits", "memory", most);
}

static json_t *
all_resources(void)
{
	return yaml_pack("{s:o, s:o, s:o, s:o}", "mon", resources("256Mi", "1Gi"), "mgr",
			 resources("384Mi", "1Gi"), "osd", resources("512Mi", "2Gi"), "prepareosd",
			 resources("64Mi", "1Gi"));
}

/* Daemons live on the machines that hold disks, monitors on control-plane machines too: those have
 * the part ceph with their images. */
static json_t *
has_role(const char *role)
{
	return yaml_pack("{s:[{s:o, s:s}]}", "matchExpressions", "key",
			 json_sprintf(LABEL_ROLE "%s", role), "operator", "Exists");
}

/* No taint keeps them from there, but a node that is gone lets go of manager and gateway: those
 * taints are NoExecute. */
static json_t *
placement_on(json_t *terms)
{
	return yaml_pack("{s:{s:{s:o}}, s:[{s:s, s:s}]}", "nodeAffinity",
			 "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms",
			 terms, "tolerations", "operator", "Exists", "effect", "NoSchedule");
}

static json_t *
on_storage(void)
{
	return placement_on(yaml_pack("[o]", has_role("storage")));
}

static json_t *
placement(void)
{
	return yaml_pack("{s:o, s:o}", "all", on_storage(), "mon",
			 placement_on(yaml_pack("[o, o]", has_role("storage"),
						has_role("control-plane"))));
}

static json_t *
off(const char *key, bool value)
{
	return yaml_pack("{s:{s:b}, s:{s:b}, s:{s:b}}", "mon", key, value, "mgr", key, value, "osd",
			 key, value);
}

/* Probes cost ten seconds at each start, and Ceph's daemons watch each other better. */
static json_t *
health_check(void)
{
	return yaml_pack("{s:o, s:o}", "livenessProbe", off("disabled", true), "startupProbe",
			 off("disabled", true));
}

/*
 * Rook goes through the disks when the object's spec changes and at few other times; it does not
 * see that a disk which it passed over is blank now.  So the spec says which wiping was the last,
 * in a note that the pods carry which prepare the disks, and nothing else does.
 */
static void
note_wiped(json_t *spec, int64_t wiped)
{
	if (wiped > 0)
		yaml_set(spec, "annotations",
			 yaml_pack("{s:{s:o}}", "prepareosd", "bootserver.dev/wiped",
				   json_sprintf("%lld", (long long)wiped)));
}

static json_t *
ceph_cluster(const struct storage *storage)
{
	json_t *object = yaml_object(API, "CephCluster", SPACE, CLUSTER), *spec;
	int mons = storage->keepers < 3 ? 1 : 3;
	int mgrs = mons > 1 && storage->storers > 1 ? 2 : 1;
	const char *tag = roles_tag(&storage->cluster->release, "ceph", CEPH_DEFAULT);

	spec = yaml_set(object, "spec", json_object());
	yaml_set(spec, "cephVersion",
		 yaml_pack("{s:o, s:s}", "image", json_sprintf(ROLES_REGISTRY "/ceph:%s", tag),
			   "imagePullPolicy", "IfNotPresent"));
	yaml_set(spec, "dataDirHostPath", json_string("/var/lib/rook"));
	yaml_set(spec, "mon", yaml_pack("{s:i, s:b}", "count", mons, "allowMultiplePerNode", 0));
	yaml_set(spec, "mgr", yaml_pack("{s:i, s:b}", "count", mgrs, "allowMultiplePerNode", 0));
	yaml_set(spec, "network", yaml_pack("{s:s}", "provider", "host"));
	yaml_set(spec, "dashboard", yaml_pack("{s:b}", "enabled", 0));
	yaml_set(spec, "crashCollector", yaml_pack("{s:b}", "disable", 1));
	yaml_set(spec, "logCollector", yaml_pack("{s:b}", "enabled", 0));
	yaml_set(spec, "monitoring",
		 yaml_pack("{s:b, s:b}", "enabled", 0, "metricsDisabled", 1));
	yaml_set(spec, "disruptionManagement", yaml_pack("{s:b}", "managePodBudgets", 1));
	yaml_set(spec, "priorityClassNames",
		 yaml_pack("{s:s, s:s, s:s}", "mon", "system-node-critical", "osd",
			   "system-node-critical", "mgr", "system-cluster-critical"));
	yaml_set(spec, "resources", all_resources());
	yaml_set(spec, "cephConfig",
		 yaml_pack("{s:{s:s}}", "osd", "osd_memory_target", "1073741824"));
	note_wiped(spec, storage->cluster->wiped);
	yaml_set(spec, "placement", placement());
	yaml_set(spec, "healthCheck", health_check());
	yaml_set(spec, "storage",
		 yaml_pack("{s:b, s:b, s:O}", "useAllNodes", 0, "useAllDevices", 0, "nodes",
			   storage->nodes));
	return object;
}

static json_t *
pool_spec(const struct storage *storage)
{
	bool by_rack = storage->cluster->site->storage.failure_domain == SITE_FAILURE_RACK;
	int copies = replicas(storage);

	return yaml_pack("{s:s, s:{s:i, s:b}}", "failureDomain", by_rack ? "rack" : "host",
			 "replicated", "size", copies, "requireSafeReplicaSize", copies > 1);
}

static json_t *
storage_class(void)
{
	static const char *const secrets[] = { "provisioner", "controller-expand",
					       "controller-publish", "node-stage" };
	json_t *object = yaml_object("storage.k8s.io/v1", "StorageClass", NULL, POOL);
	json_t *with = yaml_pack("{s:s, s:s, s:s, s:s, s:s}", "clusterID", SPACE, "pool", POOL,
				 "imageFormat", "2", "imageFeatures", "layering",
				 "csi.storage.k8s.io/fstype", "ext4");

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		char *key = str_format("csi.storage.k8s.io/%s-secret-name", secrets[i]);
		char *space = str_format("csi.storage.k8s.io/%s-secret-namespace", secrets[i]);

		yaml_set(with, key, json_string(i < 3 ? "rook-csi-rbd-provisioner" :
							"rook-csi-rbd-node"));
		yaml_set(with, space, json_string(SPACE));
		free(space);
		free(key);
	}
	yaml_set(json_object_get(object, "metadata"), "annotations",
		 yaml_pack("{s:s}", "storageclass.kubernetes.io/is-default-class", "true"));
	yaml_set(object, "provisioner", json_string(SPACE ".rbd.csi.ceph.com"));
	yaml_set(object, "parameters", with);
	yaml_set(object, "reclaimPolicy", json_string("Delete"));
	yaml_set(object, "allowVolumeExpansion", json_true());
	return object;
}

/* Two gateways on one machine would be gone with it. */
static json_t *
gateway_placement(void)
{
	json_t *placement = on_storage();

	yaml_set(placement, "topologySpreadConstraints",
		 yaml_pack("[{s:i, s:s, s:s, s:{s:{s:s, s:s}}}]", "maxSkew", 1, "topologyKey",
			   "kubernetes.io/hostname", "whenUnsatisfiable", "DoNotSchedule",
			   "labelSelector", "matchLabels", "app", "rook-ceph-rgw",
			   "rook_object_store", STORE));
	return placement;
}

/* Rook's probes of a gateway are a script that wants curl, which the image of Ceph has not. */
static json_t *
gateway_check(void)
{
	return yaml_pack("{s:{s:b}, s:{s:b}}", "startupProbe", "disabled", 1, "readinessProbe",
			 "disabled", 1);
}

/* Gateways have addresses of pods, so that port 80 of their machine stays free. */
static json_t *
object_store(const struct storage *storage)
{
	json_t *object = yaml_object(API, "CephObjectStore", SPACE, STORE), *gateway;

	gateway = yaml_pack("{s:i, s:i, s:b, s:o, s:o, s:s}", "port", 80, "instances",
			    storage->storers > 1 ? 2 : 1, "hostNetwork", 0, "placement",
			    gateway_placement(), "resources", resources("128Mi", "1Gi"),
			    "priorityClassName", "system-cluster-critical");
	yaml_set(object, "spec",
		 yaml_pack("{s:o, s:o, s:b, s:o, s:o}", "metadataPool", pool_spec(storage),
			   "dataPool", pool_spec(storage), "preservePoolsOnDelete", 1, "gateway",
			   gateway, "healthCheck", gateway_check()));
	return object;
}

/* The object store's address outside, where there are pools to take one from. */
static json_t *
store_service(void)
{
	json_t *service = yaml_object("v1", "Service", SPACE, STORE "-s3");

	yaml_set(service, "spec",
		 yaml_pack("{s:s, s:{s:s, s:s}, s:[{s:s, s:i, s:i}]}", "type", "LoadBalancer",
			   "selector", "app", "rook-ceph-rgw", "rook_object_store", STORE, "ports",
			   "name", "http", "port", 80, "targetPort", 8080));
	return service;
}

static void
add_storage(const struct storage *storage, json_t *stages, json_t *sealed)
{
	const struct site *site = storage->cluster->site;
	json_t *pool = yaml_object(API, "CephBlockPool", SPACE, POOL);
	struct stage stage;

	stage_init(&stage, "storage");
	stage_add(&stage, ceph_override(storage));
	stage_add(&stage, ceph_cluster(storage));
	yaml_set(pool, "spec", pool_spec(storage));
	stage_add(&stage, pool);
	if (has_csi(storage->cluster))
		stage_add(&stage, storage_class());
	stage_wait(&stage, "wait --for=jsonpath={.status.phase}=Ready cephblockpool/" POOL
			   " -n " SPACE);
	if (site->storage.object_store) {
		stage_add(&stage, object_store(storage));
		if (site->load_balancer.npools > 0)
			stage_add(&stage, store_service());
		stage_wait(&stage, "wait --for=jsonpath={.status.phase}=Ready "
				   "cephobjectstore/" STORE " -n " SPACE);
	}
	stage_end(&stage, stages, sealed);
}

/* A saved object without what the API server had added to it. */
static json_t *
saved_object(const json_t *saved, const char *kind, const char *name)
{
	const json_t *from = json_object_get(saved, name), *data = json_object_get(from, "data");
	json_t *object;

	if (!json_is_object(data))
		return NULL;
	object = yaml_object("v1", kind, SPACE, name);
	if (json_is_string(json_object_get(from, "type")))
		yaml_set(object, "type", json_incref(json_object_get(from, "type")));
	yaml_set(object, "data", json_incref((json_t *)data));
	return object;
}

/* Without these Rook makes a new Ceph cluster, and the old disks are foreign to it. */
static void
add_restore(const json_t *saved, json_t *stages, json_t *sealed)
{
	json_t *secret = saved_object(saved, "Secret", "rook-ceph-mon");
	json_t *map = saved_object(saved, "ConfigMap", "rook-ceph-mon-endpoints");
	struct stage stage;

	if (secret != NULL && map != NULL) {
		stage_init(&stage, "rook-restore");
		stage_once(&stage);
		stage_add_secret(&stage, json_incref(secret));
		stage_add_secret(&stage, json_incref(map));
		stage_end(&stage, stages, sealed);
	}
	json_decref(secret);
	json_decref(map);
}

static void
add_rook(const struct storage *storage, json_t *stages, json_t *sealed)
{
	struct stage stage;

	stage_init(&stage, "rook");
	stage_file(&stage, "rook-crds.yaml");
	stage_file(&stage, "rook-common.yaml");
	stage_add(&stage, operator_config(storage));
	stage_end(&stage, stages, sealed);
	add_restore(storage->cluster->rook_saved, stages, sealed);
	stage_init(&stage, "rook-operator");
	stage_file(&stage, "rook-operator.yaml");
	stage_wait(&stage, "wait --for=condition=Available deployment/rook-ceph-operator "
			   "-n " SPACE);
	stage_end(&stage, stages, sealed);
}

/* Nothing before the first disk is there: a Ceph cluster without one never becomes ready. */
void
rook_stages(const struct roles_cluster *cluster, json_t *stages, json_t *sealed)
{
	struct storage storage;

	if (cluster->site->storage.place.line == 0 || !cluster->release.has_ceph)
		return;
	storage_init(&storage, cluster);
	if (json_array_size(storage.nodes) > 0) {
		add_rook(&storage, stages, sealed);
		add_storage(&storage, stages, sealed);
	}
	storage_fini(&storage);
}
