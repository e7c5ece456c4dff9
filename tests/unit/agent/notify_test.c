/* Words to systemd, as a socket of ours hears them. */
#include "cmocka_all.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cloud-init/agent/notify.h"

#define NAME "@bootserver-notify-test"

static int
listen_here(char name[64])
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(name, 64, NAME ".%d", (int)getpid());
	strcpy(at.sun_path, name);
	at.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	return fd;
}

static const char *
hear(int fd)
{
	static char word[64];
	ssize_t n = recv(fd, word, sizeof(word) - 1, 0);

	word[n < 0 ? 0 : n] = '\0';
	return word;
}

static void
watched(void **state)
{
	char name[64];
	int fd = listen_here(name);

	(void)state;
	setenv("NOTIFY_SOCKET", name, 1);
	setenv("WATCHDOG_USEC", "20000000", 1);
	notify_init();
	assert_null(getenv("NOTIFY_SOCKET"));	/* for no program that it starts */
	assert_null(getenv("WATCHDOG_USEC"));
	notify_ready();
	assert_string_equal(hear(fd), "READY=1");
	notify_alive();
	assert_string_equal(hear(fd), "WATCHDOG=1");
	assert_int_equal(notify_patience_s(60), 10);
	assert_int_equal(notify_patience_s(5), 5);
	close(fd);
	notify_alive();		/* nobody hears it: no harm */
}

static void
unwatched(void **state)
{
	char name[64];
	int fd = listen_here(name);

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	notify_init();
	notify_ready();
	notify_alive();
	assert_string_equal(hear(fd), "");
	assert_int_equal(notify_patience_s(60), 60);
	close(fd);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watched),
		cmocka_unit_test(unwatched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
