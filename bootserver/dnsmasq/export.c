/*
 * Settings for other DHCP servers: see export.h.  Each is the same list of steps: iPXE by its
 * option 175 (or user class) gets a script, everybody else a file by option 93.  iPXE comes first,
 * or it would be given itself for ever.
 */
#include "dnsmasq/export.h"

#include <stdlib.h>
#include <string.h>

#include "dnsmasq/dnsmasq.h"
#include "dnsmasq/hosts.h"
#include "lib/net.h"
#include "lib/str.h"

struct export {
	struct buf text;
	const struct site *site;
	char server[NET_IP4_TEXT];
	char *url;
};

/* The file of a row: the site's own binary where it runs there, a URL for HTTP boot. */
static char *
file_of(const struct export *x, const struct dnsmasq_arch *arch)
{
	const char *own = x->site->boot.firmware, *file = arch->file;

	if (own != NULL && str_eq(hosts_kind(own), arch->kind))
		file = own;
	return arch->http ? str_format("%s/ipxe/%s", x->url, file) : str_dup(file);
}

static void
isc(struct export *x)
{
	buf_format(&x->text,
		   "# ISC dhcpd: into dhcpd.conf, at the top or into the subnet\n"
		   "option client-arch code 93 = unsigned integer 16;\n"
		   "option ipxe code 175 = string;\n"
		   "next-server %s;\n"
		   "if exists ipxe and option client-arch = 00:00 {\n"
		   "\tfilename \"autoexec.ipxe\";\n"
		   "} elsif exists ipxe {\n"
		   "\tfilename \"nic.ipxe\";\n", x->server);
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		char *file = file_of(x, arch);

		/* as bytes: an option is data, which equals no number (dhcp-eval(5)) */
		buf_format(&x->text, "} elsif option client-arch = %02x:%02x { # %s\n",
			   (unsigned)arch->number >> 8, (unsigned)arch->number & 0xff, arch->what);
		if (arch->http)
			buf_text(&x->text, "\toption vendor-class-identifier \"HTTPClient\";\n");
		buf_format(&x->text, "\tfilename \"%s\";\n", file);
		free(file);
	}
	buf_text(&x->text, "}\n");
}

static void
kea_class(struct export *x, const char *name, const char *test, const char *file)
{
	buf_format(&x->text,
		   "  {\n"
		   "    \"name\": \"bootserver-%s\",\n"
		   "    \"test\": \"%s\",\n"
		   "    \"next-server\": \"%s\",\n"
		   "    \"boot-file-name\": \"%s\"", name, test, x->server, file);
}

static void
kea(struct export *x)
{
	buf_text(&x->text, "// Kea: into \"Dhcp4\" of kea-dhcp4.conf\n\"client-classes\": [\n");
	kea_class(x, "ipxe-bios", "option[175].exists and option[93].hex == 0x0000",
		  "autoexec.ipxe");
	buf_text(&x->text, "\n  },\n");
	kea_class(x, "ipxe", "option[175].exists and not (option[93].hex == 0x0000)", "nic.ipxe");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		char *file = file_of(x, arch), *name = str_format("%d", arch->number);
		char *test = str_format("not option[175].exists and option[93].hex == 0x%04x",
					(unsigned)arch->number);

		buf_text(&x->text, "\n  },\n");
		kea_class(x, name, test, file);
		if (arch->http)
			buf_text(&x->text,
				 ",\n    \"option-data\": [{\"name\": \"vendor-class-identifier\", "
				 "\"data\": \"HTTPClient\"}]");
		free(test);
		free(name);
		free(file);
	}
	buf_text(&x->text, "\n  }\n]\n");
}

static void
dnsmasq(struct export *x)
{
	buf_text(&x->text,
		 "# dnsmasq: into dnsmasq.conf\n"
		 "dhcp-match=set:ipxe,175\n");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++)
		buf_format(&x->text, "dhcp-match=set:%s,option:client-arch,%d\n", arch->tag,
			   arch->number);
	buf_format(&x->text,
		   "dhcp-boot=tag:ipxe,tag:bios,autoexec.ipxe,,%s\n"
		   "dhcp-boot=tag:ipxe,tag:!bios,nic.ipxe,,%s\n", x->server, x->server);
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		char *file = file_of(x, arch);

		if (arch > dnsmasq_archs && str_eq(arch->tag, arch[-1].tag)) {
			free(file);
			continue;
		}
		buf_format(&x->text, "dhcp-boot=tag:!ipxe,tag:%s,%s%s%s\n", arch->tag, file,
			   arch->http ? "" : ",,", arch->http ? "" : x->server);
		if (arch->http)
			buf_format(&x->text, "dhcp-option-force=tag:%s,60,HTTPClient\n", arch->tag);
		free(file);
	}
}

static void
windows_option(struct export *x, const char *policy, int option, const char *value)
{
	buf_format(&x->text, "Set-DhcpServerv4OptionValue -PolicyName \"bootserver %s\" "
		   "-OptionId %d -Value \"%s\"\n", policy, option, value);
}

/* A policy: who it is for (by class of user and of vendor), and the file. */
static void
windows_policy(struct export *x, const char *name, const char *user, const char *vendor,
	       const char *file)
{
	buf_format(&x->text, "Add-DhcpServerv4Policy -Name \"bootserver %s\" -Condition AND "
		   "-UserClass %s,\"iPXE\" -VendorClass %s*\"\n", name, user, vendor);
	windows_option(x, name, 66, x->server);
	windows_option(x, name, 67, file);
}

static void
windows(struct export *x)
{
	buf_text(&x->text,
		 "# Windows DHCP server: in PowerShell, as an administrator\n"
		 "Add-DhcpServerv4Class -Name \"iPXE\" -Type User -Data \"iPXE\"\n");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++)
		buf_format(&x->text, "Add-DhcpServerv4Class -Name \"PXE %05d\" -Type Vendor -Data "
			   "\"%s:Arch:%05d\" # %s\n", arch->number,
			   arch->http ? "HTTPClient" : "PXEClient", arch->number, arch->what);
	windows_policy(x, "iPXE BIOS", "EQ", "EQ,\"PXE 00000", "autoexec.ipxe");
	windows_policy(x, "iPXE UEFI", "EQ", "NE,\"PXE 00000", "nic.ipxe");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		char *file = file_of(x, arch), *name = str_format("%d", arch->number);
		char *vendor = str_format("EQ,\"PXE %05d", arch->number);

		windows_policy(x, name, "NE", vendor, file);
		if (arch->http)
			windows_option(x, name, 60, "HTTPClient");
		free(vendor);
		free(name);
		free(file);
	}
}

/* A set of options, and the matcher that gives it. */
static void
mikrotik_set(struct export *x, const char *name, const char *file, const char *more)
{
	buf_format(&x->text,
		   "/ip/dhcp-server/option/add name=bootserver-%s code=67 value=\"s'%s'\"\n"
		   "/ip/dhcp-server/option/sets/add name=bootserver-%s "
		   "options=bootserver,bootserver-%s%s\n", name, file, name, name, more);
}

static void
mikrotik(struct export *x)
{
	buf_format(&x->text,
		   "# MikroTik RouterOS 7: in the terminal; then the network's next-server too:\n"
		   "# /ip/dhcp-server/network/set [find] next-server=%s\n"
		   "/ip/dhcp-server/option/add name=bootserver code=66 value=\"s'%s'\"\n"
		   "/ip/dhcp-server/option/add name=bootserver-http code=60 "
		   "value=\"s'HTTPClient'\"\n", x->server, x->server);
	mikrotik_set(x, "ipxe", "nic.ipxe", "");
	buf_text(&x->text, "/ip/dhcp-server/matcher/add name=bootserver-ipxe server=all code=77 "
		 "value=\"iPXE\" option-set=bootserver-ipxe\n");
	for (const struct dnsmasq_arch *arch = dnsmasq_archs; arch->file != NULL; arch++) {
		char *file = file_of(x, arch), *name = str_format("%d", arch->number);

		mikrotik_set(x, name, file, arch->http ? ",bootserver-http" : "");
		buf_format(&x->text, "/ip/dhcp-server/matcher/add name=bootserver-%d server=all "
			   "code=93 value=0x%04x option-set=bootserver-%d\n", arch->number,
			   (unsigned)arch->number, arch->number);
		free(name);
		free(file);
	}
}

static const struct {
	const char *kind;
	void (*write)(struct export *x);
} kinds[] = {
	{ "isc", isc }, { "kea", kea }, { "dnsmasq", dnsmasq }, { "windows", windows },
	{ "mikrotik", mikrotik },
};

const char *const export_kinds[] = { "isc", "kea", "dnsmasq", "windows", "mikrotik", NULL };

char *
export_dhcp(const struct site *site, const char *kind)
{
	struct export x = { .site = site };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!str_eq(kinds[i].kind, kind))
			continue;
		buf_init(&x.text);
		net_ip4_format(x.server, site->address.address);
		x.url = site_http_url(site);
		kinds[i].write(&x);
		free(x.url);
		return x.text.text;
	}
	return NULL;
}
