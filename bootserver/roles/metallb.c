/*
 * MetalLB's objects (metallb.io, v0.15): pools, and who announces them where.  Only nodes with the
 * role announce.  By BGP each rack's nodes speak with the rack's router; a pool that is bound to
 * racks is announced by their nodes alone.  In native mode, so nothing that only FRR can do.
 */
#include "roles/stage.h"
#include "roles/yaml.h"

#include <stdlib.h>

#include "lib/net.h"

#define SPACE "metallb-system"
#define API1 "metallb.io/v1beta1"
#define API2 "metallb.io/v1beta2"
#define LABEL_ANNOUNCES LABEL_ROLE "load-balancer"

static json_t *
texts(const struct site_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		yaml_append(array, json_string(list->items[i]));
	return array;
}

/* The announcing nodes of `racks` (empty: of all), as a list of one selector. */
static json_t *
nodes_of(const struct site_list *racks)
{
	json_t *selector = yaml_pack("{s:{s:s}}", "matchLabels", LABEL_ANNOUNCES, "");

	if (racks->count > 0)
		yaml_set(selector, "matchExpressions",
			 yaml_pack("[{s:s, s:s, s:o}]", "key", LABEL_RACK, "operator", "In",
				   "values", texts(racks)));
	return yaml_pack("[o]", selector);
}

static json_t *
pool_object(const struct site_pool *pool)
{
	json_t *object = yaml_object(API1, "IPAddressPool", SPACE, pool->name);

	yaml_set(object, "spec",
		 yaml_pack("{s:o, s:b}", "addresses", texts(&pool->addresses), "autoAssign",
			   pool->auto_assign));
	return object;
}

static json_t *
l2_object(const struct site_load_balancer *balancer, const struct site_pool *pool)
{
	json_t *object = yaml_object(API1, "L2Advertisement", SPACE, pool->name), *spec;

	spec = yaml_set(object, "spec",
			yaml_pack("{s:[s], s:o}", "ipAddressPools", pool->name, "nodeSelectors",
				  nodes_of(&pool->racks)));
	if (balancer->interfaces.count > 0)
		yaml_set(spec, "interfaces", texts(&balancer->interfaces));
	return object;
}

static json_t *
bgp_object(const struct site_load_balancer *balancer, const struct site_pool *pool)
{
	json_t *object = yaml_object(API1, "BGPAdvertisement", SPACE, pool->name), *spec;

	spec = yaml_set(object, "spec",
			yaml_pack("{s:[s], s:o}", "ipAddressPools", pool->name, "nodeSelectors",
				  nodes_of(&pool->racks)));
	if (balancer->aggregation > 0)
		yaml_set(spec, "aggregationLength", json_integer(balancer->aggregation));
	if (balancer->local_preference > 0)
		yaml_set(spec, "localPref", json_integer(balancer->local_preference));
	if (balancer->communities.count > 0)
		yaml_set(spec, "communities", texts(&balancer->communities));
	return object;
}

static json_t *
password_object(const char *name, const char *password)
{
	json_t *object = yaml_object("v1", "Secret", SPACE, name);

	yaml_set(object, "type", json_string("kubernetes.io/basic-auth"));
	yaml_set(object, "stringData", yaml_pack("{s:s}", "password", password));
	return object;
}

/* MetalLB refuses multihop where both sides have the same AS number. */
static json_t *
peer_object(const struct site_load_balancer *balancer, const struct site_rack *rack,
	    const char *secret)
{
	const struct site_router *router = &rack->router;
	json_t *object = yaml_object(API2, "BGPPeer", SPACE, rack->name), *spec;
	char address[NET_IP4_TEXT];

	net_ip4_format(address, router->address);
	spec = yaml_set(object, "spec",
			yaml_pack("{s:I, s:I, s:s}", "myASN", (json_int_t)balancer->asn, "peerASN",
				  (json_int_t)router->asn, "peerAddress", address));
	yaml_set(spec, "nodeSelectors",
		 yaml_pack("[{s:{s:s, s:s}}]", "matchLabels", LABEL_ANNOUNCES, "", LABEL_RACK,
			   rack->name));
	if (router->multihop && router->asn != balancer->asn)
		yaml_set(spec, "ebgpMultiHop", json_true());
	if (router->password != NULL)
		yaml_set(spec, "passwordSecret", yaml_pack("{s:s}", "name", secret));
	return object;
}

static void
add_peers(struct stage *stage, const struct site *site)
{
	for (size_t i = 0; i < site->nracks; i++) {
		const struct site_rack *rack = &site->racks[i];
		char *secret;

		if (rack->router.address == 0)
			continue;
		secret = str_format("router-%s", rack->name);
		if (rack->router.password != NULL)
			stage_add_secret(stage, password_object(secret, rack->router.password));
		stage_add(stage, peer_object(&site->load_balancer, rack, secret));
		free(secret);
	}
}

static void
add_balancer(const struct site *site, json_t *stages, json_t *sealed)
{
	static const char *const kinds[] = { "ipaddresspools.metallb.io",
					     "l2advertisements.metallb.io", "bgppeers.metallb.io",
					     "bgpadvertisements.metallb.io", "secrets" };
	const struct site_load_balancer *balancer = &site->load_balancer;
	bool bgp = balancer->announce == SITE_ANNOUNCE_BGP;
	struct stage stage;

	stage_init(&stage, "load-balancer");
	for (size_t i = 0; i < balancer->npools; i++)
		stage_add(&stage, pool_object(&balancer->pools[i]));
	if (bgp)
		add_peers(&stage, site);
	for (size_t i = 0; i < balancer->npools; i++)
		stage_add(&stage, bgp ? bgp_object(balancer, &balancer->pools[i]) :
					l2_object(balancer, &balancer->pools[i]));
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		stage_prune(&stage, kinds[i]);
	stage_end(&stage, stages, sealed);
}

void
metallb_stages(const struct roles_cluster *cluster, json_t *stages, json_t *sealed)
{
	struct stage stage;

	if (cluster->site->load_balancer.npools == 0)
		return;
	stage_init(&stage, "metallb");
	stage_file(&stage, "metallb.yaml");
	stage_add(&stage, stage_api(cluster->site, SPACE));
	stage_wait(&stage, "wait --for=condition=Available deployment/controller -n " SPACE);
	stage_end(&stage, stages, sealed);
	add_balancer(cluster->site, stages, sealed);
}
