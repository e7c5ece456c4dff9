/*
 * The rules of `network` and `user-data`: what systemd-networkd or cloud-init would only complain
 * of on the machine, when nobody can reach it any more.  Each list of links is looked at by itself,
 * whether the site, a profile or a machine says it; then the addresses of all machines together.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"
#include "site/yaml.h"

struct round {
	const struct site *site;
	struct site_findings *findings;
	const struct site_boot *boot;
	const struct site_machine *machine;	/* NULL: a profile's or the site's */
};

static const struct site_place *
place_of(const struct round *r, const void *field, const struct site_link *link)
{
	return site_marks_find(r->site->marks, field, &link->place);
}

/* Does the word stand for the card that the machine boots by? */
static bool
is_boot(const struct round *r, const char *text)
{
	if (strcmp(text, "boot") == 0)
		return true;
	for (size_t i = 0; r->machine && i < r->machine->macs.count; i++)
		if (str_eq(r->machine->macs.items[i], text))
			return true;
	return false;
}

/* The card that the machine boots by, as far as can be told: its only one. */
static const char *
boot_mac(const struct round *r)
{
	return r->machine && r->machine->macs.count == 1 ? r->machine->macs.items[0] : NULL;
}

/* Do both words stand for one card? */
static bool
is_same(const struct round *r, const char *one, const char *other)
{
	const char *mac = boot_mac(r);

	return str_eq(site_link_card(r->boot, one, mac), site_link_card(r->boot, other, mac));
}

/* A card by its MAC address is one machine's, and no other's. */
static void
check_mac(const struct round *r, const struct site_place *place, const char *text)
{
	const struct site_machine *owner;

	if (!net_is_mac(text))
		return;
	owner = site_find(r->site, text, NULL, NULL);
	if (!r->machine)
		site_find_error(r->findings, place, "%s is one machine's card, and this is said "
				"for several: name it as the system does, or say this for the "
				"machine", text);
	else if (owner && owner != r->machine)
		site_find_error(r->findings, place, "%s is the card of %s", text,
				owner->name ? owner->name : "another machine");
}

/* What a bond or VLAN lies on: a link of the list, "boot" or a MAC. */
static const struct site_link *
check_below(const struct round *r, const struct site_place *place, const char *text)
{
	const struct site_link *below = site_link_find(r->boot, text);

	if (!below && strcmp(text, "boot") != 0 && !net_is_mac(text))
		site_find_error(r->findings, place, "no NIC \"%s\" is known here: name it in this "
				"list, as {name: %s, nic: %s}", text, text, text);
	check_mac(r, place, text);
	return below;
}

static void
check_member(const struct round *r, const struct site_link *bond, const char *const *member)
{
	const struct site_place *place = place_of(r, member, bond);
	const struct site_link *below = check_below(r, place, *member);

	for (const struct site_link *other = r->boot->links; other <= bond; other++)
		for (size_t i = 0; i < other->bond.count; i++) {
			const char *const *item = (const char *const *)&other->bond.items[i];

			if (item == member)
				break;
			if (is_same(r, *item, *member))
				site_find_error(r->findings, place, "%s is a member of %s already",
						*member, other->name ? other->name : "a bond");
		}
	if (!below)
		return;
	if (!below->nic)
		site_find_error(r->findings, place, "%s is no card, and a bond is made of cards",
				*member);
	else if (below->addresses.count || below->gateway || below->nroutes || below->mtu)
		site_find_error(r->findings, place, "%s has settings of its own, which a member of "
				"a bond cannot have: say them for the bond", *member);
}

static void
check_vlan(const struct round *r, const struct site_link *link)
{
	const struct site_place *place = place_of(r, &link->over, link);
	const struct site_link *below;

	if (!link->over) {
		if (!site_marks_has(r->site->marks, &link->over))
			site_find_error(r->findings, &link->place,
					"a VLAN needs to know what it lies on: say `over`");
		return;
	}
	below = check_below(r, place, link->over);
	for (const struct site_link *other = r->boot->links; other < link; other++)
		if (other->vlan == link->vlan && other->over && is_same(r, other->over, link->over))
			site_find_error(r->findings, place_of(r, &link->vlan, link),
					"VLAN %lld of %s is there already, in line %d",
					(long long)link->vlan, link->over, other->place.line);
	if (below && below->vlan)
		site_find_error(r->findings, place, "a VLAN lies on a card or a bond, and %s is a "
				"VLAN", link->over);
	else if (site_link_bond(r->boot, link->over, boot_mac(r)))
		site_find_error(r->findings, place, "%s is a member of a bond: the VLAN lies on "
				"the bond", link->over);
	else if (below && link->mtu && below->mtu && link->mtu > below->mtu)
		site_find_error(r->findings, place_of(r, &link->mtu, link),
				"a VLAN's packets fit into those of what it lies on: %s has %lld",
				link->over, (long long)below->mtu);
}

/* What systemd takes for no interface's name (ifname_valid_full() of its basic/socket-util.c), and
 * the loopback's. */
static bool
is_no_name(const char *name)
{
	return strcmp(name, "all") == 0 || strcmp(name, "default") == 0 ||
	       strcmp(name, "lo") == 0 || strchr(name, '%') ||
	       strspn(name, "0123456789") == strlen(name);
}

/* Each link is one of three things. */
static void
check_kind(const struct round *r, const struct site_link *link)
{
	struct site_marks *marks = r->site->marks;
	bool bond = site_marks_has(marks, &link->bond);
	int kinds = site_marks_has(marks, &link->nic) + bond + site_marks_has(marks, &link->vlan);

	if (kinds != 1)
		site_find_error(r->findings, &link->place, kinds ?
				"it is either a card (nic), a bond or a VLAN" :
				"say what it is: a card (nic), a bond of some cards (bond) or a "
				"VLAN (vlan)");
	if (link->name && strcmp(link->name, "boot") == 0)
		site_find_error(r->findings, place_of(r, &link->name, link),
				"\"boot\" stands for the card that the machine booted by: take "
				"another name");
	else if (link->name && !link->nic && is_no_name(link->name))
		site_find_error(r->findings, place_of(r, &link->name, link),
				"an interface cannot be called %s: take another name", link->name);
	if (!bond && site_marks_has(marks, &link->mode))
		site_find_error(r->findings, place_of(r, &link->mode, link),
				"mode is for bonds alone");
	if (!link->vlan && link->over && !site_marks_has(marks, &link->vlan))
		site_find_error(r->findings, place_of(r, &link->over, link),
				"over is for VLANs alone");
}

static void
check_twice(const struct round *r, const struct site_link *link)
{
	for (const struct site_link *other = r->boot->links; other < link; other++) {
		if (link->name && str_eq(other->name, link->name))
			site_find_error(r->findings, place_of(r, &link->name, link),
					"the name %s is there already, in line %d", link->name,
					other->place.line);
		if (link->nic && other->nic && is_same(r, other->nic, link->nic))
			site_find_error(r->findings, place_of(r, &link->nic, link),
					"the card %s is there already, in line %d", link->nic,
					other->place.line);
	}
}

/* A bond or VLAN of the list is no card, and has its settings where it is made. */
static void
check_card(const struct round *r, const struct site_link *link)
{
	for (size_t i = 0; i < r->boot->nlinks; i++) {
		const struct site_link *made = &r->boot->links[i];

		if (!made->nic && str_eq(made->name, link->nic))
			site_find_error(r->findings, place_of(r, &link->nic, link),
					"%s is no card, it is made in line %d: say its settings "
					"there", link->nic, made->place.line);
	}
}

/* Does the link carry a card that the machine may boot by? */
static bool
carries_boot(const struct round *r, const struct site_link *link)
{
	if (link->nic)
		return is_boot(r, link->nic);
	for (size_t i = 0; i < link->bond.count; i++)
		if (is_boot(r, link->bond.items[i]))
			return true;
	return false;
}

/* Is there a way to the router by one of the link's own networks? */
static bool
holds(const struct round *r, const struct site_link *link, uint32_t router)
{
	struct net_cidr cidr;

	if (carries_boot(r, link) && (net_cidr_holds(&r->site->address, router) ||
		      site_network_of(r->site, router)))
		return true;
	for (size_t i = 0; i < link->addresses.count; i++)
		if (net_cidr_parse(&cidr, link->addresses.items[i]) == 0 &&
		    net_cidr_holds(&cidr, router))
			return true;
	return false;
}

/* Is it an address of the link itself? */
static bool
is_own(const struct round *r, const struct site_link *link, uint32_t address)
{
	struct net_cidr cidr;

	for (size_t i = 0; i < link->addresses.count; i++)
		if (net_cidr_parse(&cidr, link->addresses.items[i]) == 0 &&
		    cidr.address == address)
			return true;
	return r->machine && r->machine->address == address;
}

/* `field` of the link, or of one of its routes, names this router. */
static void
check_router(const struct round *r, const struct site_link *link, const uint32_t *field)
{
	if (*field && !holds(r, link, *field))
		site_find_error(r->findings, place_of(r, field, link),
				"this router is in none of the link's networks");
	else if (*field && is_own(r, link, *field))
		site_find_error(r->findings, place_of(r, field, link),
				"this is the machine's own address: a router is another's");
}

/* The kernel takes one way to a network by a link. */
static void
check_route_twice(const struct round *r, const struct site_link *link, size_t which)
{
	const struct site_route *route = &link->routes[which];

	for (size_t i = 0; i < which; i++)
		if (route->to.prefix == link->routes[i].to.prefix &&
		    route->to.address == link->routes[i].to.address)
			site_find_error(r->findings, place_of(r, &route->to, link),
					"there is a route to this network already");
}

static void
check_routers(const struct round *r, const struct site_link *link)
{
	check_router(r, link, &link->gateway);
	for (const struct site_link *other = r->boot->links; other < link; other++)
		if (link->gateway && other->gateway)
			site_find_error(r->findings, place_of(r, &link->gateway, link),
					"a machine has one gateway: %s has one already",
					other->name ? other->name : "another link");
	for (size_t i = 0; i < link->nroutes; i++) {
		check_router(r, link, &link->routes[i].via);
		check_route_twice(r, link, i);
	}
}

static void
check_address(const struct round *r, const struct site_link *link, char *const *text)
{
	const struct site *site = r->site;
	const struct site_place *place = place_of(r, text, link);
	struct net_cidr cidr;
	uint32_t mask;

	if (net_cidr_parse(&cidr, *text) < 0)
		return;
	mask = net_cidr_mask(&cidr);
	if (!r->machine)
		site_find_error(r->findings, place, "all these machines would have the address %s: "
				"say it for the machine", *text);
	else if (cidr.prefix < 31 && ((cidr.address & ~mask) == 0 ||
				      (cidr.address | mask) == UINT32_MAX))
		site_find_error(r->findings, place, "%s is the first or last address of its "
				"network, which no machine can have", *text);
	else if (cidr.address == site->address.address)
		site_find_error(r->findings, place, "%s is the server's own address", *text);
	else if (!site_may_be_host(cidr.address))
		site_find_error(r->findings, place, "%s is no machine's address: they go from "
				"1.0.0.0 to 223.255.255.255, without 127", *text);
	else if (site_is_gateway(site, cidr.address))
		site_find_error(r->findings, place, "%s is the gateway's address", *text);
	else if (site_is_pooled(site, cidr.address))
		site_find_error(r->findings, place, "%s is inside the pool: take one outside of "
				"its `range`", *text);
}

/* The network that the machine boots in; NULL where its address does not tell. */
static const struct net_cidr *
boot_network(const struct round *r)
{
	uint32_t address = r->machine->address;
	const struct site_network *network = site_network_of(r->site, address);

	if (network)
		return &network->subnet;
	if (address ? !net_cidr_holds(&r->site->address, address) : r->site->nnetworks > 0)
		return NULL;
	return &r->site->address;
}

/* The address that the link has in this network, or NULL.  One by itself (/32) leads nowhere. */
static const char *
address_within(const struct site_link *link, const struct net_cidr *network)
{
	struct net_cidr cidr;

	for (size_t i = 0; i < link->addresses.count; i++)
		if (net_cidr_parse(&cidr, link->addresses.items[i]) == 0 && cidr.prefix < 32 &&
		    cidr.address != network->address && site_cidr_overlap(&cidr, network))
			return link->addresses.items[i];
	return NULL;
}

/* Two links in one network: systemd-networkd sets both up, and the kernel sends all that is for the
 * network by one of them, whichever address it is from. */
static void
check_shared(const struct round *r, const struct site_link *link, char *const *text)
{
	const struct site_place *place = place_of(r, text, link);
	const struct net_cidr *boot = boot_network(r);
	struct net_cidr cidr;

	if (net_cidr_parse(&cidr, *text) < 0 || cidr.prefix == 32)
		return;
	if (boot && !carries_boot(r, link) && site_cidr_overlap(&cidr, boot))
		site_find_warning(r->findings, place, "%s lies in the network that the machine "
				  "boots in, by another card: Linux would use one of the two cards "
				  "alone; take another network, or make a bond of them", *text);
	for (const struct site_link *other = r->boot->links; other < link; other++)
		if (address_within(other, &cidr))
			site_find_warning(r->findings, place, "%s and %s of line %d are in one "
					  "network, by two links: Linux would use one of the two "
					  "alone; take another network, or make a bond", *text,
					  address_within(other, &cidr), other->place.line);
}

static void
check_list(const struct round *r)
{
	for (size_t i = 0; i < r->boot->nlinks; i++) {
		const struct site_link *link = &r->boot->links[i];

		check_kind(r, link);
		check_twice(r, link);
		if (link->nic) {
			check_mac(r, place_of(r, &link->nic, link), link->nic);
			check_card(r, link);
		}
		for (size_t j = 0; j < link->bond.count; j++)
			check_member(r, link, (const char *const *)&link->bond.items[j]);
		if (link->vlan)
			check_vlan(r, link);
		check_routers(r, link);
		for (size_t j = 0; j < link->addresses.count; j++) {
			check_address(r, link, &link->addresses.items[j]);
			if (r->machine)
				check_shared(r, link, &link->addresses.items[j]);
		}
	}
}

/* What says that it is YAML is YAML; cloud-init would pass all of it over. */
static void
check_user_data(const struct round *r)
{
	const char *text = r->boot->user_data;
	struct site_source source = { "user-data", text, text ? strlen(text) : 0 };
	struct site_findings found = { 0 };
	struct fy_node *root;
	struct yaml *yaml;

	if (!text || !str_starts(text, "#cloud-config\n"))
		return;
	yaml = yaml_open(&source, 0, &found);
	root = yaml_root(yaml);
	if (found.count)
		site_find_error(r->findings, site_marks_find(r->site->marks, &r->boot->user_data,
							     NULL),
				"line %d of it is %s", found.items[0].line, found.items[0].text);
	else if (!yaml || (root && !fy_node_is_mapping(root)))
		site_find_error(r->findings, site_marks_find(r->site->marks, &r->boot->user_data,
							     NULL),
				"a #cloud-config is a mapping of keys and values");
	yaml_close(yaml);
	site_findings_fini(&found);
}

static size_t
claims_of(const struct site *site, const struct site_machine *machine, struct site_claim *ret)
{
	struct net_cidr cidr = {machine->address, 32};
	size_t count = 0;

	if (machine->address && ret)
		ret[count] = (struct site_claim){ .cidr = cidr, .machine = machine,
			.place = site_marks_find(site->marks, &machine->address, &machine->place) };
	count += machine->address != 0;
	for (size_t i = 0; i < machine->boot.nlinks; i++) {
		const struct site_link *link = &machine->boot.links[i];

		for (size_t j = 0; j < link->addresses.count; j++) {
			if (net_cidr_parse(&cidr, link->addresses.items[j]) < 0)
				continue;
			if (ret)
				ret[count] = (struct site_claim){ .cidr = cidr, .machine = machine,
					.place = site_marks_find(site->marks,
								 &link->addresses.items[j],
								 &link->place) };
			count++;
		}
	}
	return count;
}

struct site_claim *
site_claims_new(const struct site *site, size_t *ret_count)
{
	size_t count = 0, room = 0;
	struct site_claim *claims;

	for (size_t i = 0; i < site->nmachines; i++)
		room += claims_of(site, &site->machines[i], NULL);
	claims = mem_new((room + 1) * sizeof(*claims));
	for (size_t i = 0; i < site->nmachines; i++)
		count += claims_of(site, &site->machines[i], claims + count);
	for (size_t i = 0; i < count; i++)
		claims[i].order = i;
	*ret_count = count;
	return claims;
}

static int
claim_compare(const void *a, const void *b)
{
	const struct site_claim *x = a, *y = b;

	if (x->cidr.address != y->cidr.address)
		return x->cidr.address < y->cidr.address ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

/* No address is had twice.  Two reservations of the same are told in machines.c. */
static void
check_claims(const struct site *site, struct site_findings *findings)
{
	size_t count;
	struct site_claim *claims = site_claims_new(site, &count);
	char text[NET_IP4_TEXT];

	qsort(claims, count, sizeof(*claims), claim_compare);
	for (size_t i = 1; i < count; i++) {
		const struct site_claim *one = &claims[i], *other = &claims[i - 1];

		if (one->cidr.address != other->cidr.address ||
		    (one->machine != other->machine && !one->machine->boot.nlinks &&
		     !other->machine->boot.nlinks))
			continue;
		net_ip4_format(text, one->cidr.address);
		site_find_error(findings, one->place, "the address %s is already that of %s (line "
				"%d)", text, other->machine == one->machine ? "this machine" :
				other->machine->name ? other->machine->name : "a machine",
				other->place->line);
	}
	free(claims);
}

static void
check_boot(const struct site *site, const struct site_boot *boot,
	   const struct site_machine *machine, struct site_findings *findings)
{
	const struct round r = { site, findings, boot, machine };

	check_list(&r);
	check_user_data(&r);
}

void
site_check_links(const struct site *site, struct site_findings *findings)
{
	check_boot(site, &site->boot, NULL, findings);
	for (size_t i = 0; i < site->nprofiles; i++)
		check_boot(site, &site->profiles[i].boot, NULL, findings);
	for (size_t i = 0; i < site->nmachines; i++)
		check_boot(site, &site->machines[i].boot, &site->machines[i], findings);
	check_claims(site, findings);
}
