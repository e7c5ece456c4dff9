/*
 * The networks behind relay agents: each by itself, and beside the server's own and each other.
 */
#include "site/check.h"
#include "site/marks.h"
#include "site/site.h"

const struct site_network *
site_network_of(const struct site *site, uint32_t address)
{
	for (size_t i = 0; i < site->nnetworks; i++)
		if (net_cidr_holds(&site->networks[i].subnet, address))
			return &site->networks[i];
	return NULL;
}

bool
site_is_pooled(const struct site *site, uint32_t address)
{
	const struct site_network *n = site_network_of(site, address);

	if (site->dhcp != SITE_DHCP_AUTHORITATIVE && site->dhcp != SITE_DHCP_RELAY)
		return false;
	if (n)
		return n->range_first && n->range_first <= address && address <= n->range_last;
	return site->dhcp == SITE_DHCP_AUTHORITATIVE && site->range_first &&
	       site->range_first <= address && address <= site->range_last;
}

bool
site_is_gateway(const struct site *site, uint32_t address)
{
	const struct site_network *n = site_network_of(site, address);

	return address == (n ? n->gateway : site->gateway);
}

static const struct site_place *
place_of(const struct site *site, const void *field, const struct site_network *network)
{
	return site_marks_find(site->marks, field, &network->place);
}

static void
check_range(const struct site *site, const struct site_network *n, struct site_findings *findings)
{
	const struct site_place *place = place_of(site, &n->range_first, n);
	uint32_t mask = net_cidr_mask(&n->subnet);

	if (n->range_first > n->range_last)
		site_find_error(findings, place, "the range ends before it begins");
	else if (!net_cidr_holds(&n->subnet, n->range_first) ||
		 !net_cidr_holds(&n->subnet, n->range_last))
		site_find_error(findings, place, "the range is not within this network's subnet");
	else if (!(n->range_first & ~mask) || (n->range_last | mask) == UINT32_MAX)
		site_find_error(findings, place,
				"the range holds the subnet's first or last address, which no "
				"machine can have");
	else if (n->range_first <= n->gateway && n->gateway <= n->range_last)
		site_find_error(findings, place, "the range holds the gateway's address");
}

static void
check_subnet(const struct site *site, const struct site_network *n,
	     struct site_findings *findings)
{
	const struct site_place *place = place_of(site, &n->subnet, n);

	if (n->subnet.prefix > 30 || n->subnet.prefix < 8) {
		site_find_error(findings, place,
				"a subnet of length /%u cannot serve machines: from /8 to /30",
				n->subnet.prefix);
		return;
	}
	if (!site_may_be_host(n->subnet.address))
		site_find_error(findings, place, "no machine has an address of this network: give "
				"one from 1.0.0.0 to 223.255.255.255 and not of 127.0.0.0/8");
	if (site->address.address && site_cidr_overlap(&n->subnet, &site->address))
		site_find_error(findings, place, "this network and the server's own overlap");
	for (const struct site_network *other = site->networks; other < n; other++)
		if (other->subnet.address && site_cidr_overlap(&n->subnet, &other->subnet))
			site_find_error(findings, place, "this network and that in line %d overlap",
					other->place.line);
}

void
site_check_networks(const struct site *site, struct site_findings *findings)
{
	bool leases = site->dhcp == SITE_DHCP_AUTHORITATIVE || site->dhcp == SITE_DHCP_RELAY;

	if (site->dhcp == SITE_DHCP_RELAY && site->nnetworks == 0)
		site_find_error(findings, &site->dhcp_place,
				"mode relay needs networks: the subnets behind the relay agents");
	for (size_t i = 0; i < site->nnetworks; i++) {
		const struct site_network *n = &site->networks[i];

		if (!leases)
			site_find_warning(findings, &n->place, "this network is not used: in this "
					  "mode the server gives no addresses");
		if (!n->subnet.address)
			continue;
		check_subnet(site, n, findings);
		if (n->range_first)
			check_range(site, n, findings);
		if (!site_marks_has(site->marks, &n->gateway))
			site_find_warning(findings, &n->place,
					  "machines of this network are told no router: they will "
					  "not find the server, which is not in it");
		if (n->gateway && !net_cidr_holds(&n->subnet, n->gateway))
			site_find_error(findings, place_of(site, &n->gateway, n),
					"the gateway is not in this network's subnet");
	}
}
