/* Work in a process of its own. */
#include "cmocka_all.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/job.h"
#include "lib/str.h"

static struct buf lines;

static void
take(void *arg, const char *line)
{
	buf_format(arg, "<%s>", line);
}

static void
to_its_end(struct job *job)
{
	struct pollfd p = { .fd = job->fd, .events = POLLIN };

	while (job_runs(job, take, &lines))
		poll(&p, 1, 5);		/* at its end the descriptor stays readable */
}

static int
setup(void **state)
{
	(void)state;
	buf_init(&lines);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	buf_fini(&lines);
	return 0;
}

static void
lines_and_status(void **state)
{
	const char *argv[] = { "sh", "-c", "echo one; echo two >&2; printf half; exit 3", NULL };
	struct job job = { 0 };
	struct err err;

	(void)state;
	assert_false(job_is(&job));
	assert_int_equal(job_start(&job, argv, 10000, &err), 0);
	assert_true(job_is(&job));
	to_its_end(&job);
	assert_string_equal(lines.text, "<one><two>");
	assert_int_equal(job.status, 3);
	assert_string_equal(job_last(&job), "half");
	assert_true(job_is(&job));
	job_drop(&job);
	assert_false(job_is(&job));
}

static void
no_such_program(void **state)
{
	const char *argv[] = { "no-such-program-anywhere", NULL };
	struct job job = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(job_start(&job, argv, 10000, &err), -ENOENT);
	assert_true(str_starts(err.text, "no-such-program-anywhere: "));
	assert_false(job_is(&job));
}

static void
ended_when_it_takes_too_long(void **state)
{
	const char *argv[] = { "sh", "-c", "echo on; exec cat /dev/zero >/dev/null", NULL };
	struct job job = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(job_start(&job, argv, 200, &err), 0);
	to_its_end(&job);
	assert_int_equal(job.status, 128 + 9);
	assert_string_equal(job_last(&job), "it took too long and was ended");
	job_drop(&job);
}

/* What goes on in the background of a program that has ended does not hold us up. */
static void
what_it_left_behind(void **state)
{
	const char *argv[] = { "sh", "-c", "cat /dev/zero >/dev/null & echo $!", NULL };
	struct job job = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(job_start(&job, argv, 10000, &err), 0);
	to_its_end(&job);
	assert_int_equal(job.status, 0);
	assert_int_equal(kill(atoi(job_last(&job)), SIGKILL), 0);
	job_drop(&job);
}

static int
ours(void *arg, struct err *err)
{
	printf("from %s\n", (const char *)arg);
	return err_set(err, -EIO, "no luck");
}

static void
a_function_of_ours(void **state)
{
	struct job job = { 0 };
	struct err err;

	(void)state;
	assert_int_equal(job_call(&job, ours, "here", &err), 0);
	to_its_end(&job);
	assert_string_equal(lines.text, "<from here><no luck>");
	assert_int_equal(job.status, 1);
	job_drop(&job);
}

static void
dropped_while_it_runs(void **state)
{
	const char *argv[] = { "sh", "-c", "exec cat /dev/zero >/dev/null", NULL };
	struct job job = { 0 };
	struct err err;
	pid_t pid;

	(void)state;
	assert_int_equal(job_start(&job, argv, 60000, &err), 0);
	pid = job.pid;
	assert_true(job_runs(&job, NULL, NULL));
	job_drop(&job);
	assert_int_equal(kill(pid, 0), -1);
	assert_false(job_runs(&job, NULL, NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_and_status, setup, teardown),
		cmocka_unit_test_setup_teardown(no_such_program, setup, teardown),
		cmocka_unit_test_setup_teardown(ended_when_it_takes_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(what_it_left_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(a_function_of_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(dropped_while_it_runs, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
