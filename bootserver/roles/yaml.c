/* YAML written from JSON trees: see yaml.h. */
#include "roles/yaml.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void add_map(struct buf *text, const json_t *map, int indent, bool inline_first);
static void add_list(struct buf *text, const json_t *list, int indent);

/* Words that YAML 1.1, which Kubernetes' parser half follows, reads as something else. */
static bool
is_reserved(const char *word)
{
	static const char *const words[] = { "true", "false", "yes", "no", "on", "off", "y", "n",
					     "null" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(word, words[i]) == 0)
			return true;
	return false;
}

/* A text that needs no quotes: a letter or a slash, then a closed set of signs; a colon only where
 * no blank and no end follows it. */
static bool
is_plain(const char *word)
{
	if (!isalpha((unsigned char)word[0]) && word[0] != '/')
		return false;
	for (const char *at = word; *at != '\0'; at++) {
		if (*at == ':' && isalnum((unsigned char)at[1]))
			continue;
		if (!isalnum((unsigned char)*at) && strchr("._/-", *at) == NULL)
			return false;
	}
	return !is_reserved(word);
}

/* Several lines that a literal block keeps as they are. */
static bool
is_block(const char *word)
{
	const char *end = strchr(word, '\n');

	if (end == NULL || word[0] == ' ' || word[0] == '\n')
		return false;
	for (const char *at = word; *at != '\0'; at++)
		if (*at != '\n' && (*at < ' ' || *at > '~'))
			return false;
	end = word + strlen(word);
	return end[-1] != '\n' || end[-2] != '\n';
}

static void
add_spaces(struct buf *text, int count)
{
	for (int i = 0; i < count; i++)
		buf_add(text, " ", 1);
}

static void
add_block(struct buf *text, const char *word, int indent)
{
	buf_text(text, word[strlen(word) - 1] == '\n' ? "|\n" : "|-\n");
	while (*word != '\0') {
		size_t len = strcspn(word, "\n");

		if (len > 0)
			add_spaces(text, indent);
		buf_add(text, word, len);
		buf_add(text, "\n", 1);
		word += len + (word[len] == '\n');
	}
}

/* A JSON string is a YAML one (YAML 1.2, 7.3.1); in ASCII, as YAML breaks lines at U+2028. */
static void
add_quoted(struct buf *text, const json_t *value)
{
	char *quoted = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);

	if (quoted == NULL)
		abort();
	buf_text(text, quoted);
	free(quoted);
}

static void
add_scalar(struct buf *text, const json_t *value, int indent)
{
	const char *word = json_string_value(value);

	if (word != NULL && strlen(word) == json_string_length(value) && is_plain(word))
		buf_text(text, word);
	else if (word != NULL && strlen(word) == json_string_length(value) && is_block(word))
		add_block(text, word, indent);
	else
		add_quoted(text, value);
	if (text->text[text->len - 1] != '\n')
		buf_add(text, "\n", 1);
}

/* What stands behind "key:". */
static void
add_value(struct buf *text, const json_t *value, int indent)
{
	if (json_object_size(value) > 0) {
		buf_add(text, "\n", 1);
		add_map(text, value, indent + 2, false);
	} else if (json_array_size(value) > 0) {
		buf_add(text, "\n", 1);
		add_list(text, value, indent);
	} else {
		buf_add(text, " ", 1);
		add_scalar(text, value, indent + 2);
	}
}

static void
add_key(struct buf *text, const char *key)
{
	json_t *word = json_string(key);

	if (is_plain(key))
		buf_text(text, key);
	else
		add_quoted(text, word);
	buf_add(text, ":", 1);
	json_decref(word);
}

static void
add_map(struct buf *text, const json_t *map, int indent, bool inline_first)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)map, key, value) {
		add_spaces(text, inline_first ? 0 : indent);
		inline_first = false;
		add_key(text, key);
		add_value(text, value, indent);
	}
}

static void
add_list(struct buf *text, const json_t *list, int indent)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item) {
		add_spaces(text, indent);
		buf_text(text, "- ");
		if (json_object_size(item) > 0)
			add_map(text, item, indent + 2, true);
		else
			add_scalar(text, item, indent + 2);	/* no list of lists is needed */
	}
}

void
yaml_add(struct buf *text, const json_t *document)
{
	buf_text(text, "---\n");
	add_map(text, document, 0, false);
}

json_t *
yaml_pack(const char *fmt, ...)
{
	json_t *value;
	va_list ap;

	va_start(ap, fmt);
	value = json_vpack_ex(NULL, 0, fmt, ap);
	va_end(ap);
	if (value == NULL)
		abort();
	return value;
}

json_t *
yaml_object(const char *api, const char *kind, const char *space, const char *name)
{
	json_t *object = yaml_pack("{s:s, s:s, s:{s:s}}", "apiVersion", api, "kind", kind,
				   "metadata", "name", name);

	if (space != NULL)
		yaml_set(json_object_get(object, "metadata"), "namespace", json_string(space));
	return object;
}

json_t *
yaml_append(json_t *list, json_t *element)
{
	if (json_array_append_new(list, element) < 0)
		abort();
	return element;
}

json_t *
yaml_set(json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0)
		abort();
	return value;
}
