/* The system of an image without a root: the agent, kept running by stage 1. */
#include "images/stage1/tiny.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/stage1/console.h"
#include "images/stage1/life.h"
#include "images/stage1/mounts.h"
#include "images/stage1/policy.h"
#include "lib/clock.h"

#define AGENT "/usr/bin/bootserver-agent"
#define STOP_MS 5000

/* In the child: the agent in a session of its own, speaking on the console. */
static int
run_agent(struct stage1 *s)
{
	char *const argv[] = { AGENT, "run", NULL };
	char *const env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "TERM=linux",
			      NULL };

	(void)s;
	setsid();
	execve(AGENT, argv, env);
	console_line("agent", "cannot start %s: %s", AGENT, strerror(errno));
	return -1;
}

static void
stop_agent(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	if (life_wait(pid, STOP_MS, &status) == LIFE_TIMEOUT)
		kill(pid, SIGKILL);
	sync();
}

static void
prepare(struct stage1 *s)
{
	struct err err;

	if (mounts_stay(&err) < 0)
		console_line("mounts", "%s", err.text);
	if (s->args.machine[0] != '\0' && sethostname(s->args.machine, strlen(s->args.machine)) < 0)
		console_line("hostname", "%s", strerror(errno));
	mkdir("/etc", 0755);
	unlink("/etc/resolv.conf");
	if (symlink(STAGE1_DIR "/resolv.conf", "/etc/resolv.conf") < 0)
		console_line("resolver", "%s", strerror(errno));
}

void
tiny_run(struct stage1 *s)
{
	unsigned nth = 0;

	prepare(s);
	for (;;) {
		char text[64];
		int status = 0;
		int64_t began = clock_mono_ms();

		pid_t pid = life_start(run_agent, s);
		if (pid < 0)
			life_end(LIFE_REBOOT, "cannot start another process");
		enum life_event event = life_wait(pid, -1, &status);
		if (event != LIFE_ENDED) {
			stop_agent(pid);
			life_end(event, "asked for by a signal");
		}
		int64_t wait = policy_agent_wait_ms(&nth, clock_mono_ms() - began);
		life_status_text(status, text, sizeof(text));
		console_line("agent", "%s; again in %lld s", text, (long long)wait / 1000);
		event = life_wait(-1, wait, &status);
		if (event == LIFE_REBOOT || event == LIFE_POWEROFF)
			life_end(event, "asked for by a signal");
	}
}
