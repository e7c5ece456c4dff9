/*
 * stage 1: PID 1 of the initrd.  It mounts what is needed to see anything, lets a worker process
 * take the steps (work.c), reboots a machine whose worker makes no progress, and then becomes the
 * root's init, or, without a root, stays and keeps the agent running.
 */
#include <stdio.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "images/stage1/console.h"
#include "images/stage1/life.h"
#include "images/stage1/mounts.h"
#include "images/stage1/policy.h"
#include "images/stage1/root.h"
#include "images/stage1/tiny.h"
#include "images/stage1/work.h"
#include "lib/clock.h"

#define LAST_WORD_S 30		/* so that the last screen can be read */
#define LOOK_MS 1000		/* the worker reads the deadline, and its progress moves it */

static void
fail(const char *why)
{
	console_rule();
	console_line("FAILED", "%s", why);
	console_line("next", "reboot in %d s", LAST_WORD_S);
	console_rule();
	sleep(LAST_WORD_S);
	life_end(LIFE_REBOOT, why);
}

/* Waits for the worker as long as it makes progress; returns when it has done all. */
static void
watch(struct stage1 *s, pid_t worker)
{
	char text[64], why[128];
	int status;

	for (;;) {
		int64_t alive = atomic_load(&s->alive_ms), now = clock_mono_ms();
		int64_t left = policy_deadline(alive, now, s->args.deadline_s);
		if (left <= 0) {
			snprintf(why, sizeof(why), "no progress for %lld s",
				 (long long)(now - alive) / 1000);
			life_end(LIFE_REBOOT, why);
		}
		enum life_event event = life_wait(worker, left < LOOK_MS ? left : LOOK_MS, &status);
		if (event == LIFE_REBOOT || event == LIFE_POWEROFF)
			life_end(event, "asked for by a signal");
		if (event == LIFE_ENDED)
			break;
	}
	if (status == 0)
		return;
	if (WIFEXITED(status))		/* it has told why, and waited */
		life_end(LIFE_REBOOT, "after a failure");
	life_status_text(status, text, sizeof(text));
	snprintf(why, sizeof(why), "stage 1's worker %s", text);
	fail(why);
}

int
main(int argc, char **argv)
{
	struct err err;
	(void)argc;

	if (getpid() != 1) {
		fprintf(stderr, "stage1 is the init of an initrd: the kernel starts it\n");
		return 2;
	}
	umask(022);
	int code = mounts_kernel(&err);
	console_open();
	if (code < 0)
		fail(err.text);
	console_line("start", "bootserver stage 1 %s", VERSION);
	life_init();
	reboot(RB_DISABLE_CAD);		/* Ctrl-Alt-Del comes to us as SIGINT */
	struct stage1 *s = life_new();
	atomic_store(&s->alive_ms, clock_mono_ms());
	pid_t worker = life_start(work_run, s);
	if (worker < 0)
		fail("cannot start the worker");
	watch(s, worker);
	if (s->args.root[0] == '\0')
		tiny_run(s);
	console_line("switch", "to the root");
	life_release();
	root_switch(argv, &err);
	fail(err.text);
}
