/*
 * dnsmasq as a child: its files are written to run/, looked through by `dnsmasq --test`, and it
 * runs behind an init of ours (namespace.c), which shows it run/ as /run/bootserver.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/proc.h"
#include "lib/str.h"

#define CONF "/run/bootserver/dnsmasq.conf"

/* The process that is init of new namespaces and has dnsmasq as its child. */
static pid_t
spawn(int life, const char *more, struct err *err)
{
	const char *const argv[] = {
		"bootserver", "namespace-init", "run", "dnsmasq", "--conf-file=" CONF, more, NULL,
	};
	pid_t pid = proc_start(&(struct proc){ .path = "/proc/self/exe", .argv = argv,
					       .fds = &life, .nfds = 1,
					       .flags = CLONE_NEWPID | CLONE_NEWNS }, err);

	if (pid == -EPERM)
		err_set(err, -EPERM, "cannot make a namespace for dnsmasq: the right "
			"CAP_SYS_ADMIN is missing here");
	return pid;
}

/* Its init ends when the other end of this pipe does, that is when we do. */
static int
life_pipe(struct keeper *keeper, struct err *err)
{
	int pipefd[2];

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "cannot make a pipe");
	if (keeper->life >= 0)
		close(keeper->life);
	keeper->life = pipefd[1];
	return pipefd[0];
}

static int
look_through(struct keeper *keeper, struct err *err)
{
	int life = life_pipe(keeper, err), status = 0;
	pid_t pid;

	if (life < 0)
		return life;
	pid = spawn(life, "--test", err);
	close(life);
	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, -EINVAL,
			       "dnsmasq does not take its configuration run/dnsmasq.conf (it says "
			       "why above)");
	return 0;
}

static pid_t
dnsmasq_start(struct keeper *keeper, struct err *err)
{
	int r = look_through(keeper, err), life;
	pid_t pid;

	if (r < 0)
		return r;
	life = life_pipe(keeper, err);
	if (life < 0)
		return life;
	pid = spawn(life, NULL, err);
	close(life);
	if (pid > 0)
		probe_start(keeper);
	return pid;
}

/* The usual reason why dnsmasq ends as soon as it is started. */
static void
tell_taken_port(int port)
{
	char *owner = owner_of_port("udp", port);

	if (owner != NULL)
		log_error("child=dnsmasq UDP port %d is held by %s: stop that, or set dhcp: none",
			  port, owner);
	free(owner);
}

static void
dnsmasq_ended(struct keeper *keeper)
{
	static const int ports[] = { 67, 69, 53, 4011 };

	probe_stop(keeper);
	if (keeper->life >= 0)
		close(keeper->life);
	keeper->life = -1;
	if (keeper->dnsmasq.state.state == CHILD_STARTING)
		for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
			tell_taken_port(ports[i]);
}

static bool
dnsmasq_may(const struct keeper *keeper)
{
	return keeper->dnsmasq_written;
}

static int
write_file(struct keeper *keeper, const char *path, const char *text, struct err *err)
{
	return file_update((struct file_new){ keeper->dir, path, 0644 }, text, strlen(text), err);
}

/* Reservations and names anew.  While it starts it may have read the old ones already, and may not
 * yet know what SIGHUP means. */
static void
read_anew(struct keeper *keeper)
{
	if (keeper->dnsmasq.state.state == CHILD_UP)
		kill(keeper->dnsmasq.pid, SIGHUP);	/* its init hands it on */
	else
		keeper->dnsmasq_stale = keeper->dnsmasq.state.state == CHILD_STARTING;
}

void
dnsmasq_ready(struct keeper *keeper)
{
	child_event(&keeper->dnsmasq, CHILD_READY);
	if (keeper->dnsmasq_stale)
		read_anew(keeper);
	keeper->dnsmasq_stale = false;
}

void
dnsmasq_take_names(struct keeper *keeper, const char *names)
{
	struct err err;
	int r = write_file(keeper, "run/names", names, &err);

	if (r < 0)
		log_error("%s", err.text);
	else if (r > 0)
		read_anew(keeper);
}

int
dnsmasq_take(struct keeper *keeper, const json_t *config, struct err *err)
{
	int text, hosts, names;

	hosts = write_file(keeper, "run/hosts", json_str(config, "hosts", ""), err);
	if (hosts < 0)
		return hosts;
	names = write_file(keeper, "run/names", json_str(config, "names", ""), err);
	if (names < 0)
		return names;
	text = write_file(keeper, "run/dnsmasq.conf", json_str(config, "dnsmasq", ""), err);
	if (text < 0)
		return text;
	keeper->dnsmasq_written = true;
	if (keeper->dnsmasq.pid == 0)
		return 0;
	if (text > 0) {
		log_info("child=dnsmasq new configuration");
		child_again(&keeper->dnsmasq);
	} else if (hosts > 0 || names > 0) {
		log_info("child=dnsmasq new reservations");
		read_anew(keeper);
	}
	return 0;
}

void
dnsmasq_init(struct keeper *keeper)
{
	keeper->life = -1;
	keeper->dnsmasq = (struct child){
		.name = "dnsmasq", .start = dnsmasq_start, .ended = dnsmasq_ended,
		.may = dnsmasq_may, .keeper = keeper,
	};
}
