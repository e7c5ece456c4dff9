/* Words to systemd: see notify.h. */
#include "cloud-init/agent/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/str.h"

static struct sockaddr_un address;
static socklen_t address_len;	/* 0: nobody listens */
static int watchdog_s;		/* 0: none */

void
notify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET"), *usec = getenv("WATCHDOG_USEC");

	address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	address_len = 0;
	watchdog_s = usec ? (int)(strtoll(usec, NULL, 10) / 1000000) : 0;
	if (path && (path[0] == '/' || path[0] == '@') && strlen(path) < sizeof(address.sun_path)) {
		str_copy(address.sun_path, sizeof(address.sun_path), path);
		if (path[0] == '@')	/* an abstract one (unix(7)) */
			address.sun_path[0] = '\0';
		address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

/* A word that is lost is no harm: the next one comes soon. */
static void
say(const char *word)
{
	int fd;

	if (address_len == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)!sendto(fd, word, strlen(word), MSG_NOSIGNAL, (struct sockaddr *)&address,
		      address_len);
	close(fd);
}

void
notify_ready(void)
{
	say("READY=1");
}

void
notify_alive(void)
{
	if (watchdog_s > 0)
		say("WATCHDOG=1");
}

int
notify_patience_s(int most)
{
	return watchdog_s > 0 && watchdog_s / 2 < most ? watchdog_s / 2 : most;
}
