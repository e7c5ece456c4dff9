/*
 * From YAML to the site: libfyaml makes nodes that keep their place, and this room walks them by the
 * schema table.  Nothing stops at the first fault: a value at fault leaves its member as it was, is
 * told, and the walk goes on.
 */
#include "site/parse.h"

#include <libfyaml.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "lib/words.h"
#include "site/check.h"
#include "site/findings.h"
#include "site/marks.h"
#include "site/schema.h"
#include "site/yaml.h"

struct walk {
	struct site *site;
	struct site_findings *findings;
	int file;		/* the source that is walked */
	bool said_dhcp;
};

/* What has been seen of one mapping's keys. */
struct seen {
	const struct schema_row *rows[SCHEMA_ROWS_MOST];
	struct site_place places[SCHEMA_ROWS_MOST];
	size_t count;
};

static void take_mapping(struct walk *w, enum schema_scope scope, struct fy_node *node,
			 const struct site_place *place, void *base);

/* Tells what the row wants and what stands there instead. */
static void
tell_wrong(struct walk *w, const struct schema_row *row, enum schema_type type,
	   const struct site_place *place, const char *quote, const char *instead)
{
	char *what = schema_describe(row, type);

	site_find_error(w->findings, place, "%s must be %s, not %s%.80s%s", row->key, what, quote,
			instead, quote);
	free(what);
}

static void
take_scalar(struct walk *w, const struct schema_row *row, enum schema_type type,
	    struct fy_node *node, const struct site_place *place, void *field)
{
	char *text = yaml_text(node);

	if (fy_node_is_alias(node))
		site_find_error(w->findings, place, "%s names an anchor that is not there", row->key);
	else if (!fy_node_is_scalar(node))
		tell_wrong(w, row, type, place, "", yaml_kind(node));
	else if (yaml_is_null(node))
		site_find_error(w->findings, place, "%s has no value: give one or take the key away",
				row->key);
	else if (!text)
		site_find_error(w->findings, place, "%s holds a byte 0", row->key);
	else if (schema_take(row, type, text, field) < 0)
		tell_wrong(w, row, type, place, "\"", text);
	else
		site_marks_add(w->site->marks, field, place);
	free(text);
}

/* One scalar, or a list of them. */
static void
take_list(struct walk *w, const struct schema_row *row, struct fy_node *node,
	  const struct site_place *place, struct site_list *list)
{
	size_t most = fy_node_is_sequence(node) ? (size_t)fy_node_sequence_item_count(node) : 1;
	char **items;
	size_t count = 0;
	void *at = NULL;

	if (yaml_is_null(node))
		return;
	items = mem_new((most + 1) * sizeof(*items));
	if (fy_node_is_sequence(node)) {
		for (struct fy_node *n; (n = fy_node_sequence_iterate(node, &at));) {
			struct site_place there = *place;

			n = yaml_aim(n, &there);
			take_scalar(w, row, row->each, n, &there, &items[count]);
			count += items[count] != NULL;
		}
	} else {
		take_scalar(w, row, row->each, node, place, &items[0]);
		count = items[0] != NULL;
	}
	free(list->items);
	list->items = items;
	list->count = count;
}

static void
take_pairs(struct walk *w, const struct schema_row *row, struct fy_node *node,
	   const struct site_place *place, void *field)
{
	struct { struct site_pair *items; size_t count; } pairs = { 0 };
	static const struct schema_row text = { .type = SCHEMA_TEXT, .most = 128 };
	void *at = NULL;

	if (yaml_is_null(node))
		return;
	if (!fy_node_is_mapping(node)) {
		site_find_error(w->findings, place, "%s must be words and their values, as "
				"{row: a}, not %s", row->key, yaml_kind(node));
		return;
	}
	pairs.items = mem_new(((size_t)fy_node_mapping_item_count(node) + 1) * sizeof(*pairs.items));
	for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(node, &at));) {
		struct site_pair *pair = &pairs.items[pairs.count];
		struct schema_row named = text;
		struct site_place there = *place;
		struct fy_node *key = yaml_aim(fy_node_pair_key(p), &there), *value;

		named.key = "a label";
		take_scalar(w, &named, SCHEMA_TEXT, key, &there, &pair->key);
		named.key = pair->key ? pair->key : "a label's value";
		value = yaml_aim(fy_node_pair_value(p), &there);
		take_scalar(w, &named, SCHEMA_TEXT, value, &there, &pair->value);
		for (size_t i = 0; pair->key && i < pairs.count; i++)
			if (strcmp(pairs.items[i].key, pair->key) == 0)
				site_find_error(w->findings, &there, "%s is given twice", pair->key);
		if (pair->key && pair->value) {
			pairs.count++;
			continue;
		}
		free(pair->key);
		free(pair->value);
		*pair = (struct site_pair){ 0 };
	}
	memcpy(field, &pairs, sizeof(pairs));
}

static void
take_items(struct walk *w, const struct schema_row *row, struct fy_node *node,
	   const struct site_place *place, void *field)
{
	struct { void *items; size_t count; } list;
	struct site_place there = *place;
	void *at = NULL;

	if (yaml_is_null(node))
		return;
	if (!fy_node_is_sequence(node)) {
		site_find_error(w->findings, place, "%s must be a list (lines that begin with \"-\"), "
				"not %s", row->key, yaml_kind(node));
		return;
	}
	memcpy(&list, field, sizeof(list));
	/* Machines come from several files into one array, which must not move once places point into
	 * it: site_parse() has counted them and made it large enough. */
	if (!list.items)
		list.items = mem_new((size_t)fy_node_sequence_item_count(node) * row->size);
	for (struct fy_node *n; (n = fy_node_sequence_iterate(node, &at));) {
		void *item;

		n = yaml_aim(n, &there);
		if (!fy_node_is_mapping(n)) {
			site_find_error(w->findings, &there, "each of %s must be a mapping, as "
					"{name: …}, not %s", row->key, yaml_kind(n));
			continue;
		}
		item = (char *)list.items + list.count++ * row->size;
		memcpy(item, &there, sizeof(there));
		schema_defaults(row->inner, item, true);
		take_mapping(w, row->inner, n, &there, item);
	}
	memcpy(field, &list, sizeof(list));
}

static void
take_row(struct walk *w, const struct schema_row *row, struct fy_node *node,
	 const struct site_place *place, void *base)
{
	void *field = (char *)base + row->offset;

	switch (row->type) {
	case SCHEMA_GROUP:
		w->said_dhcp |= row->inner == SCOPE_DHCP;
		if (fy_node_is_mapping(node) || yaml_is_null(node))
			take_mapping(w, row->inner, node, place, base);
		else
			site_find_error(w->findings, place, "%s must be a mapping of keys and values, "
					"not %s", row->key, yaml_kind(node));
		break;
	case SCHEMA_ITEMS:
		take_items(w, row, node, place, field);
		break;
	case SCHEMA_LIST:
		take_list(w, row, node, place, field);
		break;
	case SCHEMA_PAIRS:
		take_pairs(w, row, node, place, field);
		break;
	default:
		take_scalar(w, row, row->type, node, place, field);
	}
}

static void
tell_unknown(struct walk *w, enum schema_scope scope, const struct site_place *place,
	     const char *key)
{
	const char *keys[SCHEMA_ROWS_MOST + 1], *nearest;

	schema_keys(scope, keys);
	nearest = words_nearest(key, keys);
	if (nearest)
		site_find_error(w->findings, place, "no key \"%.64s\" is known here; did you mean "
				"\"%s\"?", key, nearest);
	else
		site_find_error(w->findings, place, "no key \"%.64s\" is known here", key);
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

static void
take_mapping(struct walk *w, enum schema_scope scope, struct fy_node *node,
	     const struct site_place *place, void *base)
{
	struct seen seen = { .count = 0 };
	void *at = NULL;

	for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(node, &at));) {
		struct site_place there = *place;
		struct fy_node *value = yaml_aim(fy_node_pair_key(p), &there);
		char *key = yaml_text(value);
		const struct schema_row *row;
		size_t shift = 0;

		row = key ? schema_find(scope, key, &shift) : NULL;
		if (!row) {
			tell_unknown(w, scope, &there, key ? key : "");
		} else if (scope == SCOPE_FILE && w->file > 0 && row->inner != SCOPE_MACHINE) {
			site_find_error(w->findings, &there, "%s belongs in the site file: here only "
					"machines may stand", row->key);
		} else if (see(w, &seen, row, &there)) {
			value = yaml_aim(fy_node_pair_value(p), &there);
			take_row(w, row, value, &there, (char *)base + shift);
		}
		free(key);
	}
	if (scope != SCOPE_FILE || w->file == 0)
		tell_missing(w, scope, &seen, place);
}

/* How many machines the document may hold at most. */
static size_t
count_machines(struct fy_node *root)
{
	struct site_place nowhere = { 0 };
	size_t count = 0;
	void *at = NULL;

	if (!root || !fy_node_is_mapping(root))
		return 0;
	for (struct fy_node_pair *p; (p = fy_node_mapping_iterate(root, &at));) {
		struct fy_node *value = yaml_aim(fy_node_pair_value(p), &nowhere);

		if (fy_node_is_sequence(value))
			count += (size_t)fy_node_sequence_item_count(value);
	}
	return count;
}

static void
walk_source(struct walk *w, struct fy_node *root)
{
	struct site_place place = { .file = w->file, .line = 1, .column = 1 };

	if (root && fy_node_is_mapping(root)) {
		take_mapping(w, SCOPE_FILE, root, &place, w->site);
		return;
	}
	if (root && !yaml_is_null(root))
		site_find_error(w->findings, &place, "a site file is a mapping of keys and values, "
				"not %s", yaml_kind(root));
	else if (w->file == 0)
		site_find_error(w->findings, &place, "the site file is empty; `bootserver init` "
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
finish_defaults(const struct walk *w)
{
	struct site *site = w->site;

	if (!w->said_dhcp)
		site->dhcp = SITE_DHCP_NONE;
	if (!site->domain && site->name)
		site->domain = str_format("%s.internal", site->name);
}

struct site *
site_parse(const struct site_source *sources, size_t count, struct site_findings *ret_findings)
{
	struct yaml **files = mem_new((count + 1) * sizeof(*files));
	struct site *site = site_new(sources, count);
	struct walk w = { .site = site, .findings = ret_findings };
	bool whole = count > 0;
	size_t room = 1;

	*ret_findings = (struct site_findings){ 0 };
	for (size_t i = 0; i < count; i++) {
		files[i] = yaml_open(&sources[i], (int)i, ret_findings);
		room += count_machines(yaml_root(files[i]));
		whole &= files[i] != NULL;
	}
	site->machines = mem_new(room * sizeof(*site->machines));
	for (w.file = 0; (size_t)w.file < count; w.file++)
		if (files[w.file])
			walk_source(&w, yaml_root(files[w.file]));
	for (size_t i = 0; i < count; i++)
		yaml_close(files[i]);
	free(files);
	finish_defaults(&w);
	if (whole)
		site_check(site, ret_findings);
	site_findings_finish(ret_findings, site->files, sources);
	if (ret_findings->errors || !whole) {
		site_free(site);
		return NULL;
	}
	return site;
}
