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
	bool proposed;		/* within a group that is only a proposal */
	const char *name, *domain, *interface, *address, *range;
};

/* What is within a proposed group is behind a '#' of its own; then indentation, then '#' for a line
 * that is only a proposal. */
static void
line_begin(struct sample *s, size_t depth, bool proposal)
{
	if (s->proposed)
		buf_text(&s->buf, "#");
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

/* "{name: r1, labels: {row: a}}": an item of a list with its shown keys. */
static void
sample_item(struct sample *s, enum schema_scope scope)
{
	const char *between = "{";

	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *r = &schema_rows[i];

		if (r->scope != scope || !r->shown)
			continue;
		buf_format(&s->buf, "%s%s: %s", between, r->key, r->sample);
		between = ", ";
	}
	if (scope == SCOPE_PROFILE)
		buf_text(&s->buf, ", state-size: 16GiB");
	buf_text(&s->buf, "}");
}

static void
sample_group(struct sample *s, const struct schema_row *row)
{
	s->proposed = !row->shown;
	line_begin(s, 0, false);
	buf_format(&s->buf, "%s:\n", row->key);
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *r = &schema_rows[i];

		if (r->scope != row->inner || !r->key)
			continue;
		comment(s, 1, r->help);
		line_begin(s, 1, !r->shown);
		if (r->type == SCHEMA_ITEMS) {
			buf_format(&s->buf, "%s: [", r->key);
			sample_item(s, r->inner);
			buf_text(&s->buf, "]\n");
		} else {
			buf_format(&s->buf, "%s: %s\n", r->key, sample_value(s, r));
		}
	}
	s->proposed = false;
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
		if (row->type == SCHEMA_GROUP && !row->sample) {
			sample_group(s, row);
		} else if (row->type == SCHEMA_ITEMS) {
			buf_format(&s->buf, "#%s:\n#  - ", row->key);
			sample_item(s, row->inner);
			buf_text(&s->buf, "\n");
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
		 "# Lines that begin with '#' and no blank, or with '#' and two, are proposals:\n"
		 "# take the '#' away to use them.\n");
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
	char *what = schema_describe(row);

	buf_text(buf, "| ");
	for (size_t i = 0; !row->key && row->words[i]; i++)
		buf_format(buf, "%s`%s`", i ? ", " : "", row->words[i]);
	if (row->key)
		buf_format(buf, "`%s`", row->key);
	buf_text(buf, " | ");
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
reference_section(void *user, const char *title, enum schema_scope scope)
{
	struct buf *buf = user;

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
		 " `profile`, else by the first\nrule that fits); else with what the site says.\n\n"
		 "Machines whose image has Kubernetes become one cluster. While no machine says"
		 " its `roles`, the first of the file is\ncontrol-plane and worker, all others are"
		 " workers. A pool under `load-balancer` and the group `storage` give their roles\n"
		 "to all workers, unless a machine says that role itself.\n");
	schema_walk(reference_section, &buf);
	sample = site_sample(NULL, NULL, NULL, NULL, NULL);
	buf_format(&buf, "\n## A sample\n\n```yaml\n%s```\n", sample);
	free(sample);
	return buf.text;
}
