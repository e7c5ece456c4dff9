/* How PID 1 waits for its children: whatever they do, it learns of it and stays. */
#include "cmocka_all.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "images/stage1/life.h"

static int
ends_well(struct stage1 *s)
{
	s->memory = 42;		/* seen by the parent: the memory is shared */
	return 0;
}

static int
fails(struct stage1 *s)
{
	(void)s;
	return -1;
}

static int
crashes(struct stage1 *s)
{
	struct rlimit none = {0};

	(void)s;
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
	return 0;
}

static int
hangs(struct stage1 *s)
{
	(void)s;
	while (pause() < 0)
		;
	return 0;
}

static int
signals_parent(struct stage1 *s)
{
	kill(getppid(), s->args.size == 1 ? SIGTERM : SIGUSR2);
	return hangs(s);
}

/* Each way to end, told apart. */
static void
ended(void **state)
{
	struct stage1 *s = life_new();
	char text[80];
	int status = -1;

	(void)state;
	assert_int_equal(life_wait(life_start(ends_well, s), 20000, &status), LIFE_ENDED);
	assert_int_equal(status, 0);
	assert_int_equal(s->memory, 42);
	assert_int_equal(life_wait(life_start(fails, s), -1, &status), LIFE_ENDED);
	life_status_text(status, text, sizeof(text));
	assert_string_equal(text, "ended with status 1");
	assert_int_equal(life_wait(life_start(crashes, s), 20000, &status), LIFE_ENDED);
	life_status_text(status, text, sizeof(text));
	assert_non_null(strstr(text, "was killed by signal 11"));
}

static void
others_are_reaped(void **state)
{
	struct stage1 *s = life_new();
	int status = -1;

	(void)state;
	pid_t other = life_start(fails, s);
	pid_t hung = life_start(hangs, s);
	/* the other one's end wakes, but is not what is waited for */
	assert_int_equal(life_wait(hung, 300, &status), LIFE_TIMEOUT);
	assert_int_equal(waitpid(other, NULL, WNOHANG), -1);
	kill(hung, SIGKILL);
	assert_int_equal(life_wait(hung, 20000, &status), LIFE_ENDED);
	assert_true(WIFSIGNALED(status));
}

static void
signals(void **state)
{
	struct stage1 *s = life_new();
	int status;

	(void)state;
	for (uint64_t row = 0; row < 2; row++) {
		s->args.size = row;
		pid_t pid = life_start(signals_parent, s);
		assert_int_equal(life_wait(pid, 20000, &status),
				 row == 1 ? LIFE_REBOOT : LIFE_POWEROFF);
		kill(pid, SIGTERM);	/* the child has its signals as they were: this ends it */
		assert_int_equal(life_wait(pid, 20000, &status), LIFE_ENDED);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ended),
		cmocka_unit_test(others_are_reaped),
		cmocka_unit_test(signals),
	};

	life_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
