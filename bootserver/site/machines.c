/*
 * The rules between machines: what two of them cannot share, and what one needs to boot.  Each is
 * looked at once; an index tells whether a name, MAC or address was met before.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/index.h"
#include "site/marks.h"

struct round {
	struct site *site;
	struct site_findings *findings;
	struct site_index *addresses;
	char (*texts)[NET_IP4_TEXT];	/* of the addresses, by ordinal */
};

static const struct site_place *
place_of(const struct round *r, const void *field, const struct site_machine *machine)
{
	return site_marks_find(r->site->marks, field, &machine->place);
}

/* "n1 (line 12)", with the file where it is another one; fresh memory. */
static char *
other_name(const struct round *r, long ordinal, const struct site_place *from)
{
	const struct site_machine *other = &r->site->machines[ordinal];
	const char *name = other->name ? other->name : "a machine";

	if (other->place.file != from->file)
		return str_format("%s (%s, line %d)", name, r->site->files[other->place.file],
				  other->place.line);
	return str_format("%s (line %d)", name, other->place.line);
}

/* Puts what a machine is known by into the index; told if another machine has it. */
static void
claim(struct round *r, enum site_key kind, const char *text, long ordinal,
      const struct site_place *place)
{
	struct site_index *index = kind == SITE_KEY_ADDRESS ? r->addresses : r->site->index;
	static const char *const what[] = {
		[SITE_KEY_NAME] = "name", [SITE_KEY_MAC] = "MAC address", [SITE_KEY_UUID] = "UUID",
		[SITE_KEY_SERIAL] = "serial number", [SITE_KEY_ADDRESS] = "address",
	};
	long other = site_index_add(index, kind, text, ordinal);
	char *name;

	if (other < 0)
		return;
	if (other == ordinal) {
		site_find_error(r->findings, place, "the %s %s is given twice for this machine",
				what[kind], text);
		return;
	}
	name = other_name(r, other, place);
	site_find_error(r->findings, place, "the %s %s is already that of %s", what[kind], text,
			name);
	free(name);
}

static void
check_name(struct round *r, const struct site_machine *machine, long ordinal)
{
	const struct site_place *place = place_of(r, &machine->name, machine);

	if (!machine->name)
		return;
	if (site_needs_name(r->site, machine->name))
		site_find_error(r->findings, place, "\"%s\" is a name the site needs itself: give "
				"the machine another", machine->name);
	claim(r, SITE_KEY_NAME, machine->name, ordinal, place);
}

static void
check_mac(struct round *r, const struct site_machine *machine, char *const *mac, long ordinal)
{
	const struct site_place *place = place_of(r, mac, machine);
	uint8_t bytes[6];

	if (net_mac_parse(bytes, *mac) < 0)
		return;
	if (bytes[0] & 1)
		site_find_error(r->findings, place, "%s is a group address: no card has it", *mac);
	else if (!(bytes[0] | bytes[1] | bytes[2] | bytes[3] | bytes[4] | bytes[5]))
		site_find_error(r->findings, place, "%s is no card's address", *mac);
	else
		claim(r, SITE_KEY_MAC, *mac, ordinal, place);
}

/* What boards carry whose maker did not fill in the field: many machines have the same. */
static bool
is_filler(const char *text)
{
	static const char *const fillers[] = {
		"00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
		"03000200-0400-0500-0006-000700080009", "To be filled by O.E.M.", "Default string",
		"System Serial Number", "Not Specified", "None", "N/A", "0", "0123456789",
		"123456789", "1234567890", "OEM", NULL
	};

	for (size_t i = 0; fillers[i]; i++)
		if (strcasecmp(fillers[i], text) == 0)
			return true;
	return false;
}

/* As a machine's claim comes to the engine: printable ASCII, without the blanks that firmware pads
 * its strings with (web/claims.c). */
static bool
is_claim(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return len > 0 && text[0] != ' ' && text[len - 1] != ' ';
}

static void
check_identity(struct round *r, const struct site_machine *machine, long ordinal)
{
	const struct { enum site_key kind; char *const *text; const char *name; } facts[] = {
		{ SITE_KEY_UUID, &machine->uuid, "uuid" },
		{ SITE_KEY_SERIAL, &machine->serial, "serial" },
	};
	bool any = site_marks_has(r->site->marks, &machine->macs);

	for (size_t i = 0; i < machine->macs.count; i++)
		check_mac(r, machine, &machine->macs.items[i], ordinal);
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const struct site_place *place = place_of(r, facts[i].text, machine);
		const char *text = *facts[i].text;

		any |= site_marks_has(r->site->marks, facts[i].text);
		if (!text)
			continue;
		if (is_filler(text))
			site_find_error(r->findings, place,
					"the %s %s is a maker's filler that many machines carry: "
					"use the MAC address",
					facts[i].name, text);
		else if (!is_claim(text))
			site_find_error(r->findings, place,
					"no machine is known by the %s \"%s\": it is ASCII, "
					"without blanks at its ends",
					facts[i].name, text);
		else
			claim(r, facts[i].kind, text, ordinal, place);
	}
	if (!any)
		site_find_error(r->findings, &machine->place,
				"nothing tells this machine from others: give it a mac, uuid or "
				"serial");
}

/* An address behind a relay agent. */
static void
check_relayed(struct round *r, const struct site_network *network, uint32_t address,
	      const struct site_place *place)
{
	uint32_t mask = net_cidr_mask(&network->subnet);

	if ((address & ~mask) == 0 || (address | mask) == UINT32_MAX)
		site_find_error(r->findings, place,
				"this is the first or last address of its network, which no "
				"machine can have");
	else if (address == network->gateway)
		site_find_error(r->findings, place, "this is the gateway's address");
	else if (network->range_first <= address && address <= network->range_last)
		site_find_error(r->findings, place,
				"this is inside the pool of its network: reserve an address "
				"outside of it");
}

static void
check_address(struct round *r, const struct site_machine *machine, long ordinal)
{
	const struct site *site = r->site;
	const struct site_place *place = place_of(r, &machine->address, machine);
	uint32_t address = machine->address, mask = net_cidr_mask(&site->address);
	char *text = r->texts[ordinal];

	if (!address)
		return;
	net_ip4_format(text, address);
	claim(r, SITE_KEY_ADDRESS, text, ordinal, place);
	if (site->dhcp == SITE_DHCP_PROXY || site->dhcp == SITE_DHCP_NONE)
		site_find_warning(r->findings, place, "address is not used: in this DHCP mode the "
				  "server gives no addresses");
	if (!site->address.address)
		return;
	if (site_network_of(site, address))
		check_relayed(r, site_network_of(site, address), address, place);
	else if (!net_cidr_holds(&site->address, address))
		site_find_error(r->findings, place, site->nnetworks ?
				"%s is in no network of the site" :
				"%s is outside the server's subnet", text);
	else if (address == site->address.address)
		site_find_error(r->findings, place, "%s is the server's own address", text);
	else if (site_is_gateway(site, address))
		site_find_error(r->findings, place, "%s is the gateway's address", text);
	else if ((address & ~mask) == 0 || (address | mask) == UINT32_MAX)
		site_find_error(r->findings, place,
				"%s is the subnet's first or last address, which no machine can "
				"have",
				text);
	else if (site_is_pooled(site, address))
		site_find_error(r->findings, place,
				"%s is inside the pool: reserve an address outside of `dhcp: "
				"range`",
				text);
}

/* Has it an image, as far as can be told without the rules? */
static void
check_image(struct round *r, const struct site_machine *machine, const struct site_profile *profile)
{
	struct site_marks *marks = r->site->marks;

	if (site_marks_has(marks, &r->site->boot.image) ||
	    site_marks_has(marks, &machine->boot.image))
		return;
	if (machine->profile ? !profile || profile->boot.image : r->site->nrules > 0)
		return;
	site_find_error(r->findings, &machine->place,
			"this machine has no image: say `image: NAME` for the site, a profile or "
			"the machine");
}

static void
check_boot(struct round *r, const struct site_machine *machine)
{
	const struct site *site = r->site;
	const struct site_profile *profile = site_profile_find(site, machine->profile);
	const char *firmware = machine->boot.firmware;
	bool arm;

	if (machine->profile && !profile)
		site_find_error(r->findings, place_of(r, &machine->profile, machine), "there is no "
				"profile \"%s\": add it under profiles", machine->profile);
	if (machine->rack && !site_rack_find(site, machine->rack))
		site_find_error(r->findings, place_of(r, &machine->rack, machine),
				"there is no rack \"%s\": add it under racks",
				machine->rack);
	check_image(r, machine, profile);
	if (machine->boot.diskless == 1 && machine->boot.system_disk)
		site_find_warning(
			r->findings, place_of(r, &machine->boot.system_disk, machine),
			"a diskless machine may start without its system-disk: take one of the two "
			"away");
	if (!firmware || machine->arch == SITE_ARCH_ANY)
		return;
	arm = strcmp(firmware, "ipxe-arm64.efi") == 0;
	if (arm != (machine->arch == SITE_ARCH_ARM64))
		site_find_error(r->findings, place_of(r, &machine->boot.firmware, machine),
				"%s does not run on %s",
				firmware, site_arch_name(machine->arch));
}

void
site_check_machines(struct site *site, struct site_findings *findings)
{
	struct round r = { .site = site, .findings = findings };

	r.addresses = site_index_new();
	r.texts = mem_new((site->nmachines + 1) * sizeof(*r.texts));
	site->index = site_index_new();
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];

		check_name(&r, machine, (long)i);
		check_identity(&r, machine, (long)i);
		check_address(&r, machine, (long)i);
		check_boot(&r, machine);
	}
	site_index_free(r.addresses);
	free(r.texts);
}
