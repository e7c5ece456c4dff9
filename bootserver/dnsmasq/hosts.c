/*
 * The machines' reservations, which change as machines come and go and need no restart of dnsmasq.
 * One line a machine, as --dhcp-host takes it.  All MACs of a machine stand in one line: dnsmasq
 * then gives the one address to whichever of them asks, and refuses a second line of that address.
 * A line has 1024 bytes (MAXDNAME, read_file() of dnsmasq's option.c), so a machine of more MACs is
 * known by a tag, and its line is for every MAC that has it.  The first MACs stand in that line
 * too: when one of them has the address on lease, any other MAC of the machine is given it at once;
 * of the rest each keeps it until its lease ends (config_has_mac() of dhcp-common.c).
 *
 * Tags are set by the configuration, MAC by MAC: dnsmasq 2.90 falls when it reads reservations anew
 * of which one that sets a tag was used («Fix crash when reloading DHCP config on SIGHUP», 2.91).
 */
#include <string.h>

#include "dnsmasq/hosts.h"
#include "lib/net.h"
#include "lib/str.h"

/* MACs that one line has room for beside the longest name and the address, and beside a tag. */
enum { LINE_MACS = 48, TAGGED_MACS = 44 };

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

static bool
has_tag(const struct site_machine *machine)
{
	return machine->macs.count > LINE_MACS;
}

static void
add_macs(struct buf *text, const struct site_machine *machine)
{
	size_t count = has_tag(machine) ? TAGGED_MACS : machine->macs.count;

	if (has_tag(machine))
		buf_format(text, "tag:cards-%s,*:*:*:*:*:*,", machine->name);
	for (size_t i = 0; i < count; i++)
		buf_format(text, "%s%s", i > 0 ? "," : "", machine->macs.items[i]);
}

static void
add_machine(struct buf *text, const struct site_machine *machine, const char *prefix)
{
	if (machine->macs.count == 0)
		return;
	buf_text(text, prefix);
	add_macs(text, machine);
	add_address(text, machine->address);
	buf_format(text, ",%s\n", machine->name);
}

static void
add_firmware(struct buf *text, const char *mac, const char *firmware)
{
	if (firmware != NULL)
		buf_format(text, HOSTS_SET "own-%s,%s\n" HOSTS_SET "fw-%s,%s\n",
			   hosts_kind(firmware), mac, firmware, mac);
}

void
hosts_add_tags(struct buf *text, const struct site *site, const struct dnsmasq_learnt *learnt)
{
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];
		const char *by_rule = learnt->firmware != NULL ? learnt->firmware[i] : NULL;
		const char *firmware = firmware_of(site, machine, by_rule);

		for (size_t k = 0; k < machine->macs.count; k++) {
			if (has_tag(machine))
				buf_format(text, HOSTS_SET "cards-%s,%s\n", machine->name,
					   machine->macs.items[k]);
			add_firmware(text, machine->macs.items[k], firmware);
		}
	}
	for (size_t i = 0; i < learnt->nhosts; i++)
		add_firmware(text, learnt->hosts[i].mac, learnt->hosts[i].firmware);
}

void
hosts_add(struct buf *text, const struct site *site, const struct dnsmasq_learnt *learnt,
	  const char *prefix)
{
	for (size_t i = 0; i < site->nmachines; i++)
		add_machine(text, &site->machines[i], prefix);
	for (size_t i = 0; i < learnt->nhosts; i++) {
		const struct dnsmasq_host *host = &learnt->hosts[i];

		buf_format(text, "%s%s", prefix, host->mac);
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
