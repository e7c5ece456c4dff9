/* What the table of commands writes: bootserver(1) and bash's completion. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "cli/manual.h"
#include "lib/str.h"

static const struct cli_command table[] = {
	{ .name = "paint", .help = "paint the rack",
	  .usage = "paint MACHINE red|blue [--twice] [--with TOOL]\n"
		   "       bootserver paint ls [--json]\n"
		   "\n"
		   "Two spaces behind a full stop.  They make no item.\n"
		   ".begins with a dot\\ and holds \"more\"\n"
		   "\n"
		   "  --twice        so that it\n"
		   "                 covers; ready… now\n"
		   "  --with TOOL    as brush\n"
		   "\n"
		   "ls     lists the colours\n"
		   "\n"
		   "As in:\n"
		   "  bootserver paint n1 red\n" },
	{ .name = "stop", .help = "stop", .usage = "stop\n" },
	{ .name = NULL }
};

static const char *const paint =
	".SS \"paint\"\n"
	".nf\n"
	"\\fBbootserver paint MACHINE red|blue [\\-\\-twice] [\\-\\-with TOOL]\\fR\n"
	"\\fBbootserver paint ls [\\-\\-json]\\fR\n"
	".fi\n"
	".PP\n"
	"To paint the rack.\n"
	".PP\n"
	"Two spaces behind a full stop.  They make no item.\n"
	"\\&.begins with a dot\\e and holds \\(dqmore\\(dq\n"
	".TP\n"
	"\\fB\\-\\-twice\\fR\n"
	"so that it\n"
	"covers; ready\\[u2026] now\n"
	".TP\n"
	"\\fB\\-\\-with TOOL\\fR\n"
	"as brush\n"
	".TP\n"
	"\\fBls\\fR\n"
	"lists the colours\n"
	".PP\n"
	"As in:\n"
	".PP\n"
	"bootserver paint n1 red\n"
	".SS \"stop\"\n"
	".nf\n"
	"\\fBbootserver stop\\fR\n"
	".fi\n"
	".PP\n"
	"To stop.\n"
	".SH \"EXIT STATUS\"\n";

static void
page(void **state)
{
	char *text = manual_render(table), *at = strstr(text, ".SS");

	(void)state;
	assert_non_null(at);
	at[strlen(at) > strlen(paint) ? strlen(paint) : strlen(at)] = '\0';
	assert_string_equal(at, paint);
	free(text);
}

static void
completion(void **state)
{
	char *text = completion_render(table);

	(void)state;
	assert_non_null(strstr(text, "\t'') words=\"-C --help --version paint stop\" ;;\n"));
	assert_non_null(strstr(text, "\tpaint) words=\"--help MACHINE red blue --twice --with ls "
				     "--json\" ;;\n"));
	assert_non_null(strstr(text, "\tstop) words=\"--help\" ;;\n"));
	free(text);
}

/* Each option that a usage text explains stands in its synopsis, where completion finds it. */
static void
synopses(void **state)
{
	(void)state;
	for (const struct cli_command *c = cli_commands; c->name; c++) {
		const char *body = strstr(c->usage, "\n\n"), *at = body;
		char *synopsis = strndup(c->usage, body ? (size_t)(body - c->usage) :
							  strlen(c->usage));

		while (at && (at = strstr(at, "\n  -"))) {
			char *option = strndup(at + 3, strcspn(at + 3, " \n"));

			if (!strstr(synopsis, option))
				fail_msg("%s: the synopsis lacks %s", c->name, option);
			at += 3;
			free(option);
		}
		free(synopsis);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page), cmocka_unit_test(completion), cmocka_unit_test(synopses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
