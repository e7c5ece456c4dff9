/* Passphrases: from a file, or typed without an echo. */
#include "cli/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "lib/str.h"

#define SECRET_MOST 1024

void
secret_free(char *secret)
{
	if (secret)
		OPENSSL_cleanse(secret, strlen(secret));
	free(secret);
}

/* The line without its end; NULL when it is empty. */
static char *
line_of(char *text)
{
	text[strcspn(text, "\r\n")] = '\0';
	if (text[0])
		return text;
	secret_free(text);
	cli_fail(CLI_FAULT, "the passphrase is empty");
	return NULL;
}

static char *
from_file(const struct cli *cli, const char *file)
{
	struct err err;
	char *text;

	if (cli_read(cli, file, &text, &err) == 0)
		return line_of(text);
	cli_fail_err(&err);
	return NULL;
}

static char *
from_terminal(const char *prompt)
{
	char *line = mem_new(SECRET_MOST);
	FILE *terminal = fopen("/dev/tty", "r+e");
	struct termios before, silent;

	if (!terminal || tcgetattr(fileno(terminal), &before) < 0) {
		cli_fail(CLI_FAULT, "no terminal to ask for the passphrase: give "
				    "--passphrase-file");
		goto fail;
	}
	silent = before;
	silent.c_lflag &= ~(tcflag_t)ECHO;
	tcsetattr(fileno(terminal), TCSAFLUSH, &silent);
	fputs(prompt, terminal);
	fflush(terminal);
	if (!fgets(line, SECRET_MOST, terminal))
		line[0] = '\0';
	tcsetattr(fileno(terminal), TCSAFLUSH, &before);
	fputs("\n", terminal);
	fclose(terminal);
	return line_of(line);
fail:
	if (terminal)
		fclose(terminal);
	free(line);
	return NULL;
}

char *
secret_read(const struct cli *cli, const char *file, bool twice)
{
	char *secret, *again;
	bool same;

	if (file)
		return from_file(cli, file);
	secret = from_terminal("passphrase: ");
	if (!secret || !twice)
		return secret;
	again = from_terminal("once more: ");
	same = again && strcmp(secret, again) == 0;
	if (again && !same)
		cli_fail(CLI_FAULT, "these are two different passphrases");
	secret_free(again);
	if (same)
		return secret;
	secret_free(secret);
	return NULL;
}
