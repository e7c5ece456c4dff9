/*
 * The rules of the load balancer: what MetalLB would refuse, and addresses that would be given
 * twice.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"
#include "site/terms.h"

/* One item of a pool's addresses. */
struct part {
	uint32_t first, last;
	const struct site_pool *pool;
	const char *text;
	const struct site_place *place;
};

struct round {
	const struct site *site;
	struct site_findings *findings;
	const struct site_load_balancer *balancer;
	struct part *parts; /* by their first address once sorted */
	size_t nparts;
	bool *announced; /* by ordinal of the rack: a machine there has the role */
	size_t nroles; /* machines with the role */
};

static const struct site_place *
place_of(const struct round *r, const void *field)
{
	return site_marks_find(r->site->marks, field, &r->balancer->place);
}

static const char *
pool_name(const struct site_pool *pool)
{
	return pool->name ? pool->name : "";
}

static int
part_compare(const void *a, const void *b)
{
	const struct part *x = a, *y = b;

	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last < y->last ? -1 : x->last > y->last;
}

/* The part that holds the address, or NULL.  Only where parts overlap, which is told, may one be
 * missed. */
static const struct part *
part_find(const struct round *r, uint32_t address)
{
	size_t low = 0, high = r->nparts;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->parts[middle].first <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && r->parts[low - 1].last >= address ? &r->parts[low - 1] : NULL;
}

/* "10.9.0.200/28" is 10.9.0.192 to .207: mostly not what was meant. */
static void
check_prefix(struct round *r, const struct part *part)
{
	struct net_cidr cidr;
	char first[NET_IP4_TEXT], last[NET_IP4_TEXT];

	if (net_cidr_parse(&cidr, part->text) < 0 || cidr.address == part->first)
		return;
	net_ip4_format(first, part->first);
	net_ip4_format(last, part->last);
	site_find_warning(r->findings, part->place, "%s means %s-%s: say that, or a range",
			  part->text, first, last);
}

static void
collect(struct round *r)
{
	size_t room = 1;

	for (size_t i = 0; i < r->balancer->npools; i++)
		room += r->balancer->pools[i].addresses.count;
	r->parts = mem_new(room * sizeof(*r->parts));
	for (size_t i = 0; i < r->balancer->npools; i++) {
		const struct site_pool *pool = &r->balancer->pools[i];

		for (size_t j = 0; j < pool->addresses.count; j++) {
			struct part *part = &r->parts[r->nparts];

			part->pool = pool;
			part->text = pool->addresses.items[j];
			part->place = place_of(r, &pool->addresses.items[j]);
			if (term_pool_parse(&part->first, &part->last, part->text) < 0)
				continue;
			if (part->first > part->last) {
				site_find_error(r->findings, part->place,
						"the range ends before it begins");
				continue;
			}
			check_prefix(r, part);
			r->nparts++;
		}
	}
	if (r->nparts)
		qsort(r->parts, r->nparts, sizeof(*r->parts), part_compare);
}

static void
check_each_other(struct round *r)
{
	const struct part *widest = r->parts;

	for (size_t i = 1; i < r->nparts; i++) {
		const struct part *part = &r->parts[i];

		if (part->first <= widest->last)
			site_find_error(r->findings, part->place,
					"%s of pool \"%s\" overlaps with %s of pool \"%s\"",
					part->text, pool_name(part->pool), widest->text,
					pool_name(widest->pool));
		if (part->last > widest->last)
			widest = part;
	}
}

static bool
meets(const struct part *part, uint32_t first, uint32_t last)
{
	return first && part->first <= last && first <= part->last;
}

static void
tell_overlap(struct round *r, const struct part *part, const char *what)
{
	site_find_error(r->findings, part->place,
			"%s of pool \"%s\" overlaps with %s: each address has one giver",
			part->text, pool_name(part->pool), what);
}

/* Ranges that are given away otherwise: true when it lies in none. */
static bool
check_ranges(struct round *r, const struct part *part)
{
	const struct site *site = r->site;
	const struct site_kubernetes *k = &site->kubernetes;
	const struct {
		uint32_t first, last;
		const char *what;
	} others[] = {
		{site->range_first, site->range_last, "the DHCP range"},
		{site_cidr_first(&k->pods), site_cidr_last(&k->pods), "pod-range"},
		{site_cidr_first(&k->services), site_cidr_last(&k->services), "service-range"},
		{0x7f000000, 0x7fffffff, "the loopback addresses"},
		{0xe0000000, 0xffffffff, "the multicast addresses"},
	};

	bool alone = true;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!meets(part, others[i].first, others[i].last))
			continue;
		tell_overlap(r, part, others[i].what);
		alone = false;
	}
	for (size_t i = 0; i < site->nnetworks; i++) {
		if (!meets(part, site->networks[i].range_first, site->networks[i].range_last))
			continue;
		tell_overlap(r, part, "a network's DHCP range");
		alone = false;
	}
	return alone;
}

/* The machines' network that the part touches, or NULL. */
static const struct net_cidr *
subnet_of(const struct round *r, const struct part *part)
{
	const struct site *site = r->site;

	if (meets(part, site_cidr_first(&site->address), site_cidr_last(&site->address)))
		return &site->address;
	for (size_t i = 0; i < site->nnetworks; i++)
		if (meets(part, site_cidr_first(&site->networks[i].subnet),
			  site_cidr_last(&site->networks[i].subnet)))
			return &site->networks[i].subnet;
	return NULL;
}

/* Where the pool lies, beside the machines' networks. */
static void
check_subnet(struct round *r, const struct part *part)
{
	const struct net_cidr *subnet = subnet_of(r, part);
	uint32_t first = subnet ? site_cidr_first(subnet) : 0;
	uint32_t last = subnet ? site_cidr_last(subnet) : 0;

	if (!r->site->address.address)
		return;
	if (r->balancer->announce == SITE_ANNOUNCE_BGP) {
		if (subnet)
			site_find_warning(
				r->findings, part->place,
				"%s lies in the machines' own subnet, where hosts ask ARP "
				"and no router: announce it by l2, or take other addresses",
				part->text);
		return;
	}
	if (part->first < first || part->last > last)
		site_find_warning(r->findings, part->place,
				  "%s is not within the machines' subnet, so nobody there will ask "
				  "ARP for it: announce it by bgp, or take addresses of the subnet",
				  part->text);
	else if (part->first == first || part->last == last)
		site_find_error(r->findings, part->place,
				"%s holds the subnet's first or last address, which no service can "
				"have",
				part->text);
}

static void
check_holds(struct round *r, uint32_t address, const char *whose, const struct site_place *place)
{
	const struct part *part = address ? part_find(r, address) : NULL;
	char text[NET_IP4_TEXT];

	if (!part)
		return;
	net_ip4_format(text, address);
	site_find_error(r->findings, place ? place : part->place,
			"pool \"%s\" holds %s, %s: a service could be given it",
			pool_name(part->pool), text, whose);
}

/* Addresses that somebody has. */
static void
check_taken(struct round *r)
{
	const struct site *site = r->site;
	size_t nclaims;
	struct site_claim *claims = site_claims_new(site, &nclaims);
	uint32_t address;

	check_holds(r, site->address.address, "the server's own address", NULL);
	if (site->gateway != site->address.address)
		check_holds(r, site->gateway, "the gateway's address", NULL);
	for (size_t i = 0; i < site->nnetworks; i++)
		check_holds(r, site->networks[i].gateway, "a network's gateway", NULL);
	for (size_t i = 0; i < site->dns.count; i++)
		if (net_ip4_parse(&address, site->dns.items[i]) == 0 &&
		    address != site->address.address && address != site->gateway)
			check_holds(r, address, "a name server's address", NULL);
	for (size_t i = 0; i < site->nracks; i++)
		if (site->racks[i].router.address != site->gateway)
			check_holds(r, site->racks[i].router.address, "a router's address",
				    place_of(r, &site->racks[i].router.address));
	for (size_t i = 0; i < nclaims; i++)
		check_holds(r, claims[i].cidr.address, "this machine's address", claims[i].place);
	free(claims);
}

/* Which racks have machines that announce. */
static void
find_announcers(struct round *r)
{
	const struct site *site = r->site;

	r->announced = mem_new(site->nracks + 1);
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];
		const struct site_rack *rack;

		if (!(site_machine_roles(site, machine) & SITE_ROLE_LOAD_BALANCER))
			continue;
		r->nroles++;
		rack = site_rack_find(site, machine->rack);
		if (rack)
			r->announced[rack - site->racks] = true;
		if (r->balancer->announce == SITE_ANNOUNCE_BGP && r->balancer->npools &&
		    !(rack && rack->router.address) && !(machine->rack && !rack))
			site_find_warning(
				r->findings,
				site_marks_find(site->marks, &machine->rack, &machine->place),
				"this machine announces nothing: %s",
				rack ? "its rack has no router" : "it is in no rack with a router");
	}
}

static void
check_pool_racks(struct round *r, const struct site_pool *pool)
{
	for (size_t i = 0; i < pool->racks.count; i++) {
		const char *name = pool->racks.items[i];
		const struct site_place *place = place_of(r, &pool->racks.items[i]);
		const struct site_rack *rack = site_rack_find(r->site, name);

		if (!rack)
			site_find_error(r->findings, place,
					"there is no rack \"%s\": add it under racks", name);
		else if (r->balancer->announce == SITE_ANNOUNCE_BGP && !rack->router.address &&
			 !site_marks_has(r->site->marks, &rack->router.address))
			site_find_error(r->findings, place,
					"rack \"%s\" has no router to announce the pool to", name);
		else if (r->site->nmachines && !r->announced[rack - r->site->racks])
			site_find_warning(r->findings, place, "no machine of rack \"%s\" announces",
					  name);
	}
}

static void
check_pool(struct round *r, const struct site_pool *pool)
{
	for (const struct site_pool *p = r->balancer->pools; pool->name && p < pool; p++)
		if (str_eq(p->name, pool->name)) {
			site_find_error(r->findings, place_of(r, &pool->name),
					"a pool \"%s\" is there already, in line %d", pool->name,
					p->place.line);
			break;
		}
	check_pool_racks(r, pool);
}

/* MetalLB announces no more than a whole block: the shortest prefix that is within the part must
 * not be longer than what is announced. */
static void
check_aggregation(struct round *r, const struct part *part)
{
	int64_t length = r->balancer->aggregation;
	int prefix = 32;

	for (uint64_t at = part->first; at <= part->last;) {
		int bits = 0;

		while (bits < 32 && !(at & (UINT64_C(1) << bits)) &&
		       at + (UINT64_C(2) << bits) - 1 <= part->last)
			bits++;
		prefix = 32 - bits < prefix ? 32 - bits : prefix;
		at += UINT64_C(1) << bits;
	}
	if (length < prefix)
		site_find_error(r->findings, place_of(r, &r->balancer->aggregation),
				"aggregation %d is shorter than %s of pool \"%s\", whose largest "
				"block is a /%d: others' addresses would be announced too",
				(int)length, part->text, pool_name(part->pool), prefix);
}

/* One router cannot be spoken to in two ways. */
static void
check_routers(struct round *r)
{
	const struct site *site = r->site;

	for (size_t i = 0; i < site->nracks; i++) {
		const struct site_router *a = &site->racks[i].router;

		for (size_t j = 0; a->address && j < i; j++) {
			const struct site_router *b = &site->racks[j].router;

			if (a->address != b->address)
				continue;
			if (a->asn != b->asn || a->multihop != b->multihop ||
			    !str_eq(a->password, b->password))
				site_find_error(r->findings, place_of(r, &a->address),
						"rack \"%s\" has the same router with another asn, "
						"password or multihop: they are one router's",
						site->racks[j].name ? site->racks[j].name : "");
			break;
		}
		if (a->address && a->asn && !a->multihop && a->asn != r->balancer->asn &&
		    site->address.address && !net_cidr_holds(&site->address, a->address) &&
		    !site_network_of(site, a->address))
			site_find_warning(r->findings, place_of(r, &a->address),
					  "this router is not in the machines' subnet: it needs "
					  "multihop: true");
	}
}

static void
check_local_preference(struct round *r)
{
	const struct site *site = r->site;

	if (!r->balancer->local_preference)
		return;
	for (size_t i = 0; i < site->nracks; i++)
		if (site->racks[i].router.address && site->racks[i].router.asn == r->balancer->asn)
			return;
	site_find_warning(r->findings, place_of(r, &r->balancer->local_preference),
			  "local-preference is told to routers of the same AS alone, and there is "
			  "none");
}

static void
check_bgp(struct round *r)
{
	const struct site_list *communities = &r->balancer->communities;
	bool any = false;

	if (!r->balancer->asn && !site_marks_has(r->site->marks, &r->balancer->asn))
		site_find_error(r->findings, place_of(r, &r->balancer->announce),
				"announce: bgp needs asn, the nodes' AS number");
	for (size_t i = 0; i < r->site->nracks; i++)
		any |= r->site->racks[i].router.address ||
		       site_marks_has(r->site->marks, &r->site->racks[i].router.address);
	if (!any)
		site_find_error(r->findings, place_of(r, &r->balancer->announce),
				"announce: bgp needs a router: say {address, asn} of a rack's "
				"router");
	for (size_t i = 1; i < communities->count; i++)
		for (size_t j = 0; j < i; j++)
			if (str_eq(communities->items[i], communities->items[j]))
				site_find_error(r->findings, place_of(r, &communities->items[i]),
						"community %s is given twice",
						communities->items[i]);
	if (r->balancer->interfaces.count)
		site_find_warning(r->findings, place_of(r, &r->balancer->interfaces),
				  "interfaces are not used: they are for announce: l2");
	check_routers(r);
	check_local_preference(r);
	for (size_t i = 0; i < r->nparts; i++)
		check_aggregation(r, &r->parts[i]);
}

/* What is for BGP, and said of a site that does not use it. */
static void
check_l2(struct round *r)
{
	const struct site_load_balancer *b = r->balancer;
	const struct {
		const void *field;
		bool said;
		const char *what;
	} idle[] = {
		{&b->asn, b->asn != 0, "asn is"},
		{&b->communities, b->communities.count != 0, "communities are"},
		{&b->aggregation, b->aggregation != 32, "aggregation is"},
		{&b->local_preference, b->local_preference != 0, "local-preference is"},
	};

	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		if (idle[i].said)
			site_find_warning(r->findings, place_of(r, idle[i].field),
					  "%s not used: for announce: bgp", idle[i].what);
	for (size_t i = 0; i < r->site->nracks; i++)
		if (r->site->racks[i].router.address) {
			site_find_warning(r->findings,
					  place_of(r, &r->site->racks[i].router.address),
					  "the router is not used: say `load-balancer: {announce: "
					  "bgp}` to announce to it");
			return;
		}
}

static void
check_role(struct round *r)
{
	const struct site *site = r->site;

	if (!r->balancer->npools && site->roles_said & SITE_ROLE_LOAD_BALANCER) {
		for (size_t i = 0; i < site->nmachines; i++) {
			const struct site_machine *machine = &site->machines[i];

			if (!(machine->roles & SITE_ROLE_LOAD_BALANCER))
				continue;
			site_find_error(r->findings, place_of(r, &machine->roles),
					"the role load-balancer needs addresses: give `load-"
					"balancer: {pools: …}`");
			return;
		}
	}
	if (r->balancer->place.line && !r->balancer->npools &&
	    !site_marks_has(site->marks, &r->balancer->pools))
		site_find_warning(r->findings, &r->balancer->place,
				  "without pools no service gets an address");
	if (r->balancer->npools && site->nmachines && !r->nroles && !site->partial)
		site_find_warning(
			r->findings, &r->balancer->place,
			"no machine announces the pools: none is a worker or has the role "
			"load-balancer");
}

void
site_check_balancer(const struct site *site, struct site_findings *findings)
{
	struct round r = {.site = site, .findings = findings, .balancer = &site->load_balancer};

	find_announcers(&r);
	check_role(&r);
	collect(&r);
	check_each_other(&r);
	for (size_t i = 0; i < r.nparts; i++)
		if (check_ranges(&r, &r.parts[i]))
			check_subnet(&r, &r.parts[i]);
	check_taken(&r);
	for (size_t i = 0; i < r.balancer->npools; i++)
		check_pool(&r, &r.balancer->pools[i]);
	if (r.balancer->announce == SITE_ANNOUNCE_BGP)
		check_bgp(&r);
	else
		check_l2(&r);
	free(r.parts);
	free(r.announced);
}
