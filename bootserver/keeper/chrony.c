/*
 * chronyd as a child, in namespaces as dnsmasq is (namespace.c).  A site without it boots too: it
 * is supervised like the others, but the start does not wait for it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define CONF "/run/bootserver/chrony.conf"
#define NTP_PORT 123
#define NTP_LEN 48
#define ANSWER_MS 300

/* Its own program is shipped (docs/decisions/0006-time.md); else the host's, if there is one. */
static char *
find_program(const struct keeper *keeper)
{
	char *shipped = str_format("%s/chrony/chronyd", keeper->data);

	if (access(shipped, X_OK) == 0)
		return shipped;
	free(shipped);
	return access("/usr/sbin/chronyd", X_OK) == 0 ? str_dup("/usr/sbin/chronyd") : NULL;
}

/* The folder of its drift file, which it writes as its own user. */
static int
give_folder(const struct keeper *keeper, const struct passwd *user, struct err *err)
{
	int r = file_mkdirs(keeper->dir, "run/chrony", 0755, err);

	if (r == 0 && fchownat(keeper->dir, "run/chrony", user->pw_uid, user->pw_gid,
			       AT_SYMLINK_NOFOLLOW) < 0)
		r = err_errno(err, -errno, "cannot give run/chrony to %s", user->pw_name);
	return r;
}

static pid_t
chrony_start(struct keeper *keeper, struct err *err)
{
	/* sockets_unix() has seen that there is a dnsmasq */
	const struct passwd *user = getpwnam(getpwnam("_chrony") ? "_chrony" : "dnsmasq");
	bool set_clock = json_flag(keeper->config, "set-clock", false);
	char *program = find_program(keeper);
	const char *const argv[] = {
		program, "-d", "-f", CONF, "-u", user->pw_name, set_clock ? NULL : "-x", NULL,
	};
	pid_t pid = give_folder(keeper, user, err);

	if (pid == 0)
		pid = namespace_start(&keeper->chrony, argv, err);
	free(program);
	if (pid > 0)
		probe_start(&keeper->timed);
	return pid;
}

static void
chrony_ended(struct keeper *keeper)
{
	probe_stop(&keeper->timed);
	namespace_ended(&keeper->chrony);
	if (keeper->chrony.state.state == CHILD_STARTING)
		owner_tell(&keeper->chrony, NTP_PORT, "set time: {serve: false}");
}

static bool
chrony_may(const struct keeper *keeper)
{
	return keeper->chrony_wanted;
}

/* A client's packet (RFC 5905, 7.3: version 4, mode 3); a server's answer has mode 4. */
static bool
answers(int fd, const struct sockaddr_in *server)
{
	unsigned char packet[NTP_LEN] = { 4 << 3 | 3 };
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return connect(fd, (const struct sockaddr *)server, sizeof(*server)) == 0 &&
	       send(fd, packet, sizeof(packet), 0) == NTP_LEN && poll(&ready, 1, ANSWER_MS) > 0 &&
	       recv(fd, packet, sizeof(packet), 0) == NTP_LEN && (packet[0] & 7) == 4;
}

static bool
gives_time(const struct keeper *keeper)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(NTP_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool yes;

	if (fd < 0)
		return false;
	yes = inet_pton(AF_INET, keeper->listens[0].address, &server.sin_addr) == 1 &&
	      answers(fd, &server);
	close(fd);
	return yes;
}

static void
seen(struct keeper *keeper)
{
	child_event(&keeper->chrony, CHILD_READY);
}

static bool
is_here(struct keeper *keeper)
{
	char *program = find_program(keeper);
	bool here = program != NULL;

	if (!here)
		log_warn("child=chrony chronyd is neither shipped nor installed: machines are given"
			 " no time");
	free(program);
	return here;
}

int
chrony_take(struct keeper *keeper, const json_t *config, struct err *err)
{
	const char *text = json_str(config, "chrony", NULL);
	int r;

	keeper->chrony_wanted = text != NULL && is_here(keeper);
	if (!keeper->chrony_wanted) {
		child_event(&keeper->chrony, CHILD_STOP);
		return 0;
	}
	r = file_update((struct file_new){ keeper->dir, "run/chrony.conf", 0644 }, text,
			strlen(text), err);
	if (r < 0)
		return r;
	if (r > 0 && keeper->chrony.pid != 0) {
		log_info("child=chrony new configuration");
		child_again(&keeper->chrony);
	} else {
		child_begin(&keeper->chrony);
	}
	return 0;
}

void
chrony_init(struct keeper *keeper)
{
	keeper->chrony = (struct child){
		.name = "chrony", .life = -1, .start = chrony_start, .ended = chrony_ended,
		.may = chrony_may, .dispensable = true, .keeper = keeper,
	};
	keeper->timed = (struct probe){ .keeper = keeper, .serves = gives_time, .seen = seen };
}
