#ifndef TESTS_UNIT_CLI_PROGRAM_H
#define TESTS_UNIT_CLI_PROGRAM_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmocka_all.h"

#include "cli/cli.h"
#include "lib/file.h"

/* Runs cli_main() in a child and keeps what it printed. */

struct run {
	int status;
	char out[16384], err[16384];
};

static inline void
run_read(FILE *file, char *ret, size_t size)
{
	size_t len;

	rewind(file);
	len = fread(ret, 1, size - 1, file);
	ret[len] = '\0';
	fclose(file);
}

/* `words` is the command line, words apart by one space. */
static inline void
run(struct run *ret, const char *words)
{
	char line[512], *argv[32] = { NULL }, *save = NULL;
	FILE *out = tmpfile(), *err = tmpfile();
	int argc = 0;
	pid_t pid;

	snprintf(line, sizeof(line), "bootserver %s", words);
	for (char *word = strtok_r(line, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(fileno(out), STDOUT_FILENO);
		dup2(fileno(err), STDERR_FILENO);
		exit(cli_main(argc, argv, NULL));
	}
	waitpid(pid, &ret->status, 0);
	ret->status = WIFEXITED(ret->status) ? WEXITSTATUS(ret->status) : -1;
	run_read(out, ret->out, sizeof(ret->out));
	run_read(err, ret->err, sizeof(ret->err));
}

/* The same; any other exit status fails the test. */
static inline void
must(struct run *ret, const char *words, int status)
{
	run(ret, words);
	if (ret->status != status)
		fail_msg("`%s` ended with %d, not %d\n%s%s", words, ret->status, status, ret->out,
			 ret->err);
}

static inline void
put(const char *path, const char *text)
{
	struct err err = { "" };

	if (file_write((struct file_new){ AT_FDCWD, path, 0644 }, text, strlen(text), &err) < 0)
		fail_msg("%s", err.text);
}

#endif
