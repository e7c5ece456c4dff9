/*
 * bootserver-site(5), from the schema table: what docs/SITE-FILE.md says, as a manual page.
 */
#include <stdlib.h>

#include "lib/roff.h"
#include "lib/str.h"
#include "site/parse.h"
#include "site/schema.h"

static const char *const front =
	".TH BOOTSERVER\\-SITE 5 \"\" \"bootserver\" \"File Formats\"\n"
	".SH NAME\n"
	"bootserver\\-site \\- the site file of a boot server\n"
	".SH SYNOPSIS\n"
	".I site.yaml\n"
	".br\n"
	".I machines.d/*.yaml\n"
	".SH DESCRIPTION\n"
	".I site.yaml\n"
	"in the site directory says what the site wants, in YAML 1.2.  Files in\n"
	".I machines.d\n"
	"may hold more\n"
	".B machines\n"
	"and nothing else; they are read in the order of their names.\n"
	".B bootserver check\n"
	"finds every fault,\n"
	".B bootserver init\n"
	"writes a sample.\n"
	".PP\n"
	"A machine boots with what it says itself; else with what its profile says (named by\n"
	".BR profile ,\n"
	"else by the first rule that fits); else with what the site says.\n";

static const char *const back =
	".SH \"SEE ALSO\"\n"
	".BR bootserver (1)\n";

/* "A list of mappings", "One of unused, storage", …; fresh memory. */
static char *
value_of(const struct schema_row *row)
{
	struct schema_row each = *row;
	char *what, *text;

	switch (row->type) {
	case SCHEMA_GROUP: return str_dup("a mapping, see below");
	case SCHEMA_ITEMS: return str_dup("a list of mappings, see below");
	case SCHEMA_PAIRS: return str_dup("words and their values");
	case SCHEMA_LIST: break;
	default: return schema_describe(row);
	}
	each.type = row->each;
	what = schema_describe(&each);
	text = str_format("one or a list of: %s", what);
	free(what);
	return text;
}

static void
render_key(struct buf *buf, const struct schema_row *row)
{
	char *value = value_of(row), *text;

	roff_macro(buf, "TP", NULL);
	roff_macro(buf, "B", row->key);
	roff_line(buf, row->help);
	if (row->needed)
		text = str_format("Value: %s.  Needed.", value);
	else if (row->normal || row->normal_help)
		text = str_format("Value: %s.  Default: %s.", value,
				  row->normal ? row->normal : row->normal_help);
	else
		text = str_format("Value: %s.", value);
	roff_line(buf, text);
	free(text);
	free(value);
}

static void
render_scope(struct buf *buf, const char *title, enum schema_scope scope)
{
	roff_macro(buf, "SS", title);
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];

		if (row->scope != scope)
			continue;
		if (row->type != SCHEMA_INCLUDE) {
			render_key(buf, row);
			continue;
		}
		buf_text(buf, ".TP\nall of \\fIboot settings\\fR\n");
		roff_line(buf, scope == SCOPE_FILE ? "For all machines." : "Default: the site's.");
	}
}

char *
site_manual(void)
{
	struct buf buf;
	char *sample;

	buf_init(&buf);
	buf_text(&buf, front);
	roff_macro(&buf, "SH", "KEYS");
	render_scope(&buf, "At the top", SCOPE_FILE);
	for (size_t i = 0; i < schema_nrows; i++) {
		const struct schema_row *row = &schema_rows[i];
		bool many = row->type == SCHEMA_ITEMS;
		char *title = str_format("%s%s", row->key ? row->key : "Boot settings",
					 many ? " (each of them)" : "");

		if (row->scope == SCOPE_FILE && (many || row->type <= SCHEMA_INCLUDE))
			render_scope(&buf, title, row->inner);
		free(title);
	}
	roff_macro(&buf, "SH", "EXAMPLE");
	sample = site_sample(NULL, NULL, NULL, NULL, NULL);
	roff_verbatim(&buf, sample);
	free(sample);
	buf_text(&buf, back);
	return buf.text;
}
