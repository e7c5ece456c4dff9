/*
 * pause: the first process of a pod. It holds the pod's namespaces, which outlive its containers;
 * where they share one process namespace it collects the processes that they leave behind.
 */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile sig_atomic_t asked;

static void
end(int sig)
{
	(void)sig;
	asked = 1;
}

static void
collect(int sig)
{
	int saved = errno;

	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static int
on(int sig, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	return sigaction(sig, &action, NULL);
}

int
main(void)
{
	sigset_t ends, before;

	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigprocmask(SIG_BLOCK, &ends, &before);
	if (on(SIGINT, end, 0) < 0 || on(SIGTERM, end, 0) < 0 ||
	    on(SIGCHLD, collect, SA_NOCLDSTOP) < 0)
		return 1;
	while (!asked)
		sigsuspend(&before);
	return 0;
}
