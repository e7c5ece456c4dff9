#ifndef SITE_CHECK_H
#define SITE_CHECK_H

#include "site/findings.h"

/* The rules between things, which the schema cannot tell: adds to `findings`, and makes
 * site->index. */
void site_check(struct site *site, struct site_findings *findings);

/* Its parts, each in a room of its own: machines; their own networks
 * and user data; the cluster, which calls the three after it
 * unless the site has none. */
void site_check_machines(struct site *site, struct site_findings *findings);
void site_check_links(const struct site *site, struct site_findings *findings);
void site_check_cluster(const struct site *site, struct site_findings *findings);
void site_check_nodes(const struct site *site, struct site_findings *findings);
void site_check_balancer(const struct site *site, struct site_findings *findings);
void site_check_storage(const struct site *site, struct site_findings *findings);

/* What it asks of the image store: site_examine() has the rules. */
void site_check_images(const struct site *site, const struct site_store *store,
		       struct site_findings *findings);

/* Does the site speak of its cluster at all?  If not, it may boot images without Kubernetes, and
 * what only Kubernetes would refuse is no more than a warning. */
bool site_cluster_meant(const struct site *site);

/* The first and last address that a prefix holds. */
uint32_t site_cidr_first(const struct net_cidr *cidr);
uint32_t site_cidr_last(const struct net_cidr *cidr);

/* Is there an address that both prefixes hold? */
bool site_cidr_overlap(const struct net_cidr *a, const struct net_cidr *b);

/* May a machine have it?  Not of multicast, «this network» or the loopback (RFC 6890, 2.2.2). */
bool site_may_be_host(uint32_t address);

/* Does DHCP give it to anybody?  Is it the router of its network?  That is the server's own, or one
 * behind a relay agent. */
bool site_is_pooled(const struct site *site, uint32_t address);
bool site_is_gateway(const struct site *site, uint32_t address);

/* An address that a machine has for itself: its own (`cidr` is it alone), or one of a link with
 * the link's network. */
struct site_claim {
	struct net_cidr cidr;
	size_t order;
	const struct site_machine *machine;
	const struct site_place *place;
};

/* All of them as they stand; fresh memory. */
struct site_claim *site_claims_new(const struct site *site, size_t *ret_count);

/* Its part for the networks behind relay agents. */
void site_check_networks(const struct site *site, struct site_findings *findings);

/* The profile or rack of that name, or NULL. */
const struct site_profile *site_profile_find(const struct site *site, const char *name);
const struct site_rack *site_rack_find(const struct site *site, const char *name);

#endif
