/*
 * A server that was installed before there is a site says what is missing and waits, so that
 * `systemctl status` tells it.  It does not look for the file by itself: a site that is half
 * written must not begin to answer DHCP.
 */
#include <signal.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "keeper/idle.h"
#include "lib/log.h"

static void
tell(void)
{
	static const char missing[] = "there is no site.yaml yet: `bootserver init` makes one, "
				      "SIGHUP (systemctl reload bootserver) begins";
	char folder[256];

	if (!getcwd(folder, sizeof(folder)))
		folder[0] = '\0';
	log_info("idle in %s: %s", folder, missing);
	sd_notifyf(0, "READY=1\nSTATUS=idle in %s: %s", folder, missing);
}

/* The next signal of the set; 0: it is time to tell the watchdog that we live. */
static int
next_signal(const sigset_t *set)
{
	uint64_t usec = 0;
	int number;

	if (sd_watchdog_enabled(0, &usec) <= 0)
		usec = 60 * 1000000ull;
	number = sigtimedwait(set, NULL, &(struct timespec){ .tv_sec = (time_t)(usec / 2000000) });
	return number > 0 ? number : 0;
}

bool
idle_until_site(void)
{
	sigset_t set;
	int number;

	if (access("site.yaml", F_OK) == 0)
		return true;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigprocmask(SIG_BLOCK, &set, NULL);
	tell();
	for (;;) {
		number = next_signal(&set);
		if (number == 0)
			sd_notify(0, "WATCHDOG=1");
		else if (number != SIGHUP || access("site.yaml", F_OK) == 0)
			break;
		else
			tell();
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	return number == SIGHUP;
}
