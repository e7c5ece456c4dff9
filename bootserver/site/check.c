/*
 * The rules between things: what can only be seen with the whole site in hand.  The schema has had
 * its say already; what was at fault there is missing here and passed over.
 */
#include "site/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/marks.h"

static const struct site_place *
place_of(const struct site *site, const void *field)
{
	static const struct site_place whole = { .file = 0, .line = 1, .column = 1 };

	return site_marks_find(site->marks, field, &whole);
}

const struct site_profile *
site_profile_find(const struct site *site, const char *name)
{
	for (size_t i = 0; name && i < site->nprofiles; i++)
		if (str_eq(site->profiles[i].name, name))
			return &site->profiles[i];
	return NULL;
}

const struct site_rack *
site_rack_find(const struct site *site, const char *name)
{
	for (size_t i = 0; name && i < site->nracks; i++)
		if (str_eq(site->racks[i].name, name))
			return &site->racks[i];
	return NULL;
}

uint32_t
site_cidr_first(const struct net_cidr *cidr)
{
	return cidr->address & net_cidr_mask(cidr);
}

uint32_t
site_cidr_last(const struct net_cidr *cidr)
{
	return cidr->address | ~net_cidr_mask(cidr);
}

bool
site_cidr_overlap(const struct net_cidr *a, const struct net_cidr *b)
{
	return net_cidr_holds(a->prefix < b->prefix ? a : b,
			      a->prefix < b->prefix ? b->address : a->address);
}

enum { DNS_PORT = 53 };

bool
site_may_be_host(uint32_t address)
{
	return net_ip4_is_host(address) && address >> 24 != 127;
}

static void
check_server(const struct site *site, struct site_findings *findings)
{
	const struct site_place *place = place_of(site, &site->address);
	const void *port = &site->https_port;

	if (!site_marks_has(site->marks, port))
		port = &site->http_port;
	if (site->http_port == site->https_port)
		site_find_error(findings, place_of(site, port),
				"http-port and https-port are both %u: they need ports of their "
				"own",
				site->http_port);
	if (site->http_port == DNS_PORT || site->https_port == DNS_PORT)
		site_find_error(findings, place_of(site, site->http_port == DNS_PORT ?
						   &site->http_port : &site->https_port),
				"port %d is that of DNS, which is served there too", DNS_PORT);
	if (!site->address.address)
		return;
	if (site->address.prefix > 30 || site->address.prefix < 8)
		site_find_error(findings, place,
				"a subnet of length /%u cannot serve machines: from /8 to /30",
				site->address.prefix);
	else if (!site_may_be_host(site->address.address))
		site_find_error(findings, place, "this is no machine's address: give the server's "
				"own, from 1.0.0.0 to 223.255.255.255 and not of 127.0.0.0/8");
	else if (site->address.address == site_cidr_first(&site->address))
		site_find_error(findings, place,
				"this is the address of the subnet itself: give the server's own, "
				"as its first host");
	else if (site->address.address == site_cidr_last(&site->address))
		site_find_error(findings, place, "this is the subnet's broadcast address: give the "
				"server's own");
}

static void
check_range(const struct site *site, struct site_findings *findings)
{
	const struct site_place *place = place_of(site, &site->range_first);
	char server[NET_IP4_TEXT];

	net_ip4_format(server, site->address.address);
	if (site->dhcp == SITE_DHCP_PROXY || site->dhcp == SITE_DHCP_NONE) {
		site_find_warning(findings, place,
				  "range is not used: in this mode the server gives no addresses");
		return;
	}
	if (site->range_first > site->range_last) {
		site_find_error(findings, place, "the range ends before it begins");
		return;
	}
	if (!site->address.address)
		return;
	if (site->range_first <= site->address.address && site->address.address <= site->range_last)
		site_find_error(findings, place, "the range holds the server's own address %s",
				server);
	if (site->dhcp == SITE_DHCP_RELAY)
		return;
	if (!net_cidr_holds(&site->address, site->range_first) ||
	    !net_cidr_holds(&site->address, site->range_last))
		site_find_error(findings, place,
				"the range is not within the server's subnet %s/%u", server,
				site->address.prefix);
	else if (site->range_first == site_cidr_first(&site->address) ||
		 site->range_last == site_cidr_last(&site->address))
		site_find_error(findings, place,
				"the range holds the subnet's first or last address, which no "
				"machine can have");
	if (site->gateway && site->range_first <= site->gateway &&
	    site->gateway <= site->range_last)
		site_find_error(findings, place, "the range holds the gateway's address");
}

/* Are there addresses for all? */
static void
check_room(const struct site *site, struct site_findings *findings)
{
	uint64_t pool = (uint64_t)site->range_last - site->range_first + 1;
	size_t without = 0;

	if (site->dhcp != SITE_DHCP_AUTHORITATIVE || site->range_first > site->range_last)
		return;
	for (size_t i = 0; i < site->nmachines; i++)
		without += site->machines[i].address == 0 &&
			   !site_marks_has(site->marks, &site->machines[i].address);
	if (site->range_first && without > pool)
		site_find_warning(findings, place_of(site, &site->range_first),
				  "%zu machines without an address of their own share a pool of "
				  "%llu: make the range larger",
				  without, (unsigned long long)pool);
	if (without && !site_marks_has(site->marks, &site->range_first))
		site_find_warning(findings, &site->dhcp_place,
				  "some machines have no address of their own and there is no "
				  "pool: give a range");
}

static void
check_dhcp(const struct site *site, struct site_findings *findings)
{
	const struct site_place *place = place_of(site, &site->gateway);

	if (site->range_first)
		check_range(site, findings);
	check_room(site, findings);
	if (!site->gateway || !site->address.address || site->dhcp == SITE_DHCP_RELAY)
		return;
	if (!net_cidr_holds(&site->address, site->gateway))
		site_find_error(findings, place, "the gateway is not in the server's subnet");
	else if (site->gateway == site_cidr_first(&site->address) ||
		 site->gateway == site_cidr_last(&site->address))
		site_find_error(findings, place, "the gateway cannot be the subnet's first or last "
				"address");
}

static void
check_dns(const struct site *site, struct site_findings *findings)
{
	const struct site_list *list = &site->services.forward;
	char server[NET_IP4_TEXT];

	net_ip4_format(server, site->address.address);
	for (size_t i = 0; i < list->count; i++)
		if (str_eq(list->items[i], server))
			site_find_error(findings, place_of(site, &list->items[i]),
					"the server would ask itself: name another name server, or "
					"leave this out");
}

/* Two of the same name, in the order they stand.  Racks and profiles are few. */
static void
check_names(const struct site *site, struct site_findings *findings)
{
	for (size_t i = 0; i < site->nracks; i++) {
		const struct site_rack *rack = &site->racks[i];

		if (rack->name && site_rack_find(site, rack->name) != rack)
			site_find_error(findings, place_of(site, &rack->name),
					"a rack \"%s\" is there already, in line %d",
					rack->name, site_rack_find(site, rack->name)->place.line);
	}
	for (size_t i = 0; i < site->nprofiles; i++) {
		const struct site_profile *profile = &site->profiles[i];

		if (profile->name && site_profile_find(site, profile->name) != profile)
			site_find_error(findings, place_of(site, &profile->name),
					"a profile \"%s\" is there already, in line %d",
					profile->name,
					site_profile_find(site, profile->name)->place.line);
	}
}

static bool
pairs_hold(const struct site_pair *pairs, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(pairs[i].key, key) == 0)
			return true;
	return false;
}

/* Has any machine or rack that label? */
static bool
is_label(const struct site *site, const char *key)
{
	for (size_t i = 0; i < site->nracks; i++)
		if (pairs_hold(site->racks[i].labels, site->racks[i].nlabels, key))
			return true;
	for (size_t i = 0; i < site->nmachines; i++)
		if (pairs_hold(site->machines[i].labels, site->machines[i].nlabels, key))
			return true;
	return false;
}

/* What a rule may ask beside labels (plan/plan.c), and its words where these are few. */
static const struct fact {
	const char *key, *words[2];
} facts[] = {
	{ "arch", { "amd64", "arm64" } }, { "platform", { "efi", "pcbios" } },
	{ "known", { "true", "false" } }, { "manufacturer" }, { "product" }, { "rack" }, { NULL },
};

/* Can any machine be what the rule asks? */
static void
check_match(const struct site *site, const struct site_pair *match, struct site_findings *findings)
{
	const struct site_place *place = place_of(site, &match->key);
	const struct fact *fact = facts;

	if (site->partial || is_label(site, match->key))
		return;
	while (fact->key && !str_eq(fact->key, match->key))
		fact++;
	if (!fact->key)
		site_find_warning(findings, place, "no machine and no rack has a label \"%s\", so "
				  "this rule never fits", match->key);
	else if (fact->words[0] && !str_eq(match->value, fact->words[0]) &&
		 !str_eq(match->value, fact->words[1]))
		site_find_warning(findings, place, "%s is %s or %s, not \"%s\": this rule never "
				  "fits", fact->key, fact->words[0], fact->words[1], match->value);
	else if (str_eq(fact->key, "rack") && !site_rack_find(site, match->value))
		site_find_warning(findings, place, "there is no rack \"%s\", so this rule never "
				  "fits", match->value);
}

static void
check_rules(const struct site *site, struct site_findings *findings)
{
	const struct site_rule *all = NULL;

	for (size_t i = 0; i < site->nrules; i++) {
		const struct site_rule *rule = &site->rules[i];

		if (rule->profile && !site_profile_find(site, rule->profile))
			site_find_error(findings, place_of(site, &rule->profile),
					"there is no profile \"%s\": add it under profiles",
					rule->profile);
		if (!rule->profile && !rule->approve)
			site_find_warning(findings, &rule->place,
					  "this rule does nothing: give it a profile or approve: "
					  "true");
		if (all)
			site_find_warning(findings, &rule->place,
					  "this rule is never reached: the one in line %d fits "
					  "every machine",
					  all->place.line);
		if (!rule->nmatch && !all)
			all = rule;
		for (size_t j = 0; j < rule->nmatch; j++)
			check_match(site, &rule->match[j], findings);
	}
}

void
site_check(struct site *site, struct site_findings *findings)
{
	check_server(site, findings);
	check_dhcp(site, findings);
	check_dns(site, findings);
	site_check_networks(site, findings);
	check_names(site, findings);
	check_rules(site, findings);
	site_check_machines(site, findings);
	site_check_links(site, findings);
	site_check_cluster(site, findings);
}
