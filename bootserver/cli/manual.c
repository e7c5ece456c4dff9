/*
 * bootserver(1), from the same usage texts that --help prints.  Of a usage text this much is
 * understood: lines of synopsis, an empty line, then paragraphs, and items ("  --name NAME    what
 * it is for") whose further lines are indented; any other indented line is an example.
 */
#include "cli/manual.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/roff.h"
#include "lib/str.h"
#include "site/parse.h"

static const char *const front =
	".TH BOOTSERVER 1 \"\" \"bootserver\" \"User Commands\"\n"
	".SH NAME\n"
	"bootserver \\- network boot server for bare metal\n"
	".SH SYNOPSIS\n"
	".B bootserver\n"
	"[\\fB\\-C\\fR \\fIDIR\\fR] \\fICOMMAND\\fR [\\fIARGUMENT\\fR...]\n"
	".SH DESCRIPTION\n"
	"Takes a rack of machines from power-on, over PXE, iPXE or UEFI HTTP Boot, into an\n"
	"immutable image whose agent says when the machine is healthy; and takes any machine\n"
	"back there by a reboot.  All that a site is lies in one folder, the site directory;\n"
	"what the site wants is said in its file\n"
	".IR site.yaml ,\n"
	"see\n"
	".BR bootserver\\-site (5).\n"
	"Commands that ask or tell the running server speak to it through\n"
	".I run/api.sock\n"
	"in the site directory.\n"
	".SH OPTIONS\n"
	".TP\n"
	"\\fB\\-C\\fR \\fIDIR\\fR\n"
	"The site directory; the current folder if not given.\n"
	".TP\n"
	".B \\-\\-help\n"
	"The list of commands; behind a command, what it takes.\n"
	".TP\n"
	".B \\-\\-version\n"
	"The version.\n"
	".SH COMMANDS\n";

static const char *const back =
	".SH \"EXIT STATUS\"\n"
	"0: good.  1: the input or the site is at fault.  2: wrong usage.\n"
	".SH FILES\n"
	"In the site directory:\n"
	".TP\n"
	".I site.yaml\n"
	"What the site wants; the server never writes it.\n"
	".TP\n"
	".I machines.d/*.yaml\n"
	"More machines.\n"
	".TP\n"
	".IR pki/ ,\\  state/ ,\\  store/\n"
	"Keys and certificates; the database; images.\n"
	".TP\n"
	".I run/\n"
	"What belongs to the running server.\n"
	".SH ENVIRONMENT\n"
	".TP\n"
	".B BOOTSERVER_DATA\n"
	"Where the shipped files (iPXE, scripts) are, if not beside the program.\n"
	".SH \"SEE ALSO\"\n"
	".BR bootserver\\-site (5),\n"
	".BR dnsmasq (8)\n";

/* Where in an item its text begins, behind the gap of two spaces or more; 0: it is no item.  Two
 * spaces behind a sentence are no gap. */
static size_t
item_text(const char *line, size_t len)
{
	size_t at = 0;

	while (at < len && line[at] == ' ')
		at++;
	for (; at + 2 < len; at++)
		if (line[at] == ' ' && line[at + 1] == ' ')
			break;
	if (at == 0 || at + 2 >= len || strchr(".:;", line[at - 1]))
		return 0;
	while (at < len && line[at] == ' ')
		at++;
	return at;
}

static void
render_item(struct buf *buf, const char *line, size_t len)
{
	size_t text = item_text(line, len), from = strspn(line, " "), to = text;

	while (line[to - 1] == ' ')
		to--;
	buf_text(buf, ".TP\n\\fB");
	roff_text(buf, line + from, to - from);
	buf_text(buf, "\\fR\n");
	roff_text(buf, line + text, len - text);
	buf_text(buf, "\n");
}

enum part { PART_BREAK, PART_TEXT, PART_ITEM, PART_EXAMPLE };

static enum part
part_of(const char *line, size_t len, enum part before)
{
	if (len == 0)
		return PART_BREAK;
	if (line[0] == ' ' && line[1] == ' ' && line[2] == ' ' && before == PART_ITEM)
		return PART_ITEM;
	if (item_text(line, len) && (line[0] == ' ' || before != PART_TEXT))
		return PART_ITEM;
	return line[0] == ' ' ? PART_EXAMPLE : PART_TEXT;
}

static void
render_line(struct buf *buf, const char *line, size_t len, enum part before)
{
	enum part part = part_of(line, len, before);
	bool further = part == PART_ITEM && before == PART_ITEM && strspn(line, " ") > 2;

	if (part == PART_BREAK)
		return;
	if (part == PART_ITEM && !further) {
		render_item(buf, line, len);
		return;
	}
	if (part == PART_EXAMPLE || (part == PART_TEXT && before != PART_TEXT))
		buf_text(buf, part == PART_EXAMPLE && before == PART_EXAMPLE ? ".br\n" : ".PP\n");
	if (part != PART_TEXT) {
		len -= strspn(line, " ");
		line += strspn(line, " ");
	}
	roff_text(buf, line, len);
	buf_text(buf, "\n");
}

/* The paragraphs behind the synopsis. */
static void
render_body(struct buf *buf, const char *text)
{
	enum part before = PART_BREAK;

	while (*text) {
		size_t len = strcspn(text, "\n");

		render_line(buf, text, len, before);
		before = part_of(text, len, before);
		text += len + (text[len] == '\n');
	}
}

static void
render_command(struct buf *buf, const struct cli_command *command)
{
	const char *body = strstr(command->usage, "\n\n"), *line = command->usage;
	const char *end = body ? body : line + strlen(line);
	char *help;

	roff_macro(buf, "SS", command->name);
	buf_text(buf, ".nf\n");
	while (line < end) {
		size_t len = strcspn(line, "\n");
		const char *from = line + strspn(line, " ");

		buf_text(buf, "\\fB");
		if (!str_starts(from, "bootserver "))
			buf_text(buf, "bootserver ");
		roff_text(buf, from, (size_t)(line + len - from));
		buf_text(buf, "\\fR\n");
		line += len + 1;
	}
	buf_text(buf, ".fi\n.PP\n");
	help = str_format("To %s.", command->help);
	roff_line(buf, help);
	free(help);
	if (body)
		render_body(buf, body + 2);
}

char *
manual_render(const struct cli_command *table)
{
	struct buf buf;

	buf_init(&buf);
	buf_text(&buf, front);
	for (const struct cli_command *c = table; c->name; c++)
		render_command(&buf, c);
	buf_text(&buf, back);
	return buf.text;
}

int
manual_main(int argc, char **argv)
{
	char *text = NULL;

	if (argc == 2 && str_eq(argv[1], "command"))
		text = manual_render(cli_commands);
	else if (argc == 2 && str_eq(argv[1], "completion"))
		text = completion_render(cli_commands);
	else if (argc == 2 && str_eq(argv[1], "site"))
		text = site_manual();
	if (!text)
		return cli_fail(CLI_USAGE, "manual command|site|completion");
	fputs(text, stdout);
	free(text);
	return fflush(stdout) == 0 ? CLI_GOOD : CLI_FAULT;
}
