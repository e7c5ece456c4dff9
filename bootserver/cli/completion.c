/*
 * Completion for bash, from the synopses of the table: options, words to choose from, and the names
 * of the machines where MACHINE stands, which the running server tells.
 */
#include <string.h>

#include "cli/manual.h"
#include "lib/str.h"

static const char *const front =
	"# Completion of bootserver(1) for bash, written from its table of commands.\n"
	"_bootserver_machines() # DIR\n"
	"{\n"
	"\tcommand bootserver -C \"$1\" status 2>/dev/null | awk 'NR > 1 { print $1 }'\n"
	"}\n"
	"\n"
	"_bootserver()\n"
	"{\n"
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} dir=. name= words= i\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tcase ${COMP_WORDS[i]} in\n"
	"\t\t-C) dir=${COMP_WORDS[++i]} ;;\n"
	"\t\t-*) ;;\n"
	"\t\t*) name=${COMP_WORDS[i]}; break ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\tif [ \"${COMP_WORDS[COMP_CWORD - 1]}\" = -C ]; then\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
	"\t\treturn\n"
	"\tfi\n"
	"\tcase $name in\n";

static const char *const back =
	"\tesac\n"
	"\tcase $words in\n"
	"\t*MACHINE*) words=\"${words/MACHINE/} $(_bootserver_machines \"$dir\")\" ;;\n"
	"\tesac\n"
	"\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
	"}\n"
	"complete -o default -F _bootserver bootserver\n";

/* Is this sign of a synopsis part of a word? */
static bool
of_word(char sign)
{
	return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z') || sign == '-' ||
	       (sign >= '0' && sign <= '9');
}

/* An option, one of the words to choose from, or MACHINE; not the value that a person makes up. */
static bool
is_offered(const char *word, size_t len, const struct cli_command *command)
{
	if (len == 7 && memcmp(word, "MACHINE", 7) == 0)
		return true;
	if (len == strlen(command->name) && memcmp(word, command->name, len) == 0)
		return false;
	if (len == strlen("bootserver") && memcmp(word, "bootserver", len) == 0)
		return false;
	for (size_t i = 0; i < len; i++)
		if (word[i] >= 'A' && word[i] <= 'Z')
			return false;
	return len > 1;
}

static bool
holds(const char *words, const char *word, size_t len)
{
	for (const char *at = words; (at = strstr(at, " ")); at++)
		if (strncmp(at + 1, word, len) == 0 && (at[1 + len] == ' ' || !at[1 + len]))
			return true;
	return false;
}

static void
render_command(struct buf *buf, const struct cli_command *command)
{
	const char *end = strstr(command->usage, "\n\n"), *at = command->usage;
	struct buf words;

	buf_init(&words);
	while (*at && at != end) {
		size_t len = 0;

		while (of_word(at[len]))
			len++;
		if (len && is_offered(at, len, command) && !holds(words.text, at, len))
			buf_format(&words, " %.*s", (int)len, at);
		at += len ? len : 1;
	}
	buf_format(buf, "\t%s) words=\"--help%s\" ;;\n", command->name, words.text);
	buf_fini(&words);
}

char *
completion_render(const struct cli_command *table)
{
	struct buf buf;

	buf_init(&buf);
	buf_text(&buf, front);
	buf_text(&buf, "\t'') words=\"-C --help --version");
	for (const struct cli_command *c = table; c->name; c++)
		buf_format(&buf, " %s", c->name);
	buf_text(&buf, "\" ;;\n");
	for (const struct cli_command *c = table; c->name; c++)
		render_command(&buf, c);
	buf_text(&buf, back);
	return buf.text;
}
