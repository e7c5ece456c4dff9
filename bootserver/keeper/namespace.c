/*
 * The first process of a program's PID and mount namespaces, and how the keeper starts it: dnsmasq
 * and chronyd.  These give up root, which clears a
 * parent-death signal: so it is the namespace that must end with the keeper, and it does when its
 * first process ends.  The mount namespace shows it the site's run/ as /run/bootserver, wherever
 * the site directory lies: the users that dnsmasq and its script become could not walk into /root.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/child.h"
#include "keeper/keeper.h"
#include "lib/log.h"
#include "lib/proc.h"

#define LIFE_FD 3
#define ARGS_MOST 16
#define HERE "/run/bootserver"

static int
failed(const char *what)
{
	log_error("cannot %s for a child: %m", what);
	return -1;
}

static int
bind_fd(int fd, const char *to)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return mount(path, to, NULL, MS_BIND, NULL) < 0 ? failed("mount a folder or file") : 0;
}

/* /run becomes a small empty folder that holds run/. */
static int
show_run(const char *run)
{
	int folder = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return failed("open run/");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed("keep mounts to ourselves");
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") < 0)
		return failed("mount an empty /run");
	if (mkdir(HERE, 0755) < 0)
		return failed("make " HERE);
	if (bind_fd(folder, HERE) < 0)
		return -1;
	close(folder);
	return 0;
}

static pid_t
start_program(char **argv)
{
	sigset_t none;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	close(LIFE_FD);
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	execvp(argv[0], argv);
	log_error("cannot execute %s: %m%s", argv[0],
		  strcmp(argv[0], "dnsmasq") == 0 ? " (install the package dnsmasq-base)" : "");
	_exit(127);
}

/* Reaps what has ended, orphans too; the exit status of `main_pid` once it has, else -1. */
static int
reap(pid_t main_pid)
{
	int status, result = -1;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		if (pid == main_pid)
			result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	return result;
}

/* One signal: handed on, or the program's end (then its exit status, else -1). */
static int
take_signal(int signals, pid_t main_pid)
{
	struct signalfd_siginfo info;

	if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return -1;
	if (info.ssi_signo == SIGCHLD)
		return reap(main_pid);
	kill(main_pid, (int)info.ssi_signo);
	return -1;
}

static int
hold(pid_t main_pid, int signals)
{
	struct pollfd fds[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = LIFE_FD, .events = 0 },	/* only its end */
	};
	int status;

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return 1;
		if (fds[1].revents & (POLLHUP | POLLERR | POLLNVAL))
			return 1;
		if (!(fds[0].revents & POLLIN))
			continue;
		status = take_signal(signals, main_pid);
		if (status >= 0)
			return status;
	}
}

/* Its init ends when the other end of this pipe does, that is when we do. */
static int
life_pipe(struct child *child, struct err *err)
{
	int pipefd[2];

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "cannot make a pipe");
	namespace_ended(child);
	child->life = pipefd[1];
	return pipefd[0];
}

pid_t
namespace_start(struct child *child, const char *const *argv, struct err *err)
{
	const char *all[ARGS_MOST] = { "bootserver", "namespace-init", "run" };
	int life = life_pipe(child, err);
	pid_t pid;

	if (life < 0)
		return life;
	for (size_t i = 0; argv[i] != NULL && i + 4 < ARGS_MOST; i++)
		all[i + 3] = argv[i];
	pid = proc_start(&(struct proc){ .path = "/proc/self/exe", .argv = all, .fds = &life,
					 .nfds = 1, .flags = CLONE_NEWPID | CLONE_NEWNS }, err);
	close(life);
	if (pid == -EPERM)
		err_set(err, -EPERM, "cannot make a namespace for %s: the right CAP_SYS_ADMIN is "
			"missing here", child->name);
	return pid;
}

void
namespace_ended(struct child *child)
{
	if (child->life >= 0)
		close(child->life);
	child->life = -1;
}

int
namespace_init_main(int argc, char **argv)
{
	sigset_t set;
	int signals;
	pid_t pid;

	log_init("keeper", LOG_LEVEL_INFO);
	if (argc < 3 || getpid() != 1) {
		log_error("namespace-init is for the keeper to start");
		return 2;
	}
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	fcntl(LIFE_FD, F_SETFD, FD_CLOEXEC);
	if (signals < 0 || show_run(argv[1]) < 0)
		return 1;
	pid = start_program(argv + 2);
	if (pid < 0) {
		log_error("cannot start %s: %m", argv[2]);
		return 1;
	}
	return hold(pid, signals);
}
