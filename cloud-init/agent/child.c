/* Runs one program to its end: see child.h. */
#include "cloud-init/agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/str.h"

#define OUTPUT_MOST (16 << 20)

extern char **environ;

int
child_spawn(const char *const *argv, int out, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out, 1);
	posix_spawn_file_actions_adddup2(&actions, out, 2);
	r = posix_spawnp(ret_pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv,
			 environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Collects output till its end or the deadline: 0 or -ETIMEDOUT. */
static int
collect(int fd, int64_t deadline, struct buf *out)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char piece[4096];
	int64_t left;
	ssize_t n;

	for (;;) {
		left = deadline - clock_mono_ms();
		if (left <= 0 || (poll(&p, 1, (int)left) == 0))
			return -ETIMEDOUT;
		n = read(fd, piece, sizeof(piece));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return 0;
		if (out->len < OUTPUT_MOST)
			buf_add(out, piece, (size_t)n);
	}
}

static int
wait_end(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int
child_run(const char *const *argv, int timeout_ms, char **ret_out, struct err *err)
{
	struct buf out;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_errno(err, -errno, "cannot make a pipe");
	buf_init(&out);
	r = child_spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (r < 0) {
		err_errno(err, r, "cannot start %s", argv[0]);
		goto fail;
	}
	r = collect(ends[0], clock_mono_ms() + timeout_ms, &out);
	if (r < 0) {
		kill(pid, SIGKILL);
		wait_end(pid);
		err_set(err, r, "%s did not end within %d s", argv[0], timeout_ms / 1000);
		goto fail;
	}
	close(ends[0]);
	r = wait_end(pid);
	if (ret_out)
		*ret_out = out.text;
	else
		buf_fini(&out);
	return r;
fail:
	close(ends[0]);
	buf_fini(&out);
	return r;
}

const char *
child_last_line(char *text)
{
	size_t len = strlen(text);
	char *at;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' '))
		text[--len] = '\0';
	at = strrchr(text, '\n');
	return at ? at + 1 : text;
}

int
child_must(const char *const *argv, int timeout_ms, struct err *err)
{
	char *out = NULL;
	int r = child_run(argv, timeout_ms, &out, err);

	if (r > 0)
		r = err_set(err, -EIO, "%s ended with status %d: %s", argv[0], r,
			    child_last_line(out));
	free(out);
	return r;
}
