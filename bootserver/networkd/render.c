/*
 * A machine's network as systemd-networkd reads it.  The files' numbers go before 50-boot.network,
 * which the root writes for a card that nothing is said of.
 *
 * The address that the machine booted with is not lost when its card goes into a bond: the bond has
 * the card's MAC address, which is all that the DHCP server knows a machine by, and asks for the
 * same address at once.
 */
#include "networkd/networkd.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

struct round {
	const struct networkd_ask *ask;
	networkd_take *take;
	void *user;
};

static void
give(const struct round *r, const struct site_link *link, const char *end, struct buf *text)
{
	char *name = str_format("30-%s%s", link->name, end);

	r->take(r->user, name, text->text);
	free(name);
	buf_fini(text);
}

static const char *
card(const struct round *r, const char *text)
{
	return site_link_card(r->ask->boot, text, r->ask->mac);
}

static bool
is_boot(const struct round *r, const char *text)
{
	return str_eq(card(r, text), r->ask->mac);
}

/* Does the link carry the card that the machine booted by? */
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

/* Only what is a card itself: bonds and VLANs have their cards' addresses. */
static void
match_card(struct buf *text, const char *name, const char *key)
{
	buf_text(text, "[Match]\n");
	if (net_is_mac(name))
		buf_format(text, "%s=%s\nKind=!*\n", key, name);
	else
		buf_format(text, "Name=%s\n", name);
}

static void
add_link(struct buf *text, int64_t mtu)
{
	buf_text(text, "\n[Link]\nRequiredForOnline=no\n");
	if (mtu)
		buf_format(text, "MTUBytes=%lld\n", (long long)mtu);
}

/* Is it what the VLAN lies on? */
static bool
below(const struct round *r, const struct site_link *link, const struct site_link *vlan)
{
	if (!vlan->vlan || !vlan->over)
		return false;
	if (str_eq(vlan->over, link->name))
		return true;
	return link->nic && str_eq(card(r, vlan->over), card(r, link->nic));
}

static void
add_vlans(const struct round *r, struct buf *text, const struct site_link *link)
{
	for (size_t i = 0; i < r->ask->boot->nlinks; i++)
		if (below(r, link, &r->ask->boot->links[i]))
			buf_format(text, "VLAN=%s\n", r->ask->boot->links[i].name);
}

static void
add_routes(struct buf *text, const struct site_link *link)
{
	char ip[NET_IP4_TEXT];

	for (size_t i = 0; i < link->nroutes; i++) {
		net_ip4_format(ip, link->routes[i].to.address);
		buf_format(text, "\n[Route]\nDestination=%s/%u\n", ip, link->routes[i].to.prefix);
		net_ip4_format(ip, link->routes[i].via);
		buf_format(text, "Gateway=%s\n", ip);
	}
}

/* [Network] and what follows: addresses, VLANs, routes; for the boot card's link its lease. */
static void
add_network(const struct round *r, struct buf *text, const struct site_link *link)
{
	bool boot = carries_boot(r, link);
	char ip[NET_IP4_TEXT];

	buf_format(text, "\n[Network]\nLLDP=no\nDHCP=%s\n", boot ? "ipv4" : "no");
	if (boot)
		buf_text(text, "KeepConfiguration=yes\n");
	for (size_t i = 0; i < link->addresses.count; i++)
		buf_format(text, "Address=%s\n", link->addresses.items[i]);
	if (link->gateway) {
		net_ip4_format(ip, link->gateway);
		buf_format(text, "Gateway=%s\n", ip);
	}
	add_vlans(r, text, link);
	if (boot)
		buf_text(text, "\n[DHCPv4]\nClientIdentifier=mac\nUseHostname=no\nUseDNS=no\n"
			       "UseNTP=no\n");
	if (boot && link->gateway)
		buf_text(text, "UseGateway=no\n");
	if (boot && link->bond.count && r->ask->ip[0])
		buf_format(text, "RequestAddress=%s\n", r->ask->ip);
	add_routes(text, link);
}

static void
give_member(const struct round *r, const struct site_link *bond, const char *member)
{
	char *end = str_format(".%s.network", member);
	struct buf text;

	for (char *c = end; *c; c++)
		if (*c == ':')
			*c = '-';
	buf_init(&text);
	/* a member takes the bond's address: only its permanent one tells it */
	match_card(&text, card(r, member), "PermanentMACAddress");
	add_link(&text, 0);
	buf_format(&text, "\n[Network]\nLLDP=no\nBond=%s\n", bond->name);
	give(r, bond, end, &text);
	free(end);
}

static void
give_bond(const struct round *r, const struct site_link *link)
{
	static const char *const modes[] = { "802.3ad", "active-backup", "balance-xor" };
	struct buf text;

	buf_init(&text);
	buf_format(&text, "[NetDev]\nName=%s\nKind=bond\n", link->name);
	if (carries_boot(r, link))
		buf_format(&text, "MACAddress=%s\n", r->ask->mac);
	buf_format(&text, "\n[Bond]\nMode=%s\nMIIMonitorSec=100ms\n", modes[link->mode]);
	if (link->mode == SITE_BOND_LACP)
		buf_text(&text, "LACPTransmitRate=fast\n");
	if (link->mode != SITE_BOND_BACKUP)
		buf_text(&text, "TransmitHashPolicy=layer3+4\n");
	give(r, link, ".netdev", &text);
	for (size_t i = 0; i < link->bond.count; i++)
		give_member(r, link, link->bond.items[i]);
}

static void
give_vlan(const struct round *r, const struct site_link *link)
{
	struct buf text;

	buf_init(&text);
	buf_format(&text, "[NetDev]\nName=%s\nKind=vlan\n\n[VLAN]\nId=%lld\n", link->name,
		   (long long)link->vlan);
	give(r, link, ".netdev", &text);
}

static void
give_network(const struct round *r, const struct site_link *link)
{
	struct buf text;

	buf_init(&text);
	if (link->nic)
		match_card(&text, card(r, link->nic), "MACAddress");
	else
		buf_format(&text, "[Match]\nName=%s\n", link->name);
	add_link(&text, link->mtu);
	add_network(r, &text, link);
	give(r, link, ".network", &text);
}

/* A VLAN may lie on a card that has no line of its own in the list. */
static void
give_bare_card(const struct round *r, const struct site_link *vlan)
{
	struct site_link bare = { .name = vlan->over, .nic = vlan->over };
	char name[NET_MAC_TEXT];

	if (site_link_find(r->ask->boot, vlan->over))
		return;
	for (const struct site_link *other = r->ask->boot->links; other < vlan; other++)
		if (other->vlan && str_eq(other->over, vlan->over))
			return;		/* told already */
	str_copy(name, sizeof(name), vlan->over);
	for (char *c = name; *c; c++)
		if (*c == ':')
			*c = '-';
	bare.name = name;
	give_network(r, &bare);
}

void
networkd_render(const struct networkd_ask *ask, networkd_take *take, void *user)
{
	const struct round r = { ask, take, user };

	for (size_t i = 0; i < ask->boot->nlinks; i++) {
		const struct site_link *link = &ask->boot->links[i];

		if (link->bond.count)
			give_bond(&r, link);
		if (link->vlan)
			give_vlan(&r, link);
		if (link->vlan && link->over)
			give_bare_card(&r, link);
		if (!link->nic || !site_link_bond(ask->boot, link->nic, ask->mac))
			give_network(&r, link);
	}
}
