/*
 * The syntax of what is handed on to Kubernetes and MetalLB: labels, taints, communities, pools.
 */
#include "site/terms.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net.h"
#include "lib/str.h"
#include "lib/words.h"

/* A name of `len` bytes as Kubernetes has it (validation.IsQualifiedName). */
static bool
is_name(const char *text, size_t len)
{
	if (len == 0 || len > 63)
		return false;
	for (size_t i = 0; i < len; i++) {
		bool inner = i > 0 && i < len - 1 && strchr("-_.", text[i]);

		if (text[i] == '\0' || (!isalnum((unsigned char)text[i]) && !inner))
			return false;
	}
	return true;
}

static bool
is_key(const char *text, size_t len)
{
	const char *slash = memchr(text, '/', len);
	char prefix[254];
	size_t head;

	if (!slash)
		return is_name(text, len);
	head = (size_t)(slash - text);
	if (head >= sizeof(prefix))
		return false;
	memcpy(prefix, text, head);
	prefix[head] = '\0';
	return str_is_name(prefix) && is_name(slash + 1, len - head - 1);
}

bool
term_is_key(const char *text)
{
	return is_key(text, strlen(text));
}

bool
term_is_value(const char *text)
{
	return !text[0] || is_name(text, strlen(text));
}

bool
term_is_taint(const char *text)
{
	static const char *const effects[] = {
		"NoSchedule", "PreferNoSchedule", "NoExecute", NULL
	};
	const char *colon = strrchr(text, ':'), *equals;
	size_t len;

	if (!colon)
		return false;
	len = (size_t)(colon - text);
	equals = memchr(text, '=', len);
	if (equals && colon - equals > 1 && !is_name(equals + 1, (size_t)(colon - equals) - 1))
		return false;
	if (!is_key(text, equals ? (size_t)(equals - text) : len))
		return false;
	for (size_t i = 0; effects[i]; i++)
		if (strcmp(effects[i], colon + 1) == 0)
			return true;
	return false;
}

bool
term_is_manifest(const char *text)
{
	const char *end = strrchr(text, '.');

	if (!end || (strcmp(end, ".yaml") != 0 && strcmp(end, ".yml") != 0 &&
		     strcmp(end, ".json") != 0))
		return false;
	return text[0] != '/' && !strstr(text, "..") && strlen(text) <= 255 &&
	       !words_bad_sign(text);
}

bool
term_is_community(const char *text)
{
	for (int part = 0; part < 2; part++) {
		size_t digits = strspn(text, "0123456789");

		if (digits == 0 || digits > 5 || atol(text) > 65535)
			return false;
		text += digits;
		if (part == 0 && *text++ != ':')
			return false;
	}
	return !*text;
}

int
term_range_parse(uint32_t *ret_first, uint32_t *ret_last, const char *text)
{
	uint32_t first, last;
	char left[64];
	size_t len = strcspn(text, "-");
	const char *right = text + len;

	if (!*right || len >= sizeof(left))
		return -EINVAL;
	memcpy(left, text, len);
	while (len > 0 && left[len - 1] == ' ')
		len--;
	left[len] = '\0';
	right += 1 + strspn(right + 1, " ");
	if (net_ip4_parse(&first, left) < 0 || net_ip4_parse(&last, right) < 0 || !first || !last)
		return -EINVAL;
	*ret_first = first;
	*ret_last = last;
	return 0;
}

int
term_pool_parse(uint32_t *ret_first, uint32_t *ret_last, const char *text)
{
	struct net_cidr cidr;

	if (!strchr(text, '/'))
		return term_range_parse(ret_first, ret_last, text);
	if (net_cidr_parse(&cidr, text) < 0 || cidr.address == 0)
		return -EINVAL;
	*ret_first = cidr.address & net_cidr_mask(&cidr);
	*ret_last = cidr.address | ~net_cidr_mask(&cidr);
	return 0;
}
