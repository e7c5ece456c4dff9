#ifndef LIB_PROC_H
#define LIB_PROC_H

#include <stddef.h>
#include <sys/types.h>

#include "lib/err.h"

/* The door to processes. */

struct proc {
	const char *path;		/* program; a name without '/' is looked for in PATH */
	const char *const *argv;	/* ends with NULL */
	const char *const *env;		/* "NAME=value" beside ours; ends with NULL, may be NULL */
	const int *fds;			/* become 3, 4, …; nothing else but 0, 1, 2 is passed on */
	size_t nfds;			/* at most PROC_FDS */
	unsigned long flags;		/* CLONE_NEWPID | CLONE_NEWNS or 0 (clone(2)) */
};
#define PROC_FDS 8

/*
 * Starts it with no signal blocked and all at their defaults; it is sent SIGTERM (as init of a new
 * PID namespace: SIGKILL) when we end, until it changes its user (prctl(2), PR_SET_PDEATHSIG).  The
 * pid (the caller reaps it), or a negative errno; a program that cannot be executed is told here.
 */
pid_t proc_start(const struct proc *proc, struct err *err);

#endif
