/* What strangers say of themselves, made fit for the engine: see claims.h. */
#include "web/claims.h"

#include <ctype.h>
#include <string.h>

#include "lib/json.h"
#include "lib/net.h"

/* Each shape brings `text` (already printable) into its one form in place, or refuses it. */
static bool
shape_text(char *text)
{
	(void)text;
	return true;
}

static bool
shape_mac(char *text)
{
	char normal[NET_MAC_TEXT];

	if (net_mac_normal(normal, text) < 0)
		return false;
	memcpy(text, normal, sizeof(normal));
	return true;
}

/* 8-4-4-4-12 hex digits (RFC 9562), lower case. */
static bool
shape_uuid(char *text)
{
	if (strlen(text) != 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		text[i] = (char)tolower((unsigned char)text[i]);
		if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

/* iPXE's ${buildarch}, ${platform}: up to 16 of a-z 0-9 _ - */
static bool
shape_word(char *text)
{
	return strlen(text) <= 16 &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(text);
}

static const struct {
	const char *name;
	bool (*shape)(char *text);
} known[] = {
	{ "mac", shape_mac },
	{ "uuid", shape_uuid },
	{ "serial", shape_text },
	{ "asset", shape_text },
	{ "manufacturer", shape_text },
	{ "product", shape_text },
	{ "arch", shape_word },
	{ "platform", shape_word },
	{ "cpu64", shape_word },
	{ "lldp", shape_text },
	{ "version", shape_text },
	{ NULL, NULL }
};

const char *
claims_name(size_t number)
{
	return known[number].name;
}

void
claims_clean(char *ret, size_t size, const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len && i + 1 < size; i++)
		ret[i] = value[i] >= 0x20 && value[i] <= 0x7e ? value[i] : '_';
	ret[i] = '\0';
}

/* Blanks around a value say nothing: firmware likes to pad its strings. */
static char *
trimmed(char *text)
{
	size_t len;

	text += strspn(text, " ");
	for (len = strlen(text); len > 0 && text[len - 1] == ' '; len--)
		text[len - 1] = '\0';
	return text;
}

bool
claims_take(json_t *claims, const char *name, const char *value, size_t len)
{
	char clean[CLAIMS_TEXT + 1 + NET_MAC_TEXT];	/* room to rewrite a short MAC in place */
	char *text;

	if (!name || !value)
		return false;
	for (size_t i = 0; known[i].name; i++) {
		if (strcmp(known[i].name, name) != 0)
			continue;
		claims_clean(clean, CLAIMS_TEXT + 1, value, len);
		text = trimmed(clean);
		if (*text == '\0' || json_object_get(claims, name) || !known[i].shape(text))
			return false;
		json_put(claims, name, text);
		return true;
	}
	return false;
}

bool
claims_is_nonce(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len >= 16 && len <= 64 && strspn(text, "0123456789abcdef") == len;
}
