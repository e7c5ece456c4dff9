/*
 * The first process of dnsmasq's PID and mount namespaces.  dnsmasq gives up root, which clears a
 * parent-death signal: so it is the namespace that must end with the keeper, and it does when its
 * first process ends.  The mount namespace shows it the site's run/ as /run/bootserver, wherever
 * the site directory lies: the users that dnsmasq and its script become could not walk into /root.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/keeper.h"
#include "lib/log.h"

#define LIFE_FD 3
#define HERE "/run/bootserver"
#define PROGRAM "/run/bootserver-program"	/* named in run/lease-event (lease.c) */

static int
failed(const char *what)
{
	log_error("cannot %s for dnsmasq: %m", what);
	return -1;
}

/* This program by its path: /proc/self/exe itself is of the mount namespace that we came from. */
static int
open_program(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[n > 0 ? n : 0] = '\0';
	return open(path, O_PATH | O_CLOEXEC);
}

static int
bind_fd(int fd, const char *to)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return mount(path, to, NULL, MS_BIND, NULL) < 0 ? failed("mount a folder or file") : 0;
}

/* /run becomes a small empty folder that holds run/ and this program. */
static int
show_run(const char *run)
{
	int folder = open(run, O_PATH | O_DIRECTORY | O_CLOEXEC), program = open_program();
	int fd;

	if (folder < 0 || program < 0)
		return failed("open run/ and the program");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return failed("keep mounts to ourselves");
	if (mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755") < 0)
		return failed("mount an empty /run");
	fd = open(PROGRAM, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	if (fd < 0 || mkdir(HERE, 0755) < 0)
		return failed("make " HERE);
	close(fd);
	if (bind_fd(folder, HERE) < 0 || bind_fd(program, PROGRAM) < 0)
		return -1;
	close(folder);
	close(program);
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
	log_error("cannot execute %s: %m (install the package dnsmasq-base)", argv[0]);
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
