/*
 * The kernel's command line, read as a table of words that are ours: what iPXE's script wrote there
 * is all that stage 1 knows of its boot.  Pure: text in, struct out.
 */
#include "images/stage1/cmdline.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/net.h"
#include "lib/str.h"

#define DEADLINE_MOST_S 86400
#define WORD_MAX 512
#define FIELD_MAX 64

/* True if `text` is 1 to `most` characters of letters, digits and `more`. */
static bool
only(const char *text, size_t most, const char *more)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr(more, text[i]) == NULL)
			return false;
	}
	return len > 0 && len <= most;
}

static int
take_url(struct cmdline *ret, const char *value, struct err *err)
{
	size_t len = strlen(value);

	(void)err;
	while (len > 0 && value[len - 1] == '/')
		len--;
	if (!str_starts(value, "http://") || len <= strlen("http://") || len >= sizeof(ret->url) ||
	    !only(value, sizeof(ret->url) - 1, ":/.-_~[]%"))
		return -EINVAL;
	memcpy(ret->url, value, len);
	ret->url[len] = '\0';
	return 0;
}

static int
take_machine(struct cmdline *ret, const char *value, struct err *err)
{
	(void)err;
	if (value[0] != '\0' && (!str_is_name(value) || strlen(value) >= sizeof(ret->machine)))
		return -EINVAL;
	return str_copy(ret->machine, sizeof(ret->machine), value);
}

static int
take_nonce(struct cmdline *ret, const char *value, struct err *err)
{
	(void)err;
	if (!only(value, sizeof(ret->nonce) - 1, "-_"))
		return -EINVAL;
	return str_copy(ret->nonce, sizeof(ret->nonce), value);
}

static int
take_root(struct cmdline *ret, const char *value, struct err *err)
{
	(void)err;
	if (!hex_is_sha256(value) && !str_eq(value, "none"))
		return -EINVAL;
	return str_copy(ret->root, sizeof(ret->root), value);
}

static int
take_number(uint64_t *ret, const char *value)
{
	char *end;

	errno = 0;
	unsigned long long number = strtoull(value, &end, 10);
	if (!isdigit((unsigned char)value[0]) || *end != '\0' || errno != 0)
		return -EINVAL;
	*ret = number;
	return 0;
}

static int
take_size(struct cmdline *ret, const char *value, struct err *err)
{
	(void)err;
	return take_number(&ret->size, value);
}

static int
take_deadline(struct cmdline *ret, const char *value, struct err *err)
{
	uint64_t seconds;

	(void)err;
	if (take_number(&seconds, value) < 0 || seconds < 10 || seconds > DEADLINE_MOST_S)
		return -EINVAL;
	ret->deadline_s = seconds;
	return 0;
}

/* 01 is the hardware type of Ethernet in DHCP (RFC 2131), then comes the MAC. */
static int
take_bootif(struct cmdline *ret, const char *value, struct err *err)
{
	uint8_t mac[6];

	(void)err;
	if (!str_starts(value, "01-") || net_mac_parse(mac, value + 3) < 0)
		return -EINVAL;
	memcpy(ret->mac, mac, sizeof(mac));
	ret->has_mac = true;
	return 0;
}

/* The prefix of a mask such as 255.255.255.0, or -EINVAL when its ones do not stand together. */
static int
mask_prefix(uint32_t mask)
{
	int prefix = 0;

	while (prefix < 32 && (mask & (UINT32_C(1) << (31 - prefix))) != 0)
		prefix++;
	if (prefix == 0 || (prefix < 32 && (mask << prefix) != 0))
		return -EINVAL;
	return prefix;
}

/* One address field; an empty one leaves *ret at 0. */
static int
ip_address(uint32_t *ret, const char *field, const char *what, struct err *err)
{
	if (field[0] == '\0')
		return 0;
	if (net_ip4_parse(ret, field) < 0)
		return err_set(err, -EINVAL,
			       "kernel argument ip= has \"%s\" as %s, which is no IPv4 address",
			       field, what);
	return 0;
}

enum ip_field {
	IP_CLIENT, IP_SERVER, IP_GATEWAY, IP_MASK, IP_HOST, IP_DEVICE, IP_AUTOCONF, IP_DNS0,
	IP_DNS1, IP_NTP, IP_FIELDS
};

/* Cuts `value` at its colons; what lies behind the last field known is left out. */
static int
ip_cut(char ret[IP_FIELDS][FIELD_MAX], const char *value, struct err *err)
{
	memset(ret, 0, IP_FIELDS * sizeof(ret[0]));
	for (size_t i = 0; i < IP_FIELDS; i++) {
		size_t len = strcspn(value, ":");
		if (len >= FIELD_MAX)
			return err_set(err, -EINVAL,
				       "kernel argument ip= has a field of over %d characters",
				       FIELD_MAX - 1);
		memcpy(ret[i], value, len);
		if (value[len] == '\0')
			break;
		value += len + 1;
	}
	return 0;
}

static int
take_ip(struct cmdline *ret, const char *value, struct err *err)
{
	char field[IP_FIELDS][FIELD_MAX];
	struct cmdline_ip ip = {0};
	uint32_t mask = 0;

	if (strchr(value, ':') == NULL)
		return err_set(err, -EINVAL, "kernel argument ip=%s: stage 1 asks no DHCP server, "
			       "the script writes ip=<client>:<server>:<gw>:<mask>", value);
	if (ip_cut(field, value, err) < 0 ||
	    ip_address(&ip.client, field[IP_CLIENT], "client", err) < 0 ||
	    ip_address(&ip.server, field[IP_SERVER], "server", err) < 0 ||
	    ip_address(&ip.gateway, field[IP_GATEWAY], "gateway", err) < 0 ||
	    ip_address(&mask, field[IP_MASK], "mask", err) < 0)
		return -EINVAL;
	if (ip.client == 0)
		return err_set(err, -EINVAL, "kernel argument ip=%s has no client address", value);
	int prefix = mask_prefix(mask);
	if (prefix < 0)
		return err_set(err, -EINVAL, "kernel argument ip= has \"%s\" as mask; "
			       "one such as 255.255.255.0 is needed", field[IP_MASK]);
	ip.prefix = (uint8_t)prefix;
	if (str_copy(ip.host, sizeof(ip.host), field[IP_HOST]) < 0 ||
	    str_copy(ip.device, sizeof(ip.device), field[IP_DEVICE]) < 0)
		return err_set(err, -EINVAL,
			       "kernel argument ip= has a device name of over 15 characters");
	for (size_t i = 0; i < CMDLINE_DNS; i++) {
		if (ip_address(&ip.dns[ip.ndns], field[IP_DNS0 + i], "name server", err) < 0)
			return -EINVAL;
		ip.ndns += ip.dns[ip.ndns] != 0;
	}
	ret->ip = ip;
	ret->has_ip = true;
	return 0;
}

static const struct word {
	const char *name;
	int (*take)(struct cmdline *ret, const char *value, struct err *err);
	const char *must_be;	/* NULL: `take` says it */
} words[] = {
	{ "bootserver.url", take_url, "http://HOST[:PORT] of at most 255 characters" },
	{ "bootserver.machine", take_machine, "a host name of at most 63 characters" },
	{ "bootserver.nonce", take_nonce, "1 to 64 letters and digits" },
	{ "bootserver.root", take_root, "a SHA-256 in 64 lower-case digits, or none" },
	{ "bootserver.size", take_size, "a number of bytes" },
	{ "bootserver.deadline", take_deadline, "10 to 86400 seconds" },
	{ "BOOTIF", take_bootif, "01-aa-bb-cc-dd-ee-ff" },
	{ "ip", take_ip, NULL },
};

static int
take_word(struct cmdline *ret, char *text, struct err *err)
{
	char *value = strchr(text, '=');

	if (value == NULL)
		return 0;
	*value++ = '\0';
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const struct word *word = &words[i];
		if (strcmp(word->name, text) != 0)
			continue;
		int code = word->take(ret, value, err);
		if (code < 0 && word->must_be != NULL)
			err_set(err, code, "kernel argument %s must be %s, not \"%s\"",
				word->name, word->must_be, value);
		return code;
	}
	return 0;
}

/* Takes the next word, without its double quotes (the kernel's next_arg()), to `word`; returns what
 * is left.  A word too long for `word` is none of ours and becomes empty. */
static const char *
next_word(char word[WORD_MAX], const char *text)
{
	bool quoted = false;
	size_t len = 0;

	while (isspace((unsigned char)*text))
		text++;
	for (; *text != '\0' && (quoted || !isspace((unsigned char)*text)); text++) {
		if (*text == '"')
			quoted = !quoted;
		else if (len < WORD_MAX)
			word[len++] = *text;
	}
	word[len < WORD_MAX ? len : 0] = '\0';
	return text;
}

/* What a boot cannot do without. */
static int
check(struct cmdline *args, struct err *err)
{
	const struct {
		const char *name;
		bool missing;
	} needs[] = {
		{ "bootserver.url", args->url[0] == '\0' },
		{ "bootserver.nonce", args->nonce[0] == '\0' },
		{ "bootserver.root", args->root[0] == '\0' },
		{ "bootserver.size", args->size == 0 && !str_eq(args->root, "none") },
		{ "ip", !args->has_ip },
	};

	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (needs[i].missing)
			return err_set(err, -EINVAL, "kernel argument %s= is missing; "
				       "the boot server's script writes it", needs[i].name);
	}
	if (str_eq(args->root, "none"))
		args->root[0] = '\0';
	return 0;
}

int
cmdline_parse(struct cmdline *ret, const char *text, struct err *err)
{
	struct cmdline args = {0};
	char word[WORD_MAX];

	while (*text != '\0') {
		text = next_word(word, text);
		if (take_word(&args, word, err) < 0)
			return -EINVAL;
	}
	if (check(&args, err) < 0)
		return -EINVAL;
	*ret = args;
	return 0;
}
