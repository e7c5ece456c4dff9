/* Work in a process of its own: see job.h. */
#include "cloud-init/agent/job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "lib/clock.h"

static int
begin(struct job *job, int ends[2], struct err *err)
{
	job_drop(job);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "cannot make a pipe");
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	*job = (struct job){ .fd = ends[0] };
	buf_init(&job->out);
	return 0;
}

static int
begun(struct job *job, pid_t pid, int end, struct err *err)
{
	close(end);
	if (pid > 0) {
		job->pid = pid;
		return 0;
	}
	close(job->fd);
	buf_fini(&job->out);
	*job = (struct job){ 0 };
	return err_errno(err, (int)pid, "cannot start a process");
}

int
job_start(struct job *job, const char *const *argv, int timeout_ms, struct err *err)
{
	int ends[2], r = begin(job, ends, err);
	pid_t pid = 0;

	if (r < 0)
		return r;
	job->until_ms = clock_mono_ms() + timeout_ms;
	r = child_spawn(argv, ends[1], &pid);
	r = begun(job, r < 0 ? r : pid, ends[1], err);
	return r < 0 ? err_wrap(err, r, "%s", argv[0]) : 0;
}

static void __attribute__((noreturn))
run_here(int (*run)(void *arg, struct err *err), void *arg, int out)
{
	struct err err = { 0 };
	int r;

	dup2(out, STDOUT_FILENO);
	setvbuf(stdout, NULL, _IOLBF, 0);
	r = run(arg, &err);
	if (r < 0)
		printf("%s\n", err.text);
	fflush(stdout);
	_exit(r < 0);
}

int
job_call(struct job *job, int (*run)(void *arg, struct err *err), void *arg, struct err *err)
{
	int ends[2], r = begin(job, ends, err);
	pid_t pid;

	if (r < 0)
		return r;
	job->until_ms = INT64_MAX;
	fflush(stdout);
	pid = fork();
	if (pid == 0)
		run_here(run, arg, ends[1]);
	return begun(job, pid < 0 ? -errno : pid, ends[1], err);
}

/* The whole lines that came since the last time. */
static void
tell(struct job *job, void (*take)(void *arg, const char *line), void *arg)
{
	char *at, *end, *line;

	while ((at = job->out.text + job->told, end = strchr(at, '\n'))) {
		line = str_format("%.*s", (int)(end - at), at);
		job->told += (size_t)(end - at) + 1;
		if (take)
			take(arg, line);
		free(line);
	}
}

static void
take_in(struct job *job)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(job->fd, piece, sizeof(piece))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0 && job->out.len < JOB_OUTPUT_MOST)
			buf_add(&job->out, piece, (size_t)n);
}

/* A program that daemonized something holds the pipe open: its own end is an end, too. */
static bool
ended(struct job *job)
{
	int status;
	pid_t pid = waitpid(job->pid, &status, WNOHANG);

	if (pid == 0 || (pid < 0 && errno == EINTR))
		return false;
	job->status = pid < 0 ? 255 :
		      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	job->pid = 0;
	return true;
}

bool
job_runs(struct job *job, void (*take)(void *arg, const char *line), void *arg)
{
	bool over;

	if (job->pid <= 0)
		return false;
	if (clock_mono_ms() >= job->until_ms) {
		kill(job->pid, SIGKILL);
		job->until_ms = INT64_MAX;
		buf_text(&job->out, "\nit took too long and was ended\n");
	}
	over = ended(job);
	take_in(job);
	tell(job, take, arg);
	if (over) {
		close(job->fd);
		job->fd = -1;
	}
	return !over;
}

bool
job_is(const struct job *job)
{
	return job->out.text != NULL;
}

const char *
job_last(struct job *job)
{
	char *text = job->out.text, *at;

	if (!text)
		return "";
	while (job->out.len > 0 && strchr("\n ", text[job->out.len - 1]))
		text[--job->out.len] = '\0';
	at = strrchr(text, '\n');
	return at ? at + 1 : text;
}

void
job_drop(struct job *job)
{
	if (job->pid > 0) {
		kill(job->pid, SIGKILL);
		while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(job->fd);
	}
	if (job->out.text)
		buf_fini(&job->out);
	*job = (struct job){ 0 };
}
