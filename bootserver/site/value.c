/*
 * The kinds of values a site file holds: how each is read from its text, and how it is named to a
 * person.  One table has a row a kind.
 */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "lib/words.h"
#include "site/schema.h"
#include "site/signs.h"
#include "site/site.h"
#include "site/terms.h"

static int
keep(char **field, const char *text)
{
	*field = str_dup(text);
	return 0;
}

static int
take_label(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	return str_is_label(text) ? keep(field, text) : -EINVAL;
}

static int
take_name(const struct schema_row *row, const char *text, void *field)
{
	if (row->most && strlen(text) > (size_t)row->most)
		return -EINVAL;
	return str_is_name(text) ? keep(field, text) : -EINVAL;
}

static bool
is_printable(const char *text, size_t most)
{
	size_t len = strlen(text);

	return len > 0 && len <= most && signs_are_clean(text) && !strchr(text, '\t');
}

static int
take_text(const struct schema_row *row, const char *text, void *field)
{
	bool good = is_printable(text, row->most ? (size_t)row->most : 256);

	return good || (row->least < 0 && !text[0]) ? keep(field, text) : -EINVAL;
}

static int
take_args(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	if (strlen(text) > 512 || words_bad_sign(text))
		return -EINVAL;
	return keep(field, text);
}

static int
take_interface(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	/* no pattern either, as systemd.network(5) and dnsmasq take one for a name */
	if (!is_printable(text, 15) || strpbrk(text, "/ :,*?[]!\"'\\") || text[0] == '.')
		return -EINVAL;
	return keep(field, text);
}

static int
take_image(const struct schema_row *row, const char *text, void *field)
{
	char name[64];
	size_t len = strcspn(text, "@");
	const char *digits = text + len + 1;

	(void)row;
	if (len >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, len);
	name[len] = '\0';
	if (!str_is_label(name))
		return -EINVAL;
	if (text[len] && (digits[0] < '1' || digits[0] > '9' || strlen(digits) > 9 ||
			  digits[strspn(digits, "0123456789")]))
		return -EINVAL;
	return keep(field, text);
}

/* The kernel's own names, as sda and nvme0n1, are given anew at each boot. */
static bool
is_kernel_disk(const char *text)
{
	static const char *const kinds[] = { "sd", "hd", "vd", "xvd", NULL };
	size_t len;

	for (size_t i = 0; kinds[i]; i++) {
		len = strlen(kinds[i]);
		if (str_starts(text, kinds[i]) && strlen(text) < len + 3 &&
		    strspn(text + len, "abcdefghijklmnopqrstuvwxyz") == strlen(text + len))
			return true;
	}
	len = str_starts(text, "nvme") ? 4 + strspn(text + 4, "0123456789") : 0;
	return len > 4 && text[len] == 'n' &&
	       strspn(text + len + 1, "0123456789") == strlen(text + len + 1);
}

static int
take_disk(const struct schema_row *row, const char *text, void *field)
{
	static const char folder[] = "/dev/disk/by-id/";

	(void)row;
	if (str_starts(text, folder))
		text += sizeof(folder) - 1;
	if (!text[0] || strlen(text) > 255 || strpbrk(text, "/ ") || words_bad_sign(text))
		return -EINVAL;
	return is_kernel_disk(text) ? -EINVAL : keep(field, text);
}

static int
take_uuid(const struct schema_row *row, const char *text, void *field)
{
	char lower[37];

	(void)row;
	if (strlen(text) != 36)
		return -EINVAL;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return -EINVAL;
		lower[i] = (char)tolower((unsigned char)text[i]);
	}
	lower[36] = '\0';
	return keep(field, lower);
}

static int
take_mac(const struct schema_row *row, const char *text, void *field)
{
	char normal[NET_MAC_TEXT];

	(void)row;
	return net_mac_normal(normal, text) == 0 ? keep(field, normal) : -EINVAL;
}

static int
take_ip4(const struct schema_row *row, const char *text, void *field)
{
	uint32_t address;

	(void)row;
	if (net_ip4_parse(&address, text) < 0 || address == 0)
		return -EINVAL;
	*(uint32_t *)field = address;
	return 0;
}

static int
take_ip4_text(const struct schema_row *row, const char *text, void *field)
{
	uint32_t address;

	return take_ip4(row, text, &address) == 0 ? keep(field, text) : -EINVAL;
}

static int
take_cidr(const struct schema_row *row, const char *text, void *field)
{
	struct net_cidr cidr;

	(void)row;
	if (!strchr(text, '/') || net_cidr_parse(&cidr, text) < 0 || cidr.address == 0)
		return -EINVAL;
	*(struct net_cidr *)field = cidr;
	return 0;
}

static int
take_subnet(const struct schema_row *row, const char *text, void *field)
{
	struct net_cidr cidr;

	if (take_cidr(row, text, &cidr) < 0 || cidr.address & ~net_cidr_mask(&cidr))
		return -EINVAL;
	*(struct net_cidr *)field = cidr;
	return 0;
}

static int
take_range(const struct schema_row *row, const char *text, void *field)
{
	uint32_t *ret = field;

	(void)row;
	return term_range_parse(&ret[0], &ret[1], text);
}

/* A file below the site directory that holds Kubernetes' objects. */
static int
take_file(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	return term_is_manifest(text) ? keep(field, text) : -EINVAL;
}

/* What cloud-init takes as user data begins in one of these ways (its manual, «User data
 * formats»); else it passes it over with no more than a line in its log. */
static int
take_user_data(const struct schema_row *row, const char *text, void *field)
{
	static const char *const heads[] = {
		"#cloud-config\n", "#!", "#include\n", "#include-once\n", "#cloud-boothook\n",
		"#cloud-config-archive\n", "## template: jinja\n", "Content-Type: multipart/",
		"MIME-Version: ", NULL
	};
	size_t len = strlen(text);

	if (len > (size_t)row->most)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' && !strchr("\n\t", text[i]))
			return -EINVAL;
	for (size_t i = 0; heads[i]; i++)
		if (str_starts(text, heads[i]))
			return keep(field, text);
	return -EINVAL;
}

static int
take_nic(const struct schema_row *row, const char *text, void *field)
{
	return take_mac(row, text, field) == 0 ? 0 : take_interface(row, text, field);
}

static int
take_cidr_text(const struct schema_row *row, const char *text, void *field)
{
	struct net_cidr cidr;

	return take_cidr(row, text, &cidr) == 0 ? keep(field, text) : -EINVAL;
}

static int
take_pool(const struct schema_row *row, const char *text, void *field)
{
	uint32_t first, last;

	(void)row;
	return term_pool_parse(&first, &last, text) == 0 ? keep(field, text) : -EINVAL;
}

static int
take_community(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	return term_is_community(text) ? keep(field, text) : -EINVAL;
}

static int
take_taint(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	return term_is_taint(text) ? keep(field, text) : -EINVAL;
}

static int
take_value(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	return text[0] && term_is_value(text) ? keep(field, text) : -EINVAL;
}

/* One line of authorized_keys without options: TYPE BASE64 [COMMENT]. */
static int
take_ssh_key(const struct schema_row *row, const char *text, void *field)
{
	static const char *const kinds[] = { "ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-", NULL };
	const char *key = strchr(text, ' ');
	size_t len;
	bool known = false;

	(void)row;
	for (size_t i = 0; kinds[i]; i++)
		known |= str_starts(text, kinds[i]);
	if (!known || !key || !is_printable(text, 16384))
		return -EINVAL;
	len = strspn(key + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
	if (len < 60 || !str_starts(key + 1, "AAAA") || (key[1 + len] && key[1 + len] != ' '))
		return -EINVAL;
	return keep(field, text);
}

static int
word_ordinal(const struct schema_row *row, const char *text)
{
	for (int i = 0; row->words[i]; i++)
		if (strcmp(row->words[i], text) == 0)
			return i;
	return -EINVAL;
}

static int
take_choice(const struct schema_row *row, const char *text, void *field)
{
	return word_ordinal(row, text) >= 0 ? keep(field, text) : -EINVAL;
}

static int
take_word(const struct schema_row *row, const char *text, void *field)
{
	int ordinal = word_ordinal(row, text);

	if (ordinal < 0)
		return -EINVAL;
	*(int *)field = ordinal;
	return 0;
}

static int
take_bits(const struct schema_row *row, const char *text, void *field)
{
	int ordinal = word_ordinal(row, text);

	if (ordinal < 0)
		return -EINVAL;
	*(int *)field |= 1 << ordinal;
	return 0;
}

static int
take_truth(const struct schema_row *row, const char *text, void *field)
{
	(void)row;
	if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return -EINVAL;
	*(int *)field = text[0] == 't';
	return 0;
}

static int
take_flag(const struct schema_row *row, const char *text, void *field)
{
	int truth;

	if (take_truth(row, text, &truth) < 0)
		return -EINVAL;
	*(bool *)field = truth;
	return 0;
}

struct unit {
	const char *name;
	int64_t times;
};

static const struct unit units_size[] = {
	{ "TiB", INT64_C(1) << 40 }, { "GiB", INT64_C(1) << 30 }, { "MiB", INT64_C(1) << 20 },
	{ "KiB", INT64_C(1) << 10 }, { "", 1 }, { NULL }
};
static const struct unit units_none[] = { { "", 1 }, { NULL } };
static const struct unit units_time[] = {
	{ "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 }, { "", 1 }, { NULL }
};

/* Digits and a unit, within the row's range. */
static int
take_number(const struct schema_row *row, const struct unit *units, const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	int64_t number;

	if (digits == 0 || digits > 16)
		return -EINVAL;
	number = strtoll(text, NULL, 10);
	text += digits;
	text += strspn(text, " ");
	for (; units->name; units++)
		if (strcmp(units->name, text) == 0)
			break;
	if (!units->name || number > row->most / units->times || number * units->times < row->least)
		return -EINVAL;
	*ret = number * units->times;
	return 0;
}

static int
take_plain(const struct schema_row *row, const char *text, void *field)
{
	return take_number(row, units_none, text, field);
}

static int
take_port(const struct schema_row *row, const char *text, void *field)
{
	int64_t number;

	if (take_number(row, units_none, text, &number) < 0)
		return -EINVAL;
	*(uint16_t *)field = (uint16_t)number;
	return 0;
}

static int
take_size(const struct schema_row *row, const char *text, void *field)
{
	return take_number(row, units_size, text, field);
}

/* "100GiB-", "-4TiB", "100GiB-4TiB". */
static int
take_sizes(const struct schema_row *row, const char *text, void *field)
{
	int64_t *ret = field, least = 0, most = 0;
	size_t len = strcspn(text, "-");
	const char *right = text + len + 1;
	char left[32];

	if (!text[len] || len >= sizeof(left))
		return -EINVAL;
	memcpy(left, text, len);
	while (len > 0 && left[len - 1] == ' ')
		len--;
	left[len] = '\0';
	right += strspn(right, " ");
	if ((left[0] && take_number(row, units_size, left, &least) < 0) ||
	    (right[0] && take_number(row, units_size, right, &most) < 0) ||
	    (!left[0] && !right[0]) || (most && least > most))
		return -EINVAL;
	ret[0] = least;
	ret[1] = most;
	return 0;
}

static int
take_time(const struct schema_row *row, const char *text, void *field)
{
	return take_number(row, units_time, text, field);
}

/* "64GiB": the largest unit that divides it. */
static char *
number_format(int64_t number, const struct unit *units)
{
	while (units->times > 1 && number % units->times)
		units++;
	return str_format("%" PRId64 "%s", number / units->times, units->name);
}

static const struct {
	int (*take)(const struct schema_row *row, const char *text, void *field);
	const char *what;	/* "must be …" */
	const struct unit *units;	/* the range of the row is told in these */
} types[SCHEMA_TYPES] = {
	[SCHEMA_GROUP] = {NULL, "a mapping, see below"},
	[SCHEMA_ITEMS] = {NULL, "a list of mappings, see below"},
	[SCHEMA_INCLUDE] = {NULL, ""},
	[SCHEMA_REFUSED] = {NULL, "refused"},
	[SCHEMA_LIST] = {NULL, "one or a list of: "},
	[SCHEMA_PAIRS] = {NULL, "words and their values"},
	[SCHEMA_VALUES] = {NULL, "words and values of any shape"},
	[SCHEMA_LABEL] = {take_label,
			  "a name of a-z, 0-9 and '-' (at most 63, '-' not at the ends)"},
	[SCHEMA_NAME] = {take_name, "a domain name in small letters, as lab.internal"},
	[SCHEMA_TEXT] = {take_text, "a short line of text"},
	[SCHEMA_ARGS] = {take_args, "at most 512 signs of A-Z a-z 0-9 space . _ : / = , @ + % ~ -"},
	[SCHEMA_INTERFACE] = {take_interface, "the name of a network interface, as eno1"},
	[SCHEMA_IMAGE] = {take_image, "NAME or NAME@GENERATION, as edge or edge@3"},
	[SCHEMA_DISK] = {take_disk, "a name below /dev/disk/by-id/, as ata-SSD_1234"},
	[SCHEMA_UUID] = {take_uuid, "a UUID, as 4c4c4544-0042-3510-8052-b4c04f4a4a32"},
	[SCHEMA_MAC] = {take_mac, "a MAC address, as 52:54:00:00:00:01"},
	[SCHEMA_IP4_TEXT] = {take_ip4_text, "an IPv4 address, as 10.9.0.1"},
	[SCHEMA_SSH_KEY] = {take_ssh_key,
			    "a public key as in authorized_keys, as ssh-ed25519 AAAA…"},
	[SCHEMA_FILE] = {take_file, "a file in the site directory that ends in .yaml, .yml or "
				    ".json, as manifests/own.yaml"},
	[SCHEMA_USER_DATA] = {take_user_data,
			      "at most 32 KiB of cloud-init's user data, which begin with a line "
			      "as #cloud-config or #!/bin/sh"},
	[SCHEMA_NIC] = {take_nic, "boot, a MAC address as 52:54:00:00:00:01, or the name of an "
				  "interface, as eno1"},
	[SCHEMA_CIDR_TEXT] = {take_cidr_text,
			      "an address with its prefix length, as 10.20.0.11/24"},
	[SCHEMA_POOL] = {take_pool, "a range as 10.9.0.200-10.9.0.220 or a subnet as 10.9.1.0/28"},
	[SCHEMA_COMMUNITY] = {take_community, "a community of two numbers up to 65535, as "
					      "\"64512:100\" (large ones are FRR's)"},
	[SCHEMA_TAINT] = {take_taint, "KEY=VALUE:EFFECT or KEY:EFFECT with the effect NoSchedule, "
				      "PreferNoSchedule or NoExecute"},
	[SCHEMA_VALUE] = {take_value, "a word of at most 63 letters, digits, '-', '_' and '.', "
				      "letters or digits at the ends"},
	[SCHEMA_CHOICE] = {take_choice, "one of "},
	[SCHEMA_WORD] = {take_word, "one of "},
	[SCHEMA_BITS] = {take_bits, "one or a list of "},
	[SCHEMA_TRUTH] = {take_truth, "true or false"},
	[SCHEMA_FLAG] = {take_flag, "true or false"},
	[SCHEMA_PORT] = {take_port, "a number", units_none},
	[SCHEMA_NUMBER] = {take_plain, "a number", units_none},
	[SCHEMA_IP4] = {take_ip4, "an IPv4 address, as 10.9.0.1"},
	[SCHEMA_CIDR] = {take_cidr, "an address with its prefix length, as 10.9.0.1/24"},
	[SCHEMA_SUBNET] = {take_subnet, "a subnet with its prefix length, as 10.244.0.0/16"},
	[SCHEMA_RANGE] = {take_range, "two IPv4 addresses, as 10.9.0.100-10.9.0.199"},
	[SCHEMA_SIZE] = {take_size, "a size in KiB, MiB, GiB or TiB", units_size},
	[SCHEMA_SIZES] = {take_sizes,
			  "a span of sizes in MiB, GiB or TiB, as 100GiB-, -4TiB or 100GiB-4TiB"},
	[SCHEMA_TIME] = {take_time, "a time as 90s, 30m, 12h or 7d", units_time},
};

int
schema_take(const struct schema_row *row, const char *text, void *field)
{
	return types[row->type].take(row, text, field);
}

char *
schema_describe(const struct schema_row *row)
{
	enum schema_type type = row->type;
	struct buf buf;

	buf_init(&buf);
	if (row->brief)
		buf_format(&buf, "one word (that of %s), or ", row->brief);
	buf_text(&buf, types[type].what);
	if (type == SCHEMA_LIST) {
		struct schema_row each = *row;
		char *what;

		each.type = row->each;
		what = schema_describe(&each);
		buf_text(&buf, what);
		free(what);
	} else if (row->words && type != SCHEMA_REFUSED) {
		for (size_t i = 0; row->words[i]; i++)
			buf_format(&buf, "%s%s", i ? ", " : "", row->words[i]);
	} else if ((type == SCHEMA_TEXT || type == SCHEMA_NAME) && row->most) {
		buf_format(&buf, " (at most %d signs)", (int)row->most);
	} else if (types[type].units) {
		char *least = number_format(row->least, types[type].units);
		char *most = number_format(row->most, types[type].units);

		buf_format(&buf, " from %s to %s", least, most);
		free(least);
		free(most);
	}
	return buf.text;
}
