/*
 * From YAML to the site: libfyaml makes nodes that keep their place, and this room walks them by
 * the schema table.  Nothing stops at the first fault: a value at fault leaves its member as it
 * was, is told, and the walk goes on.
 */
#include "site/parse.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/findings.h"
#include "site/hints.h"
#include "site/marks.h"
#include "site/schema.h"
#include "site/yaml.h"

struct walk {
	struct site *site;
	struct site_findings *findings;
	int file;		/* the source that is walked */
};

/* What has been seen of one mapping's keys. */
struct seen {
	const struct schema_row *rows[SCHEMA_ROWS_MOST];
	struct site_place places[SCHEMA_ROWS_MOST];
	size_t count;
};

static void take_mapping(struct walk *w, enum schema_scope scope, const struct yaml_at *at,
			 void *base);
static void take_row(struct walk *w, const struct schema_row *row, const struct yaml_at *at,
		     void *base);

/* Tells what the row wants and what stands there instead. */
static void
tell_wrong(struct walk *w, const struct schema_row *row, const struct site_place *place,
	   const char *instead)
{
	char *what = schema_describe(row);

	site_find_error(w->findings, place, "%s must be %s, not %.80s", row->key, what, instead);
	free(what);
}

static void
take_scalar(struct walk *w, const struct schema_row *row, const struct yaml_at *at, void *field)
{
	char *text = yaml_text(at->node), *quoted;

	if (fy_node_is_alias(at->node)) {
		site_find_error(w->findings, &at->place, "%s names an anchor that is not there",
				row->key);
	} else if (!fy_node_is_scalar(at->node)) {
		tell_wrong(w, row, &at->place, yaml_kind(at->node));
	} else if (yaml_is_null(at->node)) {
		site_find_error(w->findings, &at->place,
				"%s has no value: give one or take the key away",
				row->key);
	} else if (!text) {
		site_find_error(w->findings, &at->place, "%s holds a byte 0", row->key);
	} else if (schema_take(row, text, field) < 0) {
		quoted = row->secret ? str_dup("what stands here") :
				       str_format("\"%.72s\"", text);
		tell_wrong(w, row, &at->place, quoted);
		free(quoted);
	}
	/* Good or not: it was said, so nobody need miss it. */
	site_marks_add(w->site->marks, field, &at->place);
	free(text);
}

/* One scalar, or a list of them. */
static void
take_list(struct walk *w, const struct schema_row *row, const struct yaml_at *at,
	  struct site_list *list)
{
	bool many = fy_node_is_sequence(at->node);
	struct schema_row each = *row;
	char **items;
	size_t count = 0;
	void *next = NULL;

	if (yaml_is_null(at->node))
		return;
	each.type = row->each;
	items = mem_new(((many ? (size_t)fy_node_sequence_item_count(at->node) : 1) + 1) *
			sizeof(*items));
	if (!many) {
		take_scalar(w, &each, at, &items[0]);
		count = items[0] != NULL;
		site_marks_add(w->site->marks, list, &at->place);
	}
	for (struct fy_node *n; many && (n = fy_node_sequence_iterate(at->node, &next));) {
		struct yaml_at one = yaml_aim(n, &at->place);

		take_scalar(w, &each, &one, &items[count]);
		count += items[count] != NULL;
		site_marks_add(w->site->marks, list, &one.place);
	}
	if (row->needed && many && fy_node_sequence_is_empty(at->node))
		site_find_error(w->findings, &at->place, "%s is empty: give at least one",
				row->key);
	if (row->holds && count > row->holds)
		site_find_error(w->findings, &at->place, "%s holds %zu, and there is room for %zu",
				row->key, count, row->holds);
	free(list->items);
	list->items = items;
	list->count = count;
}

/* One word of `words`, or a list of them, into bits. */
static void
take_bits(struct walk *w, const struct schema_row *row, const struct yaml_at *at, void *field)
{
	void *next = NULL;

	if (!fy_node_is_sequence(at->node) && !yaml_is_null(at->node))
		take_scalar(w, row, at, field);
	for (struct fy_node *n; fy_node_is_sequence(at->node) &&
				(n = fy_node_sequence_iterate(at->node, &next));) {
		struct yaml_at one = yaml_aim(n, &at->place);

		take_scalar(w, row, &one, field);
	}
}

/* A value of any shape, as JSON. */
static void
take_json(struct walk *w, const struct schema_row *row, const struct yaml_at *at, char **field)
{
	site_marks_add(w->site->marks, field, &at->place);
	if (yaml_is_null(at->node)) {
		site_find_error(w->findings, &at->place,
				"%s has no value: give one or take the key away", row->key);
		return;
	}
	*field = yaml_json(at->node);
	if (fy_node_is_alias(at->node))
		site_find_error(w->findings, &at->place, "%s names an anchor that is not there",
				row->key);
	else if (!*field)
		site_find_error(w->findings, &at->place,
				"%s is too large, too deep or no value that JSON knows", row->key);
}

/* One of a mapping's pairs: true when it is good. */
static bool
take_pair(struct walk *w, const struct schema_row *row, struct fy_node_pair *node,
	  const struct yaml_at *key, struct site_pair *ret)
{
	struct schema_row text = { .type = SCHEMA_TEXT, .most = 128, .key = row->key };
	struct yaml_at value = yaml_aim(fy_node_pair_value(node), &key->place);

	take_scalar(w, &text, key, &ret->key);
	text.key = ret->key ? ret->key : row->key;
	text.most = row->most ? row->most : 128;
	text.least = -1;	/* it may be empty, in quotes */
	if (row->type == SCHEMA_VALUES)
		take_json(w, &text, &value, &ret->value);
	else
		take_scalar(w, &text, &value, &ret->value);
	if (ret->key && ret->value)
		return true;
	free(ret->key);
	free(ret->value);
	*ret = (struct site_pair){ 0 };
	return false;
}

static void
take_pairs(struct walk *w, const struct schema_row *row, const struct yaml_at *at, void *field)
{
	struct { struct site_pair *items; size_t count; } pairs = { 0 };
	void *next = NULL;

	if (yaml_is_null(at->node))
		return;
	if (!fy_node_is_mapping(at->node)) {
		site_find_error(w->findings, &at->place, "%s must be words and their values, as "
				"%s, not %s", row->key, row->sample, yaml_kind(at->node));
		return;
	}
	pairs.items = mem_new(((size_t)fy_node_mapping_item_count(at->node) + 1) *
			      sizeof(*pairs.items));
	for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(at->node, &next));) {
		struct site_pair *pair = &pairs.items[pairs.count];
		struct yaml_at key = yaml_aim(fy_node_pair_key(p), &at->place);

		if (!take_pair(w, row, p, &key, pair))
			continue;
		for (size_t i = 0; i < pairs.count; i++)
			if (strcmp(pairs.items[i].key, pair->key) == 0)
				site_find_error(w->findings, &key.place, "%s is given twice",
						pair->key);
		pairs.count++;
	}
	memcpy(field, &pairs, sizeof(pairs));
}

static void
take_items(struct walk *w, const struct schema_row *row, const struct yaml_at *at, void *field)
{
	struct { void *items; size_t count; } list;
	struct yaml_at one = *at;
	void *next = NULL;

	site_marks_add(w->site->marks, field, &at->place);
	if (yaml_is_null(at->node))
		return;
	if (!fy_node_is_sequence(at->node)) {
		site_find_error(w->findings, &at->place, "%s must be a list (lines that begin with "
				"\"-\"), not %s", row->key, yaml_kind(at->node));
		return;
	}
	memcpy(&list, field, sizeof(list));
	/* Machines come from several files into one array, which must not move once places point
	 * into it: site_parse() has counted them and made it large enough. */
	if (!list.items)
		list.items = mem_new((size_t)fy_node_sequence_item_count(at->node) * row->size);
	for (struct fy_node *n; (n = fy_node_sequence_iterate(at->node, &next));) {
		void *item;

		one = yaml_aim(n, &one.place);
		if (!fy_node_is_mapping(one.node)) {
			site_find_error(w->findings, &one.place, "each of %s must be a mapping, as "
					"{name: …}, not %s", row->key, yaml_kind(one.node));
			continue;
		}
		item = (char *)list.items + list.count++ * row->size;
		memcpy(item, &one.place, sizeof(one.place));
		schema_defaults(row->inner, item, true);
		take_mapping(w, row->inner, &one, item);
	}
	memcpy(field, &list, sizeof(list));
}

static void
take_group(struct walk *w, const struct schema_row *row, const struct yaml_at *at, void *base)
{
	struct schema_row one;
	size_t shift;

	if (row->place)
		memcpy((char *)base + row->place, &at->place, sizeof(at->place));
	if (fy_node_is_mapping(at->node) || yaml_is_null(at->node)) {
		take_mapping(w, row->inner, at, base);
	} else if (row->brief && fy_node_is_scalar(at->node)) {
		one = *schema_find(row->inner, row->brief, &shift);
		one.key = row->key;
		take_row(w, &one, at, (char *)base + shift);
	} else {
		site_find_error(w->findings, &at->place, "%s must be %sa mapping of keys and "
				"values, not %s", row->key, row->brief ? "one word or " : "",
				yaml_kind(at->node));
	}
}

static void
take_row(struct walk *w, const struct schema_row *row, const struct yaml_at *at, void *base)
{
	void *field = (char *)base + row->offset;

	switch (row->type) {
	case SCHEMA_GROUP:
		take_group(w, row, at, base);
		break;
	case SCHEMA_ITEMS:
		take_items(w, row, at, field);
		break;
	case SCHEMA_LIST:
		take_list(w, row, at, field);
		break;
	case SCHEMA_PAIRS:
	case SCHEMA_VALUES:
		take_pairs(w, row, at, field);
		break;
	case SCHEMA_BITS:
		take_bits(w, row, at, field);
		break;
	default:
		take_scalar(w, row, at, field);
	}
}

static void
tell_unknown(struct walk *w, enum schema_scope scope, const struct site_place *place,
	     const char *key)
{
	const char *why = schema_refusal(scope, key);
	char *hint;

	if (why) {
		site_find_error(w->findings, place, "%s %s", key, why);
		return;
	}
	hint = schema_hint(scope, key);
	site_find_error(w->findings, place, "no key \"%.64s\" is known here%s", key, hint);
	free(hint);
}

/* Notes the row as seen; false, and told, if it was seen before. */
static bool
see(struct walk *w, struct seen *seen, const struct schema_row *row,
    const struct site_place *place)
{
	for (size_t i = 0; i < seen->count; i++) {
		if (seen->rows[i] != row)
			continue;
		site_find_error(w->findings, place, "%s is given twice; the first is in line %d",
				row->key, seen->places[i].line);
		return false;
	}
	seen->rows[seen->count] = row;
	seen->places[seen->count++] = *place;
	return true;
}

static void
tell_missing(struct walk *w, enum schema_scope scope, const struct seen *seen,
	     const struct site_place *place)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];
		bool there = row->scope != scope || !row->needed;

		for (size_t j = 0; j < seen->count; j++)
			there |= seen->rows[j] == row;
		if (!there)
			site_find_error(w->findings, place, "%s is missing: %.*s", row->key,
					(int)strcspn(row->help, "."), row->help);
	}
}

/* A key; of one that is nothing the place is its value's. */
static struct yaml_at
aim_key(struct fy_node_pair *pair, const struct site_place *outer)
{
	struct yaml_at value = yaml_aim(fy_node_pair_value(pair), outer);

	return yaml_aim(fy_node_pair_key(pair), &value.place);
}

static void
take_mapping(struct walk *w, enum schema_scope scope, const struct yaml_at *at, void *base)
{
	struct seen seen = { .count = 0 };
	void *next = NULL;

	for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(at->node, &next));) {
		struct yaml_at key = aim_key(p, &at->place), value;
		char *text = yaml_text(key.node);
		const struct schema_row *row;
		size_t shift = 0;

		row = text ? schema_find(scope, text, &shift) : NULL;
		if (!text) {
			site_find_error(w->findings, &key.place, "a key is a word, not %s",
					yaml_kind(key.node));
		} else if (!row) {
			tell_unknown(w, scope, &key.place, text);
		} else if (scope == SCOPE_FILE && w->file > 0 && row->inner != SCOPE_MACHINE) {
			site_find_error(w->findings, &key.place,
					"%s belongs in the site file: here only machines may stand",
					row->key);
		} else if (see(w, &seen, row, &key.place)) {
			value = yaml_aim(fy_node_pair_value(p), &key.place);
			take_row(w, row, &value, (char *)base + shift);
		}
		free(text);
	}
	if (scope != SCOPE_FILE || w->file == 0)
		tell_missing(w, scope, &seen, &at->place);
}

/* How many machines the document may hold at most. */
static size_t
count_machines(struct fy_node *root)
{
	static const struct site_place nowhere;
	size_t count = 0;
	void *next = NULL;

	if (!root || !fy_node_is_mapping(root))
		return 0;
	for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(root, &next));) {
		struct yaml_at value = yaml_aim(fy_node_pair_value(p), &nowhere);

		if (fy_node_is_sequence(value.node))
			count += (size_t)fy_node_sequence_item_count(value.node);
	}
	return count;
}

static void
walk_source(struct walk *w, struct fy_node *root)
{
	struct yaml_at at = { root, { .file = w->file, .line = 1, .column = 1 } };

	if (root && fy_node_is_mapping(root)) {
		take_mapping(w, SCOPE_FILE, &at, w->site);
		return;
	}
	if (root && !yaml_is_null(root))
		site_find_error(w->findings, &at.place,
				"a site file is a mapping of keys and values, not %s",
				yaml_kind(root));
	else if (w->file == 0)
		site_find_error(w->findings, &at.place, "the site file is empty; `bootserver init` "
				"writes one to begin with");
}

static struct site *
site_new(const struct site_source *sources, size_t count)
{
	struct site *site = mem_new(sizeof(*site));

	site->files = mem_new((count + 1) * sizeof(*site->files));
	for (size_t i = 0; i < count; i++)
		site->files[i] = str_dup(sources[i].name);
	site->nfiles = count;
	site->marks = site_marks_new();
	schema_defaults(SCOPE_FILE, site, false);
	return site;
}

/* What is not said and no constant. */
static void
finish_defaults(struct site *site)
{
	if (!site->dhcp_place.line)
		site->dhcp = SITE_DHCP_NONE;
	if (!site->domain && site->name)
		site->domain = str_format("%s.internal", site->name);
	if (!site->kubernetes.endpoint)
		site->kubernetes.endpoint = str_dup("api");
	for (size_t i = 0; i < site->nmachines; i++)
		site->roles_said |= site->machines[i].roles;
}

/* All files but the first are named by the folder they are found in. */
static void
check_name(const char *name, int file, struct site_findings *findings)
{
	const struct site_place place = { .file = file, .line = 1, .column = 1 };
	const char *ending = strrchr(name, '.');

	if (file > 0 && str_eq(ending, ".yml"))
		site_find_error(findings, &place,
				"a file of machines ends in .yaml: rename it, or take it away");
}

/* The site as far as its files could be read, with the findings so far; *ret_checked: those of the
 * rules between things are among them, which say nothing without the first file. */
static struct site *
gather(const struct site_source *sources, size_t count, struct site_findings *ret_findings,
       bool *ret_checked)
{
	struct yaml **files = mem_new((count + 1) * sizeof(*files));
	struct site *site = site_new(sources, count);
	struct walk w = { .site = site, .findings = ret_findings };
	size_t room = 1;

	*ret_findings = (struct site_findings){ 0 };
	for (size_t i = 0; i < count; i++) {
		check_name(sources[i].name, (int)i, ret_findings);
		files[i] = yaml_open(&sources[i], (int)i, ret_findings);
		room += count_machines(yaml_root(files[i]));
		site->partial |= !files[i];
	}
	*ret_checked = count > 0 && files[0];
	site->machines = mem_new(room * sizeof(*site->machines));
	for (w.file = 0; (size_t)w.file < count; w.file++)
		if (files[w.file])
			walk_source(&w, yaml_root(files[w.file]));
	for (size_t i = 0; i < count; i++)
		yaml_close(files[i]);
	free(files);
	finish_defaults(site);
	if (*ret_checked)
		site_check(site, ret_findings);
	return site;
}

struct site *
site_parse(const struct site_source *sources, size_t count, struct site_findings *ret_findings)
{
	bool checked;
	struct site *site = gather(sources, count, ret_findings, &checked);

	site_findings_finish(ret_findings, site->files, sources);
	if (ret_findings->errors || !checked) {
		site_free(site);
		return NULL;
	}
	return site;
}

void
site_examine(const struct site_source *sources, size_t count, const struct site_store *store,
	     struct site_findings *ret_findings)
{
	bool checked;
	struct site *site = gather(sources, count, ret_findings, &checked);

	if (checked && store)
		site_check_images(site, store, ret_findings);
	site_findings_finish(ret_findings, site->files, sources);
	site_free(site);
}
