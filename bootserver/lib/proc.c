/*
 * Starting programs: see proc.h.  Between clone and exec the child calls nothing that could wait
 * for a lock; why it failed it tells through a pipe that exec closes.
 */
#include "lib/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/str.h"

extern char **environ;

#define FIRST_FD 3

static void
signals_default(void)
{
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			signal(sig, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts `fds` at 3, 4, … and `tell` behind them, closes the rest; the new `tell`, or -1. */
static int
place_fds(const int *fds, size_t nfds, int tell)
{
	int high[PROC_FDS + 1], base = FIRST_FD + (int)nfds + 1;

	for (size_t i = 0; i <= nfds; i++) {
		high[i] = fcntl(i < nfds ? fds[i] : tell, F_DUPFD_CLOEXEC, base);
		if (high[i] < 0)
			return -1;
	}
	for (size_t i = 0; i <= nfds; i++)
		if (dup3(high[i], FIRST_FD + (int)i, i < nfds ? 0 : O_CLOEXEC) < 0)
			return -1;
	close_range((unsigned)base, ~0U, 0);
	return FIRST_FD + (int)nfds;
}

static _Noreturn void
child(const struct proc *proc, char **env, pid_t parent, int tell)
{
	int code, placed;

	signals_default();
	prctl(PR_SET_PDEATHSIG, proc->flags & CLONE_NEWPID ? SIGKILL : SIGTERM, 0, 0, 0);
	/* in a new namespace the parent has no number */
	if (!(proc->flags & CLONE_NEWPID) && getppid() != parent)
		_exit(126);
	placed = place_fds(proc->fds, proc->nfds, tell);
	if (placed >= 0) {
		tell = placed;
		execvpe(proc->path, (char *const *)proc->argv, env);
	}
	code = errno;
	while (write(tell, &code, sizeof(code)) < 0 && errno == EINTR)
		;
	_exit(127);
}

static bool
is_named(const char *const *list, const char *variable)
{
	size_t len = strcspn(variable, "=") + 1;

	for (; list != NULL && *list != NULL; list++)
		if (strncmp(*list, variable, len) == 0)
			return true;
	return false;
}

/* `more`, and ours but for those that `more` names; the strings are borrowed. */
static char **
environment(const char *const *more)
{
	size_t ours = 0, theirs = 0, n = 0;
	char **env;

	while (environ[ours] != NULL)
		ours++;
	while (more != NULL && more[theirs] != NULL)
		theirs++;
	env = mem_new((ours + theirs + 1) * sizeof(*env));
	for (size_t i = 0; i < theirs; i++)
		env[n++] = (char *)more[i];
	for (size_t i = 0; i < ours; i++)
		if (!is_named(more, environ[i]))
			env[n++] = environ[i];
	return env;
}

/* What the child wrote before exec took it, or 0 when exec closed the pipe. */
static int
hear(int fd)
{
	int code = 0;
	ssize_t n;

	do
		n = read(fd, &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(code) ? code : 0;
}

pid_t
proc_start(const struct proc *proc, struct err *err)
{
	char **env = environment(proc->env);
	pid_t parent = getpid(), pid;
	int tell[2], code;

	if (pipe2(tell, O_CLOEXEC) < 0) {
		pid = err_errno(err, -errno, "cannot make a pipe");
		goto out;
	}
	pid = (pid_t)syscall(SYS_clone, proc->flags | SIGCHLD, NULL, NULL, NULL, 0);
	if (pid == 0)
		child(proc, env, parent, tell[1]);
	code = errno;
	close(tell[1]);
	if (pid < 0) {
		pid = err_errno(err, -code, "cannot start a process");
		goto close;
	}
	code = hear(tell[0]);
	if (code != 0) {
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
		pid = err_errno(err, -code, "cannot execute %s", proc->path);
	}
close:
	close(tell[0]);
out:
	free(env);
	return pid;
}
