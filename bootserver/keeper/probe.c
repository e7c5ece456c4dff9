/*
 * Do we serve?  A process of its own looks from outside, as a machine would, until we do, and ends
 * with 0: keeper->served wants the first block of autoexec.ipxe by TFTP (RFC 1350), then GET
 * /healthz; chrony.c has the other probe.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "keeper/state.h"
#include "lib/http.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define TFTP_PORT 69
#define ANSWER_MS 300
#define PAUSE_MS 20

enum { TFTP_DATA = 3, TFTP_ERROR = 5 };

/* True when a first block (not an error) came; the transfer is then broken off. */
static bool
first_block(int fd, struct sockaddr_in *server)
{
	static const char ask[] = "\0\1autoexec.ipxe\0octet";
	static const char no_more[] = "\0\5\0\0enough";
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	unsigned char block[516];
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	ssize_t n;

	if (sendto(fd, ask, sizeof(ask), 0, (struct sockaddr *)server, sizeof(*server)) < 0)
		return false;
	if (poll(&ready, 1, ANSWER_MS) <= 0)
		return false;
	n = recvfrom(fd, block, sizeof(block), 0, (struct sockaddr *)&from, &len);
	if (n < 5 || block[1] == TFTP_ERROR)
		return false;
	sendto(fd, no_more, sizeof(no_more), 0, (struct sockaddr *)&from, len);
	return block[1] == TFTP_DATA && block[3] == 1;
}

static bool
tftp_serves(const char *address)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(TFTP_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), on = 1;
	bool yes;

	if (fd < 0)
		return false;
	/* while nobody has the port yet the kernel says so at once (ip(7), udp(7)) */
	setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	yes = inet_pton(AF_INET, address, &server.sin_addr) == 1 && first_block(fd, &server);
	close(fd);
	return yes;
}

static bool
web_serves(const char *url)
{
	char *healthz = str_format("%s/healthz", url);
	struct http_ask ask = { .url = healthz, .timeout_ms = 2000, .most = 65536 };
	struct http_answer answer = { .status = 0 };
	struct err err;
	bool yes = http_ask(&ask, &answer, &err) == 0 && answer.status == 200;

	http_answer_fini(&answer);
	free(healthz);
	return yes;
}

static bool
serves(const struct keeper *keeper)
{
	return tftp_serves(keeper->listens[0].address) &&
	       web_serves(json_str(keeper->config, "url", ""));
}

static void
announce(struct keeper *keeper)
{
	const char *url = json_str(keeper->config, "url", "");

	keeper->ready = true;
	log_info("ready url=%s", url);
	sd_notifyf(0, "READY=1\nSTATUS=serving %s", url);
}

static void
seen(struct keeper *keeper)
{
	dnsmasq_ready(keeper);
	if (!keeper->ready)
		announce(keeper);
}

void
probe_init(struct keeper *keeper)
{
	keeper->served = (struct probe){ .keeper = keeper, .serves = serves, .seen = seen };
}

static int
on_end(sd_event_source *source, const siginfo_t *info, void *arg)
{
	struct probe *probe = arg;

	(void)source;
	probe->exit = sd_event_source_disable_unref(probe->exit);
	probe->pid = 0;
	/* else: the start of what it looks at has its own deadline */
	if (info->si_code == CLD_EXITED && info->si_status == 0)
		probe->seen(probe->keeper);
	return 0;
}

static _Noreturn void
look(const struct probe *probe, pid_t parent)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (getppid() != parent)
		_exit(1);
	while (!probe->serves(probe->keeper))
		poll(NULL, 0, PAUSE_MS);
	_exit(0);
}

void
probe_start(struct probe *probe)
{
	pid_t parent = getpid();

	probe_stop(probe);
	if (probe->keeper->nlistens == 0)
		return;
	probe->pid = fork();
	if (probe->pid == 0)
		look(probe, parent);
	if (probe->pid < 0) {
		probe->pid = 0;
		log_error("cannot look whether we serve: %m");
		return;
	}
	if (sd_event_add_child(probe->keeper->event, &probe->exit, probe->pid, WEXITED, on_end,
			       probe) < 0)
		log_error("cannot watch the probe");
}

void
probe_stop(struct probe *probe)
{
	probe->exit = sd_event_source_disable_unref(probe->exit);
	if (probe->pid <= 0)
		return;
	kill(probe->pid, SIGKILL);
	while (waitpid(probe->pid, NULL, 0) < 0 && errno == EINTR)
		;
	probe->pid = 0;
}
