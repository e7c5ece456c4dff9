/*
 * The site's names as hosts(5) has them, for dnsmasq's --addn-hosts.  Where dnsmasq leases it knows
 * a leased address by the lease and its reservation's name; everything else is told here: reserved
 * addresses, what machines were seen with where another server leases, and the control plane.
 */
#include "dnsmasq/dnsmasq.h"
#include "lib/net.h"
#include "lib/str.h"

static bool
knows_leases(const struct site *site)
{
	return site->dhcp == SITE_DHCP_AUTHORITATIVE || site->dhcp == SITE_DHCP_RELAY;
}

static void
add(struct buf *text, uint32_t address, const char *name, const char *domain)
{
	char ip[NET_IP4_TEXT];

	net_ip4_format(ip, address);
	buf_format(text, "%s %s.%s %s\n", ip, name, domain, name);
}

/* The API server's name, one line an address of the control plane; behind the machines' own names,
 * because dnsmasq gives the first name of an address when it is asked for that address. */
static void
add_api(struct buf *text, const struct site *site, const struct dnsmasq_name *names,
	size_t count)
{
	const struct site_kubernetes *kubernetes = &site->kubernetes;
	const char *label = kubernetes->endpoint != NULL ? kubernetes->endpoint : "api";

	if (kubernetes->place.line != 0 && !kubernetes->enabled)
		return;
	for (size_t i = 0; i < count; i++)
		if (names[i].api && names[i].address != 0)
			add(text, names[i].address, label, site->domain);
}

char *
dnsmasq_names(const struct site *site, const struct dnsmasq_name *names, size_t count)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < count; i++) {
		const struct dnsmasq_name *one = &names[i];

		if (one->address == 0)
			continue;
		if (one->reserved || one->api || !knows_leases(site))
			add(&text, one->address, one->name, site->domain);
	}
	add_api(&text, site, names, count);
	return text.text;
}
