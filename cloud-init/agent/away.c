/* Does what is waited for lie outside the machine?  See away.h. */
#include "cloud-init/agent/away.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/net.h"
#include "lib/str.h"

#define API_PORT 6443
#define KNOCK_MS 3000
#define HOSTS_MOST 8

const char *
away_word(const char *text)
{
	/* Go's net and TLS as kubectl and kubeadm show them */
	static const char *const silent[] = {
		AWAY_SILENT, "dial tcp", "failed to download openapi", "connection refused",
		"Unable to connect to the server", "The connection to the server", "i/o timeout",
		"TLS handshake timeout", "no route to host", "Client.Timeout exceeded",
	};
	/* the API machinery's reasons for a status of 5xx (its api/errors.go); etcd behind it */
	static const char *const error[] = {
		AWAY_ERROR, "from server (InternalError)", "from server (ServiceUnavailable)",
		"from server (Timeout)", "from server (ServerTimeout)", "etcdserver: ",
		"an error on the server",
		"the server is currently unable to handle the request",
	};

	if (strstr(text, "failed calling webhook"))	/* which is not the server's own fault */
		return NULL;
	for (size_t i = 0; i < sizeof(silent) / sizeof(*silent); i++)
		if (strstr(text, silent[i]))
			return AWAY_SILENT;
	for (size_t i = 0; i < sizeof(error) / sizeof(*error); i++)
		if (strstr(text, error[i]))
			return AWAY_ERROR;
	return NULL;
}

/* Is this a line of the API server's name?  Other lines are this machine's own, which has more than
 * one name, and the boot server's (roles_hosts()). */
static bool
is_api(const char *line)
{
	const char *name = strchr(line, ' ');

	return name && !strchr(name + 1, ' ') && !str_starts(name + 1, "boot.");
}

static size_t
api_hosts(const json_t *answer, uint32_t ret[HOSTS_MOST])
{
	const json_t *one;
	char ip[NET_IP4_TEXT];
	size_t i, count = 0;

	json_array_foreach(json_object_get(answer, "hosts"), i, one) {
		const char *line = json_is_string(one) ? json_string_value(one) : "";
		size_t len = strcspn(line, " ");

		if (!is_api(line) || len >= sizeof(ip) || count == HOSTS_MOST)
			continue;
		memcpy(ip, line, len);
		ip[len] = '\0';
		count += net_ip4_parse(&ret[count], ip) == 0;
	}
	return count;
}

bool
away_others(const json_t *answer)
{
	uint32_t hosts[HOSTS_MOST];
	const json_t *role;
	size_t i;

	json_array_foreach(json_object_get(answer, "roles"), i, role)
		if (str_eq(json_string_value(role), "control-plane"))
			return api_hosts(answer, hosts) > 1;
	return true;
}

static int
begin(uint32_t host)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(API_PORT),
				  .sin_addr.s_addr = htonl(host) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0)
		(void)!connect(fd, (struct sockaddr *)&to, sizeof(to));
	return fd;
}

static bool
is_open(int fd)
{
	int fault = 0;
	socklen_t len = sizeof(fault);

	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &fault, &len) == 0 && fault == 0;
}

bool
away_knock(const json_t *answer)
{
	uint32_t hosts[HOSTS_MOST];
	size_t count = api_hosts(answer, hosts);
	bool open = count == 0;		/* not told where: whoever asks it will see */

	for (size_t i = 0; i < count && !open; i++) {
		struct pollfd wait = { .fd = begin(hosts[i]), .events = POLLOUT };

		if (wait.fd < 0)
			continue;
		open = poll(&wait, 1, KNOCK_MS / (int)count) == 1 && is_open(wait.fd);
		close(wait.fd);
	}
	return open;
}
