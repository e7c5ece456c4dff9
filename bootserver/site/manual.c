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
	"else by the first rule that fits); else with what the site says.\n"
	".PP\n"
	"Machines whose image has Kubernetes become one cluster.  While no machine says its\n"
	".BR roles ,\n"
	"the first of the file is control-plane and worker, all others are workers.  A pool under\n"
	".B load-balancer\n"
	"and the group\n"
	".B storage\n"
	"give their roles to all workers, unless a machine says that role itself.\n";

static const char *const back =
	".SH \"SEE ALSO\"\n"
	".BR bootserver (1)\n";

/* The row's key, or the keys that it refuses; fresh memory. */
static char *
name_of(const struct schema_row *row)
{
	struct buf buf;

	buf_init(&buf);
	buf_text(&buf, row->key ? row->key : "");
	for (size_t i = 0; !row->key && row->words[i]; i++)
		buf_format(&buf, "%s%s", i ? ", " : "", row->words[i]);
	return buf.text;
}

static void
render_key(struct buf *buf, const struct schema_row *row)
{
	char *value = schema_describe(row), *name = name_of(row), *text;

	roff_macro(buf, "TP", NULL);
	roff_macro(buf, "B", name);
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
	free(name);
	free(value);
}

static void
render_scope(void *user, const char *title, enum schema_scope scope)
{
	struct buf *buf = user;

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
	schema_walk(render_scope, &buf);
	roff_macro(&buf, "SH", "EXAMPLE");
	sample = site_sample(NULL, NULL, NULL, NULL, NULL);
	roff_verbatim(&buf, sample);
	free(sample);
	buf_text(&buf, back);
	return buf.text;
}
