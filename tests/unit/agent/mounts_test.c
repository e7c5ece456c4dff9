/* A disk is kept from udev while its partition is checked and mounted. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cloud-init/agent/mounts.h"
#include "tree.h"

#define DISK "/dev/vda"

/* Runs `what` in a child, which tells one byte when it is done and then stays; its end of it. */
static int
beside(void (*what)(void), pid_t *ret_pid)
{
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	*ret_pid = fork();
	if (*ret_pid == 0) {
		what();
		if (write(ends[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	close(ends[1]);
	return ends[0];
}

static bool
told(int fd, int ms)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	char byte;

	return poll(&ready, 1, ms) == 1 && read(fd, &byte, 1) == 1;
}

static void
end(int fd, pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(fd);
}

/* As udev does while it works on a disk. */
static void
as_udev(void)
{
	char path[WHERE_MAX];

	if (flock(open(where(path, DISK), O_RDONLY), LOCK_SH | LOCK_NB) < 0)
		_exit(1);
}

static void
hold(void)
{
	struct err err;

	if (mounts_hold("vda", &err) < 0)
		_exit(1);
}

static void
udev_is_waited_for(void **state)
{
	pid_t udev, agent;
	int from_udev, from_agent;

	(void)state;
	tree_file(DISK, "");
	from_udev = beside(as_udev, &udev);
	assert_true(told(from_udev, 10000));
	from_agent = beside(hold, &agent);
	assert_false(told(from_agent, 100));
	end(from_udev, udev);
	assert_true(told(from_agent, 10000));
	/* and then it keeps away */
	from_udev = beside(as_udev, &udev);
	assert_false(told(from_udev, 10000));
	end(from_udev, udev);
	end(from_agent, agent);
}

static void
no_disk(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(mounts_hold("vdz", &err), -ENOENT);
	assert_non_null(strstr(err.text, "/dev/vdz"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(udev_is_waited_for, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(no_disk, tree_init, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
