/*
 * What the schema table writes: the commented sample that `init` puts down, and the reference page.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/parse.h"
#include "site/schema.h"

enum { SAMPLE_WIDTH = 92 };

struct sample {
	struct buf buf;
	const char *name, *domain, *interface, *address, *range;
};

/* Indentation, then '#' for a line that is only a proposal. */
static void
line_begin(struct sample *s, size_t depth, bool proposal)
{
	for (size_t i = 0; i < depth; i++)
		buf_text(&s->buf, "  ");
	if (proposal)
		buf_text(&s->buf, "#");
}

/* Help as comment lines, broken at spaces. */
static void
comment(struct sample *s, size_t depth, const char *help)
{
	size_t room = SAMPLE_WIDTH - 2 * depth;

	while (*help) {
		size_t len = strlen(help);

		if (len > room) {
			len = room;
			while (len > 0 && help[len] != ' ')
				len--;
		}
		line_begin(s, depth, false);
		buf_format(&s->buf, "# %.*s\n", (int)len, help);
		help += len;
		help += strspn(help, " ");
	}
}

static const char *
sample_value(const struct sample *s, const struct schema_row *row)
{
	const struct { enum schema_scope scope; const char *key, *value;
	} given[] = {
		{SCOPE_SITE, "name", s->name},
		{SCOPE_SITE, "domain", s->domain},
		{SCOPE_SERVER, "interface", s->interface},
		{SCOPE_SERVER, "address", s->address},
		{SCOPE_DHCP, "range", s->range},
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(given[0]); i++)
		if (given[i].scope == row->scope && strcmp(given[i].key, row->key) == 0 &&
		    given[i].value)
			return given[i].value;
	return row->sample;
}

static void
sample_group(struct sample *s, const struct schema_row *row)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *r = &schema_rows[i];

		if (r->scope != row->inner)
			continue;
		comment(s, 1, r->help);
		line_begin(s, 1, !r->shown);
		buf_format(&s->buf, "%s: %s\n", r->key, sample_value(s, r));
	}
}

/* A list of mappings stands there as a proposal of one line, which an editor's uncommenting makes
 * good. */
static void
sample_items(struct sample *s, const struct schema_row *row)
{
	const char *between = "";

	buf_format(&s->buf, "#%s:\n#  - {", row->key);
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *r = &schema_rows[i];

		if (r->scope != row->inner || !r->shown)
			continue;
		buf_format(&s->buf, "%s%s: %s", between, r->key, r->sample);
		between = ", ";
	}
	if (row->inner == SCOPE_PROFILE)
		buf_text(&s->buf, ", state-size: 16GiB");
	buf_text(&s->buf, "}\n");
}

static void
sample_scope(struct sample *s, enum schema_scope scope)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (row->scope != scope)
			continue;
		if (row->type == SCHEMA_INCLUDE) {
			sample_scope(s, row->inner);
			continue;
		}
		buf_text(&s->buf, "\n");
		comment(s, 0, row->help);
		if (row->type == SCHEMA_GROUP) {
			buf_format(&s->buf, "%s:\n", row->key);
			sample_group(s, row);
		} else if (row->type == SCHEMA_ITEMS) {
			sample_items(s, row);
		} else {
			line_begin(s, 0, !row->shown);
			buf_format(&s->buf, "%s: %s\n", row->key, row->sample);
		}
	}
}

char *
site_sample(const char *name, const char *domain, const char *interface, const char *address,
	    const char *range)
{
	struct sample s = {
		.name = name, .domain = domain, .interface = interface, .address = address,
		.range = range,
	};

	buf_init(&s.buf);
	buf_text(&s.buf,
		 "# The site file of a boot server. `bootserver check` finds every fault in it.\n"
		 "# Lines that begin with '#' and a letter are proposals: take the '#' away to use "
		 "them.\n");
	sample_scope(&s, SCOPE_FILE);
	return s.buf.text;
}

/* Text into a table's cell. */
static void
cell(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		if (*text == '|')
			buf_text(buf, "\\");
		buf_add(buf, text, 1);
	}
}

static void
reference_row(struct buf *buf, const struct schema_row *row)
{
	static const char *const holders[] = {
		[SCHEMA_GROUP] = "a mapping, see below",
		[SCHEMA_ITEMS] = "a list of mappings, see below",
		[SCHEMA_LIST] = "one or a list of: ",
		[SCHEMA_PAIRS] = "words and their values",
	};
	struct schema_row one = *row;
	char *what;

	if (row->type == SCHEMA_LIST)
		one.type = row->each;
	what = one.type > SCHEMA_PAIRS ? schema_describe(&one) : str_dup("");

	buf_format(buf, "| `%s` | ", row->key);
	cell(buf, row->type <= SCHEMA_PAIRS ? holders[row->type] : "");
	cell(buf, what);
	buf_text(buf, " | ");
	if (row->needed)
		buf_text(buf, "**needed**");
	else if (row->normal)
		buf_format(buf, "`%s`", row->normal);
	else
		buf_text(buf, row->normal_help ? row->normal_help : "–");
	buf_text(buf, " | ");
	cell(buf, row->help);
	buf_text(buf, " |\n");
	free(what);
}

static void
reference_rows(struct buf *buf, enum schema_scope scope)
{
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (row->scope != scope)
			continue;
		if (row->type == SCHEMA_INCLUDE && scope != SCOPE_FILE)
			buf_text(buf,
				 "| all of [boot settings](#boot-settings) | | the site's | |\n");
		else if (row->type == SCHEMA_INCLUDE)
			buf_text(buf, "| all of [boot settings](#boot-settings) | | | For all "
				      "machines. |\n");
		else
			reference_row(buf, row);
	}
}

static void
reference_section(struct buf *buf, const char *title, enum schema_scope scope)
{
	buf_format(buf, "\n## %s\n\n| key | value | default | what |\n|---|---|---|---|\n", title);
	reference_rows(buf, scope);
}

char *
site_reference(void)
{
	struct buf buf;
	char *sample;

	buf_init(&buf);
	buf_text(&buf,
		 "# The site file\n\n"
		 "`site.yaml` in the site directory, YAML 1.2. `machines.d/*.yaml` may hold more "
		 "`machines:`"
		 " and nothing else;\nthey are read in the order of their names. `bootserver "
		 "check` finds"
		 " every fault. This page and the sample at its\nend are written from the table in"
		 " `bootserver/site/schema.c`.\n\n"
		 "A machine boots with what it says itself; else with what its profile says (named "
		 "by"
		 " `profile`, else by the first\nrule that fits); else with what the site says.\n");
	reference_section(&buf, "At the top", SCOPE_FILE);
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];
		bool many = row->type == SCHEMA_ITEMS;
		char *title = str_format("%s%s", row->key ? row->key : "Boot settings",
					 many ? " (each of them)" : "");

		if (row->scope == SCOPE_FILE && (many || row->type <= SCHEMA_INCLUDE))
			reference_section(&buf, title, row->inner);
		free(title);
	}
	sample = site_sample(NULL, NULL, NULL, NULL, NULL);
	buf_format(&buf, "\n## A sample\n\n```yaml\n%s```\n", sample);
	free(sample);
	return buf.text;
}
