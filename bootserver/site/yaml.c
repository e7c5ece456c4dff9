/*
 * What site/ needs of libfyaml: one document of a source, its faults of syntax as findings, and the
 * places of its nodes.  Works with libfyaml 0.7 and 0.9.
 */
#include "site/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "lib/str.h"
#include "site/findings.h"

struct yaml {
	struct fy_diag *diag;
	struct fy_parser *parser;
	struct fy_document *document;	/* NULL: nothing in it */
};

/* The length of the UTF-8 sequence at `at` (RFC 3629), 0 if it is none. */
static size_t
utf8_sequence(const unsigned char *at, size_t len)
{
	size_t more = at[0] < 0x80 ? 0 : at[0] >= 0xc2 && at[0] < 0xe0 ? 1 :
		      (at[0] & 0xf0) == 0xe0 ? 2 : at[0] >= 0xf0 && at[0] < 0xf5 ? 3 : 9;

	if (more >= len)
		return 0;
	for (size_t i = 1; i <= more; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	if ((at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] >= 0xa0) ||
	    (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))
		return 0;
	return more + 1;
}

static bool
is_text(const struct site_source *source, int file, struct site_findings *findings)
{
	const unsigned char *text = (const unsigned char *)source->text;
	struct site_place place = { .file = file, .line = 1, .column = 1 };
	size_t at = 0, step;

	for (; at < source->len; at += step) {
		step = utf8_sequence(text + at, source->len - at);
		if (step == 0 || text[at] == '\0') {
			site_find_error(findings, &place, "the byte 0x%02x is no text: files are "
					"written in UTF-8", text[at]);
			return false;
		}
		place.column++;
		if (text[at] == '\n') {
			place.line++;
			place.column = 1;
		}
	}
	return true;
}

/* What libfyaml complains of; true if it did. */
static bool
tell_syntax(struct yaml *yaml, int file, struct site_findings *findings)
{
	struct site_place place = { .file = file };
	struct fy_diag_error *e;
	void *at = NULL;
	bool any = false;

	while ((e = fy_diag_errors_iterate(yaml->diag, &at))) {
		if (e->type < FYET_ERROR)
			continue;
		place.line = e->line > 0 ? e->line : 1;
		place.column = e->column > 0 ? e->column : 1;
		site_find_error(findings, &place, "not valid YAML: %.*s",
				(int)strcspn(e->msg, "\n"), e->msg);
		any = true;
	}
	if (!any && fy_parser_get_stream_error(yaml->parser)) {
		site_find_error(findings, &place, "not valid YAML");
		any = true;
	}
	return any;
}

/* The line where a second document begins: at the second "---", or after "...".  1: it cannot be
 * told. */
static int
second_line(const struct site_source *source)
{
	const char *at = source->text, *end = at + source->len;
	bool begun = false, over = false;

	for (int line = 1; at < end; line++) {
		size_t left = (size_t)(end - at), len = 0;
		const char *newline = memchr(at, '\n', left);
		bool dashes = left >= 3 && memcmp(at, "---", 3) == 0;
		bool dots = left >= 3 && memcmp(at, "...", 3) == 0;
		bool empty;

		while (len < left && (at[len] == ' ' || at[len] == '\t' || at[len] == '\r'))
			len++;
		empty = len == left || strchr("\n#%", at[len]);
		if (begun && (dashes || (over && !dots && !empty)))
			return line;
		over |= begun && dots;
		begun |= dashes || !empty;
		at = newline ? newline + 1 : end;
	}
	return 1;
}

/* There is one document in a file. */
static bool
tell_second(struct yaml *yaml, const struct site_source *source, int file,
	    struct site_findings *findings)
{
	struct fy_document *second = fy_parse_load_document(yaml->parser);
	struct site_place place = { .file = file, .column = 1 };

	if (tell_syntax(yaml, file, findings))
		return true;
	if (!second)
		return false;
	place.line = second_line(source);
	site_find_error(findings, &place,
			"a second YAML document begins here: one file holds one document, take "
			"the line \"---\" away");
	fy_parse_document_destroy(yaml->parser, second);
	return true;
}

struct yaml *
yaml_open(const struct site_source *source, int file, struct site_findings *findings)
{
	const struct site_place begin = { .file = file, .line = 1, .column = 1 };
	struct fy_diag_cfg quiet;
	struct fy_parse_cfg cfg = {
		.search_path = "",
		.flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_ALLOW_DUPLICATE_KEYS,
	};
	struct yaml *yaml;

	if (source->fault)
		site_find_error(findings, &begin, "%s", source->fault);
	if (source->fault || !is_text(source, file, findings))
		return NULL;
	yaml = mem_new(sizeof(*yaml));
	fy_diag_cfg_default(&quiet);
	quiet.fp = NULL;
	yaml->diag = fy_diag_create(&quiet);
	if (!yaml->diag)
		abort();
	fy_diag_set_collect_errors(yaml->diag, true);
	cfg.diag = yaml->diag;
	yaml->parser = fy_parser_create(&cfg);
	if (!yaml->parser || fy_parser_set_string(yaml->parser, source->text, source->len) < 0)
		abort();
	yaml->document = fy_parse_load_document(yaml->parser);
	if (tell_syntax(yaml, file, findings) ||
	    (yaml->document && tell_second(yaml, source, file, findings))) {
		yaml_close(yaml);
		return NULL;
	}
	return yaml;
}

void
yaml_close(struct yaml *yaml)
{
	if (!yaml)
		return;
	if (yaml->document)
		fy_parse_document_destroy(yaml->parser, yaml->document);
	fy_parser_destroy(yaml->parser);
	fy_diag_destroy(yaml->diag);
	free(yaml);
}

struct fy_node *
yaml_root(const struct yaml *yaml)
{
	return yaml && yaml->document ? fy_document_root(yaml->document) : NULL;
}

/* A value that is not there: its place differs between versions of libfyaml. */
static bool
is_nothing(struct fy_node *node)
{
	size_t len = 0;

	return yaml_is_null(node) && (!fy_node_get_scalar(node, &len) || len == 0);
}

/* Where a node begins: a scalar's own place, else that of its first part, which for a list or
 * mapping in brackets is one or more columns in.  Nothing changes where that cannot be told. */
static void
node_place(struct fy_node *node, struct site_place *place)
{
	const struct fy_mark *mark;
	struct fy_node_pair *pair;
	struct fy_node *item;
	void *at = NULL;

	for (int depth = 0; node && depth < 64; depth++) {
		if (fy_node_is_scalar(node) || fy_node_is_alias(node)) {
			mark = fy_token_start_mark(fy_node_get_scalar_token(node));
			if (!mark || is_nothing(node))
				return;
			if (fy_node_get_style(node) == FYNS_LITERAL ||
			    fy_node_get_style(node) == FYNS_FOLDED)
				return;
			place->line = mark->line + 1;
			place->column = mark->column + 1;
			return;
		}
		at = NULL;
		pair = fy_node_is_mapping(node) ? fy_node_mapping_iterate(node, &at) : NULL;
		item = fy_node_is_sequence(node) ? fy_node_sequence_iterate(node, &at) : NULL;
		node = pair ? fy_node_pair_key(pair) : item;
	}
}

struct yaml_at
yaml_aim(struct fy_node *node, const struct site_place *outer)
{
	struct yaml_at at = { node, *outer };
	struct fy_node *target;

	node_place(node, &at.place);
	target = node && fy_node_is_alias(node) ? fy_node_resolve_alias(node) : node;
	if (target)
		at.node = target;
	return at;
}

char *
yaml_text(struct fy_node *node)
{
	const char *text;
	size_t len = 0;

	if (!node || !fy_node_is_scalar(node) || fy_node_is_alias(node))
		return NULL;
	text = fy_node_get_scalar(node, &len);
	if (!text || memchr(text, '\0', len))
		return len ? NULL : str_dup("");
	return str_format("%.*s", (int)len, text);
}

enum { JSON_DEPTH = 16, JSON_NODES = 4096 };

/* A plain scalar is null, a truth or a number where YAML 1.2's core schema and JSON agree. */
static json_t *
json_scalar(struct fy_node *node)
{
	char *text = yaml_text(node);
	json_t *value = NULL;

	if (!text)
		return NULL;
	if (yaml_is_null(node))
		value = json_null();
	else if (fy_node_get_style(node) == FYNS_PLAIN &&
		 (strchr("-0123456789", text[0]) || str_eq(text, "true") || str_eq(text, "false")))
		value = json_loads(text, JSON_DECODE_ANY, NULL);
	if (!value)
		value = json_string(text);
	free(text);
	return value;
}

/* `room`: how many nodes more there may be, aliases followed. */
static json_t *
json_of(struct fy_node *node, int depth, int *room)
{
	json_t *value = NULL, *part;
	struct fy_node_pair *pair;
	struct fy_node *item;
	void *at = NULL;
	bool good = true;
	char *key;

	if (node && fy_node_is_alias(node))
		node = fy_node_resolve_alias(node);
	if (!node || depth > JSON_DEPTH || --*room < 0)
		return NULL;
	if (fy_node_is_scalar(node))
		return json_scalar(node);
	value = fy_node_is_mapping(node) ? json_object() : json_array();
	while (good && fy_node_is_mapping(node) && (pair = fy_node_mapping_iterate(node, &at))) {
		key = yaml_text(fy_node_pair_key(pair));
		part = key ? json_of(fy_node_pair_value(pair), depth + 1, room) : NULL;
		good = part && json_object_set_new(value, key, part) == 0;
		free(key);
	}
	while (good && fy_node_is_sequence(node) && (item = fy_node_sequence_iterate(node, &at))) {
		part = json_of(item, depth + 1, room);
		good = part && json_array_append_new(value, part) == 0;
	}
	if (good)
		return value;
	json_decref(value);
	return NULL;
}

char *
yaml_json(struct fy_node *node)
{
	int room = JSON_NODES;
	json_t *value = json_of(node, 0, &room);
	char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;

	json_decref(value);
	return text;
}

bool
yaml_is_null(struct fy_node *node)
{
	const char *text;
	size_t len = 0;

	if (!node)
		return true;
	if (!fy_node_is_scalar(node) || fy_node_get_style(node) != FYNS_PLAIN)
		return false;
	text = fy_node_get_scalar(node, &len);
	return len == 0 || (len == 1 && text[0] == '~') ||
	       (len == 4 && memcmp(text, "null", 4) == 0);
}

const char *
yaml_kind(struct fy_node *node)
{
	if (!node || yaml_is_null(node))
		return "nothing";
	if (fy_node_is_mapping(node))
		return "a mapping";
	if (fy_node_is_alias(node))
		return "an anchor that is not there";
	return fy_node_is_sequence(node) ? "a list" : "text";
}
