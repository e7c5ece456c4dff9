/* Signs that foreign text must not bring to a terminal: see signs.h. */
#include "site/signs.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

/* What is no text, beside the tab among C0. */
static const struct {
	unsigned first, last;
} orders[] = {
	{ 0x00, 0x08 }, { 0x0a, 0x1f }, { 0x7f, 0x9f },	/* C0, DEL and C1 (ISO/IEC 6429) */
	{ 0x061c, 0x061c }, { 0x200b, 0x200f },		/* direction, width zero */
	{ 0x2028, 0x202e }, { 0x2060, 0x206f },		/* ends of lines, overrides, isolates */
	{ 0xfeff, 0xfeff },				/* width zero (the byte order mark) */
};

/* How many bytes the sign at `at` has, and its number; what is no UTF-8 is a NUL of one byte. */
static size_t
sign_at(const char *at, unsigned *ret)
{
	const unsigned char *byte = (const unsigned char *)at;
	size_t len = byte[0] < 0x80 ? 1 : byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 :
		     byte[0] < 0xf0 ? 3 : byte[0] < 0xf5 ? 4 : 0;

	*ret = len > 1 ? byte[0] & (0x7fU >> len) : byte[0];
	for (size_t i = 1; i < len; i++) {
		if ((byte[i] & 0xc0) != 0x80)
			len = 0;
		*ret = *ret << 6 | (byte[i] & 0x3f);
	}
	if (len > 0)
		return len;
	*ret = 0;
	return 1;
}

static bool
is_order(unsigned sign)
{
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
		if (sign >= orders[i].first && sign <= orders[i].last)
			return true;
	return false;
}

void
signs_clean(char *text, char instead)
{
	char *to = text;
	unsigned sign;
	size_t len;

	for (; *text; text += len) {
		len = sign_at(text, &sign);
		if (is_order(sign)) {
			*to++ = instead;
			continue;
		}
		memmove(to, text, len);
		to += len;
	}
	*to = '\0';
}

bool
signs_are_clean(const char *text)
{
	unsigned sign;
	size_t len;

	for (; *text; text += len) {
		len = sign_at(text, &sign);
		if (is_order(sign))
			return false;
	}
	return true;
}

static void
clean_string(json_t *value)
{
	char *text;

	if (signs_are_clean(json_string_value(value)))
		return;
	text = str_dup(json_string_value(value));
	signs_clean(text, ' ');
	json_string_set(value, text);
	free(text);
}

void
signs_clean_json(json_t *value)
{
	const char *key;
	json_t *part;
	size_t i;

	if (json_is_string(value))
		clean_string(value);
	json_array_foreach(value, i, part)
		signs_clean_json(part);
	json_object_foreach(value, key, part)
		signs_clean_json(part);
}
