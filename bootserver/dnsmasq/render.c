/*
 * dnsmasq's configuration file, in the order a reader asks: where it listens, names, leases, what
 * each kind of firmware is given, TFTP, whom it tells.  Tags carry the decisions: the client's
 * architecture (option 93), `ipxe` (option 175 or user class), `own-KIND` (a binary of its own).
 */
#include <stdlib.h>
#include <string.h>

#include "dnsmasq/dnsmasq.h"
#include "dnsmasq/hosts.h"
#include "lib/net.h"
#include "lib/str.h"

const struct dnsmasq_paths dnsmasq_paths = {
	.tftp = "/run/bootserver/tftp",
	.leases = "/run/bootserver/leases",
	.script = "/run/bootserver/lease-event",
	.hosts = "/run/bootserver/hosts",
	.names = "/run/bootserver/names",
	.user = "dnsmasq",
};

static void
add_addresses(struct buf *text, const struct site_list *list, const char *otherwise)
{
	for (size_t i = 0; i < list->count; i++)
		buf_format(text, ",%s", list->items[i]);
	if (list->count == 0)
		buf_format(text, ",%s", otherwise);
}

static void
add_place(struct buf *text, const struct site *site, const struct dnsmasq_paths *paths)
{
	buf_text(text,
		 "# Written by bootserver from the site file: changes here are lost.\n"
		 "keep-in-foreground\n"
		 "log-facility=-\n"
		 "log-dhcp\n"
		 "pid-file\n");
	buf_format(text, "user=%s\n", paths->user);
	buf_format(text, "interface=%s\n", site->interface);
	buf_text(text,
		 "except-interface=lo\n"
		 "bind-interfaces\n");
}

/* Whom other names than the site's are asked; false when there is nobody. */
static bool
add_uplink(struct buf *text, const struct site *site, const char *server)
{
	const struct site_list *forward = &site->services.forward;
	const struct site_list *list = forward->count > 0 ? forward : &site->dns;
	bool any = false;

	for (size_t i = 0; i < list->count; i++) {
		if (str_eq(list->items[i], server))
			continue;
		buf_format(text, "server=%s\n", list->items[i]);
		any = true;
	}
	return any;
}

/* Names of the site are answered here alone.  Without an uplink there are no others: dnsmasq would
 * refuse to answer, and a resolver then asks again and again before it gives up. */
static void
add_names(struct buf *text, const struct site *site, const struct dnsmasq_paths *paths,
	  const char *server)
{
	buf_text(text,
		 "\n"
		 "port=53\n"
		 "no-hosts\n"
		 "no-resolv\n"
		 "domain-needed\n"
		 "bogus-priv\n");
	buf_format(text, "domain=%s\nlocal=/%s/\n", site->domain, site->domain);
	buf_format(text, "host-record=boot.%s,%s\n", site->domain, server);
	if (!add_uplink(text, site, server))
		buf_text(text, "local=/#/\n");
	buf_format(text, "addn-hosts=%s\n", paths->names);
}

static size_t
pool_of(uint32_t first, uint32_t last)
{
	return first != 0 ? last - first + 1 : 0;
}

/* In steps, so that a machine more does not change the text. */
static size_t
lease_limit(const struct site *site, size_t nhosts)
{
	size_t pool = pool_of(site->range_first, site->range_last), limit = 1024;

	for (size_t i = 0; i < site->nnetworks; i++)
		pool += pool_of(site->networks[i].range_first, site->networks[i].range_last);
	while (limit < pool + site->nmachines + nhosts + 16)
		limit *= 2;
	return limit;
}

/* One subnet that is leased in; `tag`: what is set for its clients, "" or with a comma. */
static void
add_leased(struct buf *text, const struct site *site, const struct site_network *network,
	   const char *tag)
{
	char first[NET_IP4_TEXT], last[NET_IP4_TEXT], mask[NET_IP4_TEXT];
	uint32_t bits = net_cidr_mask(&network->subnet);

	net_ip4_format(mask, bits);
	net_ip4_format(first, network->range_first != 0 ? network->range_first :
							  network->subnet.address & bits);
	net_ip4_format(last, network->range_last);
	buf_format(text, "dhcp-range=%s%s,%s,%s,%lld\n", tag, first,
		   network->range_first != 0 ? last : "static", mask, (long long)site->lease_s);
}

static void
add_router(struct buf *text, const char *tag, uint32_t gateway)
{
	char ip[NET_IP4_TEXT];

	net_ip4_format(ip, gateway);
	/* an empty option: else dnsmasq would name itself as the router */
	buf_format(text, "dhcp-option=%soption:router%s%s\n", tag, gateway != 0 ? "," : "",
		   gateway != 0 ? ip : "");
}

/* The server's own subnet, unless only relayed requests are answered, and those behind relays:
 * dnsmasq takes the one that holds the relay's address (giaddr). */
static void
add_ranges(struct buf *text, const struct site *site)
{
	const struct site_network own = {
		.subnet = site->address, .range_first = site->range_first,
		.range_last = site->range_last,
	};

	if (site->dhcp == SITE_DHCP_AUTHORITATIVE)
		add_leased(text, site, &own, "");
	for (size_t i = 0; i < site->nnetworks; i++) {
		char *tag = str_format("set:net%zu,", i + 1);

		add_leased(text, site, &site->networks[i], tag);
		free(tag);
	}
	add_router(text, "", site->gateway);
	for (size_t i = 0; i < site->nnetworks; i++) {
		char *tag = str_format("tag:net%zu,", i + 1);

		add_router(text, tag, site->networks[i].gateway);
		free(tag);
	}
}

static void
add_proxy(struct buf *text, const struct site *site)
{
	char first[NET_IP4_TEXT], mask[NET_IP4_TEXT];
	uint32_t bits = net_cidr_mask(&site->address);

	net_ip4_format(mask, bits);
	net_ip4_format(first, site->address.address & bits);
	buf_format(text, "dhcp-range=%s,proxy,%s\n", first, mask);
}

/*
 * One machine, one lease: firmware, iPXE and Linux send different client ids, so these are ignored.
 * No ping before an address is given: the pool is this server's alone, and dnsmasq stands still for
 * up to 3 s in each ping, which a rack that powers on at once cannot wait for.  Names that clients
 * give themselves are ignored: they are claims.
 */
static void
add_leases(struct buf *text, const struct site *site, size_t nhosts, const char *server)
{
	buf_text(text,
		 "\n"
		 "dhcp-authoritative\n"
		 "dhcp-ignore-clid\n"
		 "dhcp-ignore-names\n"
		 "no-ping\n");
	buf_format(text, "dhcp-lease-max=%zu\n", lease_limit(site, nhosts));
	add_ranges(text, site);
	buf_text(text, "dhcp-option=option:dns-server");
	add_addresses(text, &site->dns, server);
	buf_text(text, "\n");
	if (site->ntp.count > 0 || site->services.serve_time) {
		buf_text(text, "dhcp-option=option:ntp-server");
		add_addresses(text, &site->ntp, server);
		buf_text(text, "\n");
	}
	/* iPXE need not wait 2 s for a proxyDHCP offer (its option no-pxedhcp, 175.176) */
	buf_text(text, "dhcp-option=tag:ipxe,encap:175,176,1b\n");
}

static void
add_tags(struct buf *text, const struct site *site, const struct dnsmasq_learnt *learnt)
{
	buf_text(text,
		 "\n"
		 "dhcp-match=set:ipxe,175\n"
		 "dhcp-userclass=set:ipxe,iPXE\n");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++)
		buf_format(text, "dhcp-match=set:%s,option:client-arch,%d\n", arch->tag,
			   arch->number);
	hosts_add_tags(text, site, learnt);
}

/* What `arch` is given when the tag `also` holds. */
static void
add_boot(struct buf *text, const struct site *site, const struct dnsmasq_arch *arch,
	 const char *also, const char *file)
{
	char server[NET_IP4_TEXT];
	char *url;

	net_ip4_format(server, site->address.address);
	if (!arch->http) {
		buf_format(text, "dhcp-boot=tag:%s,tag:!ipxe,tag:%s,%s,,%s\n", arch->tag, also,
			   file, server);
		return;
	}
	url = site_http_url(site);
	buf_format(text, "dhcp-boot=tag:%s,tag:!ipxe,tag:%s,%s/ipxe/%s\n", arch->tag, also, url,
		   file);
	free(url);
}

static void
add_service(struct buf *text, const struct dnsmasq_arch *arch, const char *also, const char *file)
{
	if (arch->csa != NULL)
		buf_format(text, "pxe-service=tag:!ipxe,tag:%s,%s,\"bootserver\",%s\n", also,
			   arch->csa, file);
}

/* Each binary other than the table's, once, for the kind of firmware that can run it. */
static void
add_own(struct buf *text, const struct site *site, const char *file)
{
	char *also = str_format("fw-%s", file);
	const char *last = "";

	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		if (!str_eq(arch->kind, hosts_kind(file)))
			continue;
		if (strcmp(arch->tag, last) != 0)
			add_boot(text, site, arch, also, file);
		last = arch->tag;
		if (site->dhcp == SITE_DHCP_PROXY)
			add_service(text, arch, also, file);
	}
	free(also);
}

/* May a machine be given the binary: is it the other one of its kind, or does the site name it? */
static bool
is_named(const struct site *site, const char *file)
{
	if (str_eq(hosts_kind(file), "x86_64"))
		return true;
	for (size_t i = 0; i < site->nprofiles; i++)
		if (str_eq(site->profiles[i].boot.firmware, file))
			return true;
	for (size_t i = 0; i < site->nmachines; i++)
		if (str_eq(site->machines[i].boot.firmware, file))
			return true;
	return false;
}

/* What all clients of a row are given that have no binary of their own. */
static void
add_arch(struct buf *text, const struct site *site, const struct dnsmasq_arch *arch, bool first)
{
	const char *own = site->boot.firmware, *file = arch->file;
	char *also = str_format("!own-%s", arch->kind);

	if (own != NULL && str_eq(arch->kind, hosts_kind(own)))
		file = own;
	if (first) {
		buf_format(text, "# %s\n", arch->what);
		add_boot(text, site, arch, also, file);
	}
	/* a client that asks as HTTPClient wants to read that back */
	if (arch->http)
		buf_format(text, "dhcp-option-force=tag:%s,60,HTTPClient\n", arch->tag);
	if (site->dhcp == SITE_DHCP_PROXY)
		add_service(text, arch, also, file);
	free(also);
}

static void
add_firmware(struct buf *text, const struct site *site)
{
	static const char *const binaries[] = {	/* as the site file names them */
		"snponly.efi", "ipxe-amd64.efi", "ipxe-arm64.efi", "undionly.kpxe", NULL
	};
	char server[NET_IP4_TEXT];
	const char *last = "";

	buf_text(text, "\n");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		add_arch(text, site, arch, !str_eq(arch->tag, last));
		last = arch->tag;
	}
	for (size_t i = 0; binaries[i] != NULL; i++)
		if (is_named(site, binaries[i]))
			add_own(text, site, binaries[i]);
	/*
	 * iPXE itself.  On EFI this is only ever asked by one that is not ours, or by ours when it
	 * could not read autoexec.ipxe: both load our binary (anew).
	 */
	net_ip4_format(server, site->address.address);
	buf_format(text,
		   "# iPXE\n"
		   "dhcp-boot=tag:ipxe,tag:bios,autoexec.ipxe,,%s\n"
		   "dhcp-boot=tag:ipxe,tag:!bios,nic.ipxe,,%s\n", server, server);
}

static void
add_tftp(struct buf *text, const struct site *site, const struct dnsmasq_paths *paths)
{
	buf_format(text, "\nenable-tftp=%s\ntftp-root=%s\ntftp-max=1000\n", site->interface,
		   paths->tftp);
	/* without DHCP dnsmasq 2.90 does not look at the script's user, and would run it as root */
	if (site->dhcp != SITE_DHCP_NONE)
		buf_format(text, "\ndhcp-script=%s\ndhcp-scriptuser=%s\n", paths->script,
			   paths->user);
}

char *
dnsmasq_render(const struct site *site, const struct dnsmasq_paths *paths,
	       const struct dnsmasq_learnt *learnt)
{
	char server[NET_IP4_TEXT];
	struct buf text;

	buf_init(&text);
	net_ip4_format(server, site->address.address);
	add_place(&text, site, paths);
	add_names(&text, site, paths, server);
	if (site->dhcp == SITE_DHCP_PROXY) {
		buf_text(&text, "\ndhcp-pxe-vendor=PXEClient,HTTPClient\n");
		add_proxy(&text, site);
	} else if (site->dhcp != SITE_DHCP_NONE) {
		add_leases(&text, site, learnt->nhosts, server);
	}
	if (site->dhcp != SITE_DHCP_NONE) {
		buf_format(&text, "dhcp-leasefile=%s\n", paths->leases);
		add_tags(&text, site, learnt);
		add_firmware(&text, site);
		buf_text(&text, "\n");
		if (paths->hosts != NULL)
			buf_format(&text, "dhcp-hostsfile=%s\n", paths->hosts);
		else
			hosts_add(&text, site, learnt, "dhcp-host=");
	}
	add_tftp(&text, site, paths);
	return text.text;
}
