/* Which bytes of a file a client asks for: see range.h.  Pure; reads one header value at a time. */
#include "web/range.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Reads digits at *at and moves it behind them; false without a digit.  Too large: UINT64_MAX. */
static bool
digits(const char **at, uint64_t *ret)
{
	const char *start = *at;
	uint64_t number = 0;

	for (; **at >= '0' && **at <= '9'; (*at)++) {
		uint64_t digit = (uint64_t)(**at - '0');

		if (number > (UINT64_MAX - digit) / 10)
			number = UINT64_MAX;
		else
			number = number * 10 + digit;
	}
	*ret = number;
	return *at > start;
}

static void
blanks(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

/* The bytes first..last (inclusive) of `size`. */
static enum range_kind
cut(uint64_t first, uint64_t last, uint64_t size, uint64_t out[2])
{
	if (first >= size)
		return RANGE_NONE;
	if (last >= size)
		last = size - 1;
	out[0] = first;
	out[1] = last - first + 1;
	return RANGE_PART;
}

/* first-last, first- or -suffix, then the end of the value. */
static enum range_kind
one_range(const char *at, uint64_t size, uint64_t out[2])
{
	uint64_t first = 0, last = UINT64_MAX;
	bool has_first, has_last;

	has_first = digits(&at, &first);
	if (*at++ != '-')
		return RANGE_WHOLE;
	has_last = digits(&at, &last);
	if (!has_last)
		last = UINT64_MAX;
	blanks(&at);
	if (*at != '\0' || (!has_first && !has_last) || (has_first && last < first))
		return RANGE_WHOLE;
	if (has_first)
		return cut(first, last, size, out);
	if (last == 0 || size == 0)
		return RANGE_NONE;
	return cut(last >= size ? 0 : size - last, UINT64_MAX, size, out);
}

enum range_kind
range_parse(const char *text, uint64_t size, uint64_t *ret_first, uint64_t *ret_len)
{
	enum range_kind kind;
	uint64_t out[2];

	if (!text || strncasecmp(text, "bytes=", 6) != 0)
		return RANGE_WHOLE;
	text += 6;
	blanks(&text);
	kind = one_range(text, size, out);
	if (kind == RANGE_PART) {
		*ret_first = out[0];
		*ret_len = out[1];
	}
	return kind;
}

/* `weak`: W/ before a tag does not matter. */
static bool
is_listed(const char *list, const char *etag, bool weak)
{
	size_t len = strlen(etag);

	while (*list) {
		while (*list == ' ' || *list == '\t' || *list == ',')
			list++;
		if (*list == '*')
			return true;
		if (weak && strncmp(list, "W/", 2) == 0)
			list += 2;
		if (strncmp(list, etag, len) == 0)
			return true;
		if (*list == '"')	/* over a tag that may hold commas */
			list += 1 + strcspn(list + 1, "\"");
		list += strcspn(list, ",");
	}
	return false;
}

bool
range_etag_listed(const char *list, const char *etag)
{
	return list && is_listed(list, etag, true);
}

bool
range_if_match(const char *list, const char *etag)
{
	return !list || is_listed(list, etag, false);
}

bool
range_if_holds(const char *value, const char *etag)
{
	return !value || strcmp(value, etag) == 0;
}
