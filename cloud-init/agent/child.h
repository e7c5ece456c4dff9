#ifndef AGENT_CHILD_H
#define AGENT_CHILD_H

#include <sys/types.h>

#include "lib/err.h"

/*
 * Runs one program to its end.  `argv` is looked up in PATH; its output and errors (the first
 * 16 MiB) go to *ret_out (the caller frees; NULL is allowed).  Returns the exit status (128 +
 * signal if it was killed), -ENOENT when there is no such program, -ETIMEDOUT when it was ended
 * after `timeout_ms`.
 */
int child_run(const char *const *argv, int timeout_ms, char **ret_out, struct err *err);

/* The same where only status 0 is good: 0, or negative with the last line it printed in `err`. */
int child_must(const char *const *argv, int timeout_ms, struct err *err);

/* The last line of what a program printed, without the newline; `text` is cut for it. */
const char *child_last_line(char *text);

/* Starts one: its output and errors go to `out`.  0 or a negative errno value; the caller reaps. */
int child_spawn(const char *const *argv, int out, pid_t *ret_pid);

#endif
