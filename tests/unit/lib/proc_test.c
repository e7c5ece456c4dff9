/* Starting programs: what they are given, and that they are given nothing else. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/proc.h"

static struct err err;

/* Runs `sh -c SCRIPT` with these; its exit status. */
static int
run(const char *script, const char *const *env, const int *fds, size_t nfds)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	pid_t pid = proc_start(&(struct proc){ .path = "sh", .argv = argv, .env = env, .fds = fds,
					       .nfds = nfds }, &err);
	int status = -1;

	if (pid < 0)
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
descriptors(void **state)
{
	int pipes[2][2], fds[2], other = open("/dev/null", O_RDONLY);
	char text[16] = "";

	(void)state;
	assert_int_equal(pipe(pipes[0]), 0);
	assert_int_equal(pipe(pipes[1]), 0);
	/* in an order in which one stands where another is to be put */
	fds[0] = pipes[1][1];
	fds[1] = pipes[0][1];
	assert_int_equal(run("echo one >&3; echo two >&4", NULL, fds, 2), 0);
	assert_int_equal(read(pipes[1][0], text, sizeof(text)), 4);
	assert_memory_equal(text, "one\n", 4);
	assert_int_equal(read(pipes[0][0], text, sizeof(text)), 4);
	assert_memory_equal(text, "two\n", 4);
	/* nothing but 0-4 is open there (ls itself opens one more) */
	assert_int_equal(run("for fd in /proc/self/fd/*; do :; done; "
			     "[ -e /proc/$$/fd/4 ] && for n in 5 6 7 8 9 11 12; do "
			     "[ ! -e /proc/$$/fd/$n ] || exit 9; done", NULL, fds, 2), 0);
	for (int i = 0; i < 4; i++)
		close(pipes[i / 2][i % 2]);
	close(other);
}

static void
environment(void **state)
{
	const char *const env[] = { "PROC_TEST=theirs", "PROC_MORE=more", NULL };

	(void)state;
	setenv("PROC_TEST", "ours", 1);
	assert_int_equal(run("[ \"$PROC_TEST $PROC_MORE\" = 'theirs more' ]", env, NULL, 0), 0);
	assert_int_equal(run("[ \"$PROC_TEST$PROC_MORE\" = ours ]", NULL, NULL, 0), 0);
	unsetenv("PROC_TEST");
}

static void
signals(void **state)
{
	sigset_t set, before;

	(void)state;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &before);
	signal(SIGTERM, SIG_IGN);
	assert_int_equal(run("kill -TERM $$; exit 3", NULL, NULL, 0), -SIGTERM);
	signal(SIGTERM, SIG_DFL);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

static void
what_cannot_be_executed(void **state)
{
	const char *argv[] = { "no-such-program", NULL };

	(void)state;
	assert_int_equal(proc_start(&(struct proc){ .path = *argv, .argv = argv }, &err), -ENOENT);
	assert_non_null(strstr(err.text, "cannot execute no-such-program"));
	assert_int_equal(proc_start(&(struct proc){ .path = "/dev/null", .argv = argv }, &err),
			 -EACCES);
	/* and no zombie is left */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors),
		cmocka_unit_test(environment),
		cmocka_unit_test(signals),
		cmocka_unit_test(what_cannot_be_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
