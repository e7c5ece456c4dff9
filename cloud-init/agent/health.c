/* Is the root that came up a good one?  See health.h. */
#include "cloud-init/agent/health.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/node.h"
#include "cloud-init/agent/where.h"
#include "lib/json.h"
#include "lib/str.h"

#define CHILD_MS 20000

/* sshd sends its line first (RFC 4253, 4.2). */
static bool
sshd_answers(char *text, size_t size)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(22),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct timeval most = { .tv_sec = 5 };
	char line[4] = "";
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool good;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof(most));
	good = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
	       recv(fd, line, sizeof(line), MSG_WAITALL) == sizeof(line) &&
	       memcmp(line, "SSH-", 4) == 0;
	if (fd >= 0)
		close(fd);
	if (!good)
		str_copy(text, size, "waits for sshd to answer");
	return good;
}

static bool
containerd_answers(char *text, size_t size)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char path[WHERE_MAX];
	bool good;

	str_copy(to.sun_path, sizeof(to.sun_path),
		 where(path, "/run/containerd/containerd.sock"));
	good = fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0;
	if (fd >= 0)
		close(fd);
	if (!good)
		str_copy(text, size, "waits for containerd to answer");
	return good;
}

/* On a node: the kubelet's unit is never `failed`, systemd starts it again and again. */
static bool
kubelet_runs(char *text, size_t size)
{
	const char *argv[] = { "systemctl", "is-active", "--quiet", "kubelet.service", NULL };
	struct err err;

	if (!where_is(NODE_MARK) || child_run(argv, CHILD_MS, NULL, &err) == 0)
		return true;
	str_copy(text, size, "waits for the kubelet to run");
	return false;
}

static bool
name_failed(const char *failed, char *text, size_t size)
{
	json_t *list = NULL;
	const char *unit = "?";
	struct err ignored;

	if (failed && json_parse(&list, failed, strlen(failed), &ignored) == 0)
		unit = json_str(json_array_get(list, 0), "unit", "?");
	snprintf(text, size, "unit %.120s has failed", unit);
	json_decref(list);
	return false;
}

bool
health_judge(const char *shown, const char *failed, char *text, size_t size)
{
	const char *state = strstr(shown, "SystemState="), *count = strstr(shown, "NFailedUnits=");

	if (!state || !count) {
		snprintf(text, size, "waits for systemd to answer");
		return false;
	}
	if (strtol(count + strlen("NFailedUnits="), NULL, 10) > 0)
		return name_failed(failed, text, size);
	state += strlen("SystemState=");
	if (str_starts(state, "running") || str_starts(state, "degraded")) {
		snprintf(text, size, "sshd and containerd answer, no failed unit");
		return true;
	}
	snprintf(text, size, "waits for systemd to finish the boot (%.*s)",
		 (int)strcspn(state, "\n"), state);
	return false;
}

static bool
units_good(char *text, size_t size)
{
	const char *show[] = { "systemctl", "show", "-p", "SystemState", "-p", "NFailedUnits",
			       NULL };
	const char *list[] = { "systemctl", "list-units", "--failed", "--output=json", NULL };
	char *shown = NULL, *failed = NULL;
	struct err err;
	bool good;

	if (child_run(show, CHILD_MS, &shown, &err) != 0) {
		str_copy(text, size, "waits for systemd to answer");
		free(shown);
		return false;
	}
	if (!strstr(shown, "NFailedUnits=0\n"))
		child_run(list, CHILD_MS, &failed, &err);
	good = health_judge(shown, failed, text, size);
	free(shown);
	free(failed);
	return good;
}

bool
health_look(char *text, size_t size)
{
	/* The cheap ones first: the last starts a program, and the machine is still booting. */
	static bool (*const looks[])(char *, size_t) = {
		containerd_answers, sshd_answers, kubelet_runs, units_good,
	};

	if (!where_systemd()) {
		str_copy(text, size, "all steps done");
		return true;
	}
	for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
		if (!looks[i](text, size))
			return false;
	return true;
}
