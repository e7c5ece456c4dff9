/*
 * What may stand in a site file, row by row, in the order of the sample and the reference page, and
 * the few questions that are asked of the table.
 */
#include "site/schema.h"

#include <assert.h>
#include <string.h>

#include "lib/str.h"
#include "site/site.h"

#define AT(type, member) offsetof(struct type, member)

static const char *const words_dhcp[] = { "authoritative", "proxy", "relay", "none", NULL };
static const char *const words_enrolment[] = { "listed", "approve", NULL };
static const char *const words_rest[] = { "unused", "storage", NULL };
static const char *const words_arch[] = { "any", "amd64", "arm64", NULL };
static const char *const words_firmware[] = {
	"snponly.efi", "ipxe-amd64.efi", "ipxe-arm64.efi", "undionly.kpxe", NULL
};

#define GIB ((int64_t)1 << 30)
#define DAY 86400

const struct schema_row schema_rows[] = {
	{SCOPE_FILE, "site", SCHEMA_GROUP, .inner = SCOPE_SITE, .needed = true, .shown = true,
	 .help = "What this site is called."},
	{SCOPE_SITE, "name", SCHEMA_LABEL, AT(site, name), .needed = true, .shown = true,
	 .sample = "lab", .help = "The site's short name."},
	{SCOPE_SITE, "domain", SCHEMA_NAME, AT(site, domain), .shown = true,
	 .sample = "lab.internal", .normal_help = "NAME.internal",
	 .help = "The domain of the machines' names."},

	{SCOPE_FILE, "server", SCHEMA_GROUP, .inner = SCOPE_SERVER, .needed = true, .shown = true,
	 .help = "Where the boot server stands."},
	{SCOPE_SERVER, "interface", SCHEMA_INTERFACE, AT(site, interface), .needed = true,
	 .shown = true, .sample = "eno1", .help = "The network card towards the machines."},
	{SCOPE_SERVER, "address", SCHEMA_CIDR, AT(site, address), .needed = true, .shown = true,
	 .sample = "10.9.0.1/24", .help = "The server's address there, with the subnet's length."},
	{SCOPE_SERVER, "http-port", SCHEMA_PORT, AT(site, http_port), .normal = "80",
	 .sample = "80", .least = 1, .most = 65535,
	 .help = "Port of HTTP (scripts for BIOS machines, images)."},
	{SCOPE_SERVER, "https-port", SCHEMA_PORT, AT(site, https_port), .normal = "443",
	 .sample = "443", .least = 1, .most = 65535,
	 .help = "Port of HTTPS (scripts for UEFI machines, agents)."},

	{SCOPE_FILE, "dhcp", SCHEMA_GROUP, .inner = SCOPE_DHCP, .shown = true,
	 .help = "Addresses for the machines. Without this group the server answers no DHCP."},
	{SCOPE_DHCP, "mode", SCHEMA_WORD, AT(site, dhcp), .words = words_dhcp,
	 .normal = "authoritative", .sample = "authoritative",
	 .help = "authoritative: this is the site's DHCP server. proxy: another one gives "
		 "addresses, this one adds what to boot. relay: requests come through relay "
		 "agents. none: no DHCP at all."},
	{SCOPE_DHCP, "range", SCHEMA_RANGE, AT(site, range_first), .shown = true,
	 .sample = "10.9.0.100-10.9.0.199",
	 .help = "The pool for machines without an address of their own. Without it only "
		 "reserved addresses are given."},
	{SCOPE_DHCP, "gateway", SCHEMA_IP4, AT(site, gateway), .sample = "10.9.0.254",
	 .help = "The router that machines are told."},
	{SCOPE_DHCP, "dns", SCHEMA_LIST, AT(site, dns), .each = SCHEMA_IP4_TEXT,
	 .sample = "[10.9.0.1]", .normal_help = "the server itself",
	 .help = "The name servers that machines are told."},
	{SCOPE_DHCP, "ntp", SCHEMA_LIST, AT(site, ntp), .each = SCHEMA_IP4_TEXT,
	 .sample = "[10.9.0.1]", .normal_help = "the server itself",
	 .help = "The time servers that machines are told."},
	{SCOPE_DHCP, "lease", SCHEMA_TIME, AT(site, lease_s), .normal = "1h", .sample = "1h",
	 .least = 120, .most = 30 * DAY, .help = "How long a lease holds."},

	{SCOPE_FILE, NULL, SCHEMA_INCLUDE, AT(site, boot), .inner = SCOPE_BOOT},
	{SCOPE_BOOT, "image", SCHEMA_IMAGE, AT(site_boot, image), .shown = true, .sample = "edge",
	 .help = "The image to boot: NAME (its newest generation) or NAME@GENERATION."},
	{SCOPE_BOOT, "args", SCHEMA_ARGS, AT(site_boot, args), .sample = "console=ttyS0,115200",
	 .help = "More kernel arguments."},
	{SCOPE_BOOT, "system-disk", SCHEMA_DISK, AT(site_boot, system_disk),
	 .sample = "ata-QEMU_DISK_0001", .normal_help = "the smallest blank disk",
	 .help = "The disk that keeps the machine's state: a name below /dev/disk/by-id/."},
	{SCOPE_BOOT, "state-size", SCHEMA_SIZE, AT(site_boot, state_size), .normal = "64GiB",
	 .sample = "64GiB", .least = GIB / 4, .most = GIB << 20,
	 .help = "Size of the state partition on the system disk."},
	{SCOPE_BOOT, "rest", SCHEMA_WORD, AT(site_boot, rest), .words = words_rest,
	 .normal = "unused", .sample = "unused",
	 .help = "What the rest of the system disk is for."},
	{SCOPE_BOOT, "diskless", SCHEMA_TRUTH, AT(site_boot, diskless), .normal = "false",
	 .sample = "false", .help = "true: the machine may run from memory alone."},
	{SCOPE_BOOT, "firmware", SCHEMA_CHOICE, AT(site_boot, firmware), .words = words_firmware,
	 .sample = "ipxe-amd64.efi", .normal_help = "by the machine's firmware",
	 .help = "The iPXE binary to hand out, where the usual one does not get on with the card."},

	{SCOPE_FILE, "enrolment", SCHEMA_WORD, AT(site, enrolment), .words = words_enrolment,
	 .normal = "listed", .sample = "listed",
	 .help = "listed: a machine of this file is taken in by itself. approve: a person confirms "
		 "each machine's code."},
	{SCOPE_FILE, "ssh-keys", SCHEMA_LIST, AT(site, ssh_keys), .each = SCHEMA_SSH_KEY,
	 .sample = "[ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "
		   "you@desk]",
	 .help = "Who may log in to the machines as root: lines as in authorized_keys."},

	{SCOPE_FILE, "racks", SCHEMA_ITEMS, AT(site, racks), .inner = SCOPE_RACK,
	 .size = sizeof(struct site_rack), .help = "Where machines stand."},
	{SCOPE_RACK, "name", SCHEMA_LABEL, AT(site_rack, name), .needed = true, .shown = true,
	 .sample = "r1", .help = "The rack's name."},
	{SCOPE_RACK, "labels", SCHEMA_PAIRS, AT(site_rack, labels), .shown = true,
	 .sample = "{row: a}", .help = "Words of your own that rules can match."},

	{SCOPE_FILE, "profiles", SCHEMA_ITEMS, AT(site, profiles), .inner = SCOPE_PROFILE,
	 .size = sizeof(struct site_profile),
	 .help = "Settings that several machines share. What is said here goes before what the "
		 "site says, and what a machine says before both."},
	{SCOPE_PROFILE, "name", SCHEMA_LABEL, AT(site_profile, name), .needed = true, .shown = true,
	 .sample = "small", .help = "The profile's name."},
	{SCOPE_PROFILE, NULL, SCHEMA_INCLUDE, AT(site_profile, boot), .inner = SCOPE_BOOT},

	{SCOPE_FILE, "rules", SCHEMA_ITEMS, AT(site, rules), .inner = SCOPE_RULE,
	 .size = sizeof(struct site_rule),
	 .help = "Which machines get which profile; the first rule that fits wins."},
	{SCOPE_RULE, "match", SCHEMA_PAIRS, AT(site_rule, match), .shown = true,
	 .sample = "{arch: arm64}", .normal_help = "every machine",
	 .help = "What the machine must be: its labels and its rack's, and arch, platform, "
		 "manufacturer, product, rack, known (true or false)."},
	{SCOPE_RULE, "profile", SCHEMA_LABEL, AT(site_rule, profile), .shown = true,
	 .sample = "small", .help = "The profile such a machine gets."},
	{SCOPE_RULE, "approve", SCHEMA_FLAG, AT(site_rule, approve), .normal = "false",
	 .sample = "false",
	 .help = "true: a machine that is not in this file but fits is taken in without a person."},

	{SCOPE_FILE, "machines", SCHEMA_ITEMS, AT(site, machines), .inner = SCOPE_MACHINE,
	 .size = sizeof(struct site_machine),
	 .help = "The machines; files in machines.d/ hold more of them."},
	{SCOPE_MACHINE, "name", SCHEMA_LABEL, AT(site_machine, name), .needed = true, .shown = true,
	 .sample = "n1", .help = "The machine's name, and its node's."},
	{SCOPE_MACHINE, "mac", SCHEMA_LIST, AT(site_machine, macs), .each = SCHEMA_MAC,
	 .shown = true, .sample = "\"52:54:00:00:00:01\"",
	 .help = "The MAC address of its boot card, or a list of all it may boot from. "
		 "A machine needs a mac, uuid or serial to be known by."},
	{SCOPE_MACHINE, "uuid", SCHEMA_UUID, AT(site_machine, uuid),
	 .sample = "4c4c4544-0042-3510-8052-b4c04f4a4a32", .help = "Its system UUID (DMI)."},
	{SCOPE_MACHINE, "serial", SCHEMA_TEXT, AT(site_machine, serial), .most = 128,
	 .sample = "\"7FQ2V03\"", .help = "Its serial number (DMI)."},
	{SCOPE_MACHINE, "arch", SCHEMA_WORD, AT(site_machine, arch), .words = words_arch,
	 .normal = "any", .sample = "amd64",
	 .help = "Its architecture; any: what it says of itself."},
	{SCOPE_MACHINE, "rack", SCHEMA_LABEL, AT(site_machine, rack), .sample = "r1",
	 .help = "The rack it stands in."},
	{SCOPE_MACHINE, "address", SCHEMA_IP4, AT(site_machine, address), .sample = "10.9.0.11",
	 .normal_help = "one of the pool", .help = "An address reserved for it, outside the pool."},
	{SCOPE_MACHINE, "profile", SCHEMA_LABEL, AT(site_machine, profile), .sample = "small",
	 .normal_help = "by the rules", .help = "Its profile, named by hand."},
	{SCOPE_MACHINE, "labels", SCHEMA_PAIRS, AT(site_machine, labels), .sample = "{use: web}",
	 .help = "Words of your own that rules can match."},
	{SCOPE_MACHINE, NULL, SCHEMA_INCLUDE, AT(site_machine, boot), .inner = SCOPE_BOOT},
};

const size_t schema_nrows = sizeof(schema_rows) / sizeof(schema_rows[0]);

const struct schema_row *
schema_find(enum schema_scope scope, const char *key, size_t *ret_shift)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i], *inner;

		if (row->scope != scope)
			continue;
		if (row->type == SCHEMA_INCLUDE) {
			inner = schema_find(row->inner, key, ret_shift);
			if (inner) {
				*ret_shift += row->offset;
				return inner;
			}
		} else if (strcmp(row->key, key) == 0) {
			*ret_shift = 0;
			return row;
		}
	}
	return NULL;
}

static size_t
keys_add(enum schema_scope scope, const char *ret[SCHEMA_ROWS_MOST + 1], size_t count)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		if (schema_rows[i].scope != scope)
			continue;
		if (schema_rows[i].type == SCHEMA_INCLUDE) {
			count = keys_add(schema_rows[i].inner, ret, count);
			continue;
		}
		assert(count < SCHEMA_ROWS_MOST);
		ret[count++] = schema_rows[i].key;
	}
	return count;
}

void
schema_keys(enum schema_scope scope, const char *ret[SCHEMA_ROWS_MOST + 1])
{
	ret[keys_add(scope, ret, 0)] = NULL;
}

/* "Not said here": -1 for numbers; pointers are NULL already. */
static void
unsay(const struct schema_row *row, void *field)
{
	if (row->type == SCHEMA_WORD || row->type == SCHEMA_TRUTH)
		*(int *)field = -1;
	else if (row->type == SCHEMA_SIZE || row->type == SCHEMA_TIME)
		*(int64_t *)field = -1;
}

void
schema_defaults(enum schema_scope scope, void *base, bool inherit)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];
		char *field = (char *)base + row->offset;
		int code = 0;

		if (row->scope != scope)
			continue;
		if (row->type == SCHEMA_GROUP)
			schema_defaults(row->inner, base, inherit);
		else if (row->type == SCHEMA_INCLUDE)
			schema_defaults(row->inner, field, inherit);
		else if (scope == SCOPE_BOOT && inherit)
			unsay(row, field);
		else if (row->type == SCHEMA_LIST)
			((struct site_list *)(void *)field)->items = mem_new(sizeof(char *));
		else if (row->normal)
			code = schema_take(row, row->normal, field);
		assert(code == 0);
	}
}
