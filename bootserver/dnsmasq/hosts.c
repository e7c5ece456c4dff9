/*
 * The machines' reservations, which change as machines come and go and need no restart of dnsmasq.
 * One line a machine, as --dhcp-host takes it.  All MACs of a machine stand in one line: dnsmasq
 * then gives the one address to whichever of them asks.
 */
#include <string.h>

#include "dnsmasq/hosts.h"
#include "lib/net.h"
#include "lib/str.h"

static const char *
profile_firmware(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->nprofiles; i++)
		if (str_eq(site->profiles[i].name, name))
			return site->profiles[i].boot.firmware;
	return NULL;
}

/* The machine's own iPXE binary: its own word, else its profile's, which it names or which a rule
 * gives it; NULL: the table's. */
static const char *
firmware_of(const struct site *site, const struct site_machine *machine, const char *by_rule)
{
	const char *file = machine->boot.firmware;

	if (file == NULL && machine->profile != NULL)
		return profile_firmware(site, machine->profile);
	return file != NULL ? file : by_rule;
}

const char *
hosts_kind(const char *file)
{
	if (strstr(file, ".efi") == NULL)
		return "bios";
	return strstr(file, "arm64") != NULL ? "arm64" : "x86_64";
}

static void
add_address(struct buf *text, uint32_t address)
{
	char ip[NET_IP4_TEXT];

	if (address == 0)
		return;
	net_ip4_format(ip, address);
	buf_format(text, ",%s", ip);
}

static void
add_firmware(struct buf *text, const char *firmware)
{
	if (firmware != NULL)
		buf_format(text, ",set:own-%s,set:fw-%s", hosts_kind(firmware), firmware);
}

static void
add_machine(struct buf *text, const struct site_machine *machine, const char *firmware,
	    const char *prefix)
{
	if (machine->macs.count == 0)
		return;
	buf_text(text, prefix);
	for (size_t i = 0; i < machine->macs.count; i++)
		buf_format(text, "%s%s", i > 0 ? "," : "", machine->macs.items[i]);
	add_firmware(text, firmware);
	add_address(text, machine->address);
	buf_format(text, ",%s\n", machine->name);
}

void
hosts_add(struct buf *text, const struct site *site, const struct dnsmasq_learnt *learnt,
	  const char *prefix)
{
	for (size_t i = 0; i < site->nmachines; i++) {
		const char *by_rule = learnt->firmware != NULL ? learnt->firmware[i] : NULL;

		add_machine(text, &site->machines[i],
			    firmware_of(site, &site->machines[i], by_rule), prefix);
	}
	for (size_t i = 0; i < learnt->nhosts; i++) {
		const struct dnsmasq_host *host = &learnt->hosts[i];

		buf_format(text, "%s%s", prefix, host->mac);
		add_firmware(text, host->firmware);
		add_address(text, host->address);
		buf_format(text, ",%s\n", host->name);
	}
}

char *
dnsmasq_hosts(const struct site *site, const struct dnsmasq_learnt *learnt)
{
	struct buf text;

	buf_init(&text);
	if (site->dhcp != SITE_DHCP_NONE)
		hosts_add(&text, site, learnt, "");
	return text.text;
}
