/* What only PID 1 may do: reap, wait for its children with a deadline, end the machine. */
#include "images/stage1/life.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "images/stage1/console.h"
#include "lib/clock.h"

static sigset_t waited, before;

struct stage1 *
life_new(void)
{
	void *s = mmap(NULL, sizeof(struct stage1), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (s == MAP_FAILED)
		life_end(LIFE_REBOOT, "no memory");
	return s;
}

void
life_init(void)
{
	static const int signals[] = { SIGCHLD, SIGTERM, SIGINT, SIGUSR1, SIGUSR2 };

	sigemptyset(&waited);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaddset(&waited, signals[i]);
	sigprocmask(SIG_BLOCK, &waited, &before);
}

void
life_release(void)
{
	sigprocmask(SIG_SETMASK, &before, NULL);
}

pid_t
life_start(int (*run)(struct stage1 *s), struct stage1 *s)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	sigprocmask(SIG_SETMASK, &before, NULL);
	_exit(run(s) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
}

/* Reaps all that ended; true if `pid` was among them. */
static bool
reap(pid_t pid, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t one;

	while ((one = waitpid(-1, &status, WNOHANG)) > 0) {
		if (one != pid)
			continue;
		*ret_status = status;
		ended = true;
	}
	return ended;
}

enum life_event
life_wait(pid_t pid, int64_t wait_ms, int *ret_status)
{
	int64_t deadline = clock_mono_ms() + wait_ms;

	for (;;) {
		if (reap(pid, ret_status))
			return LIFE_ENDED;
		int64_t left = wait_ms < 0 ? INT64_C(3600000) : deadline - clock_mono_ms();
		if (left <= 0)
			return LIFE_TIMEOUT;
		struct timespec span = { .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
		switch (sigtimedwait(&waited, NULL, &span)) {
		case SIGTERM:
		case SIGINT:
			return LIFE_REBOOT;
		case SIGUSR1:
		case SIGUSR2:
			return LIFE_POWEROFF;
		}
	}
}

void
life_status_text(int status, char *ret, size_t size)
{
	if (WIFSIGNALED(status))
		snprintf(ret, size, "was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else
		snprintf(ret, size, "ended with status %d", WEXITSTATUS(status));
}

void
life_end(enum life_event how, const char *why)
{
	console_line(how == LIFE_POWEROFF ? "power off" : "reboot", "%s", why);
	reboot(how == LIFE_POWEROFF ? RB_POWER_OFF : RB_AUTOBOOT);
	for (;;)	/* not PID 1 of a machine, or no power switch: stay, an end would panic */
		pause();
}
