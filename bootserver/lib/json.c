/* Shorthand over jansson: see json.h. */
#include "lib/json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

const char *
json_str(const json_t *object, const char *key, const char *otherwise)
{
	const json_t *value = object ? json_object_get(object, key) : NULL;

	return json_is_string(value) ? json_string_value(value) : otherwise;
}

int64_t
json_num(const json_t *object, const char *key, int64_t otherwise)
{
	const json_t *value = object ? json_object_get(object, key) : NULL;

	return json_is_integer(value) ? json_integer_value(value) : otherwise;
}

bool
json_flag(const json_t *object, const char *key, bool otherwise)
{
	const json_t *value = object ? json_object_get(object, key) : NULL;

	return json_is_boolean(value) ? json_is_true(value) : otherwise;
}

bool
json_is_kind(const json_t *value, char kind)
{
	switch (kind) {
	case 's': return json_is_string(value);
	case 'i': return json_is_integer(value);
	case 'o': return json_is_object(value);
	case 'a': return json_is_array(value);
	case 'b': return json_is_boolean(value);
	}
	return false;
}

int
json_check(const char *key, const json_t *value, const char *takes, struct err *err)
{
	static const char *const words[] = { "sa text", "ia whole number", "oan object", "aa list",
					     "btrue or false" };
	size_t len = strlen(key);

	for (const char *at = takes; *at; at += strcspn(at, " "), at += *at == ' ') {
		if (strncmp(at, key, len) != 0 || at[len] != ':')
			continue;
		if (json_is_kind(value, at[len + 1]))
			return 0;
		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			if (words[i][0] == at[len + 1])
				return err_set(err, -EINVAL, "\"%s\" is to be %s", key,
					       words[i] + 1);
	}
	return err_set(err, -EINVAL, "no member \"%.40s\" is taken here", key);
}

/* The object takes the value over; only memory running out can fail, or text that is not UTF-8,
 * which becomes an empty string rather than a lost message. */
static void
put(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value ? value : json_string("")) < 0)
		abort();
}

void
json_put(json_t *object, const char *key, const char *value)
{
	if (value)
		put(object, key, json_string(value));
}

void
json_put_num(json_t *object, const char *key, int64_t value)
{
	put(object, key, json_integer(value));
}

void
json_put_flag(json_t *object, const char *key, bool value)
{
	put(object, key, json_boolean(value));
}

int
json_parse(json_t **ret, const char *text, size_t len, struct err *err)
{
	json_error_t at;
	json_t *value = json_loadb(text, len, JSON_REJECT_DUPLICATES, &at);

	if (!value) {
		err_set(err, -EBADMSG, "not JSON: %s", at.text);
		err->line = at.line;
		err->column = at.column;
		return -EBADMSG;
	}
	*ret = value;
	return 0;
}

static char *
dump(const json_t *value, size_t flags, size_t *ret_len)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | flags);

	if (!text)
		abort();
	if (ret_len)
		*ret_len = strlen(text);
	return text;
}

char *
json_text(const json_t *value, size_t *ret_len)
{
	return dump(value, JSON_SORT_KEYS, ret_len);
}

char *
json_text_unsorted(const json_t *value, size_t *ret_len)
{
	return dump(value, 0, ret_len);
}
