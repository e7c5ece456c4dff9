#ifndef AGENT_JOB_H
#define AGENT_JOB_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/err.h"
#include "lib/str.h"

/*
 * Work that takes its time, in a process of its own: a program, or a function of ours.  The wheel
 * turns meanwhile and looks at it now and then; what it prints comes line by line.
 */
#define JOB_OUTPUT_MOST (16 << 20)

struct job {
	pid_t pid;		/* 0: none */
	int fd;			/* its output and errors */
	struct buf out;		/* all of that, JOB_OUTPUT_MOST bytes at most */
	size_t told;		/* so much of it was handed out as lines */
	int64_t until_ms;	/* monotonic: then it is ended */
	int status;		/* once it has ended: as child_run() */
};

/* Starts a program, looked up in PATH.  What an earlier job left is dropped. */
int job_start(struct job *job, const char *const *argv, int timeout_ms, struct err *err);

/* Starts `run` in a copy of this process; its error is the last line of the output, status 1. */
int job_call(struct job *job, int (*run)(void *arg, struct err *err), void *arg, struct err *err);

/* Takes in what was printed: true while it runs.  `take` (may be NULL) gets each new line. */
bool job_runs(struct job *job, void (*take)(void *arg, const char *line), void *arg);

bool job_is(const struct job *job);		/* was one started and not yet dropped? */
const char *job_last(struct job *job);		/* the last line that is not empty */
void job_drop(struct job *job);			/* ends it if it still runs */

#endif
