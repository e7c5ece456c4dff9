/* What a node wants of its kernel: see tune.h. */
#include "cloud-init/agent/tune.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/where.h"
#include "lib/log.h"

#define CHILD_MS 60000

/* A file below /proc/sys, its value, and why. */
static const struct {
	const char *path, *value;
} settings[] = {
	{ "net/ipv4/ip_forward", "1" },				/* pods are routed */
	{ "net/bridge/bridge-nf-call-iptables", "1" },		/* services of pods on one bridge */
	{ "net/bridge/bridge-nf-call-ip6tables", "1" },
	{ "fs/inotify/max_user_instances", "8192" },		/* one a container and more */
	{ "fs/inotify/max_user_watches", "524288" },
	{ "fs/aio-max-nr", "1048576" },				/* an OSD takes tens of thousands */
};

static int
put(const char *path, const char *value)
{
	char full[WHERE_MAX];
	int fd = open(where(full, "/proc/sys/%s", path), O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		r = -errno;
	close(fd);
	return r;
}

bool
tune_has_default(const char *routes)
{
	unsigned int to, mask;

	/* Interface, destination, gateway, flags, references, uses, metric, mask: proc(5) */
	for (const char *at = routes; (at = strchr(at, '\n')); at++)
		if (sscanf(at, " %*s %x %*s %*s %*s %*s %*s %x", &to, &mask) == 2 && to == 0 &&
		    mask == 0)
			return true;
	return false;
}

/*
 * A rack without a way out has no default route.  But the address of a service must lead somewhere
 * before kube-proxy's rules turn it into a pod's, and flannel takes the interface of that route: so
 * there is one, behind any that DHCP may bring.
 */
static void
add_route(const char *machine, const char *nic)
{
	const char *argv[] = { "ip", "route", "add", "default", "dev", nic, "scope", "link",
			       "metric", "65535", NULL };
	char *routes = where_text("/proc/net/route");
	struct err err;

	if (nic[0] && routes && !tune_has_default(routes) && where_systemd() &&
	    child_must(argv, CHILD_MS, &err) < 0)
		log_warn("machine=%s %s", machine, err.text);
	free(routes);
}

void
tune_kernel(const char *machine, const char *nic)
{
	const char *argv[] = { "modprobe", "-a", "br_netfilter", "nf_conntrack", NULL };
	struct err err;
	int r;

	if (where_systemd() && child_must(argv, CHILD_MS, &err) < 0)
		log_warn("machine=%s %s", machine, err.text);
	add_route(machine, nic);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		r = put(settings[i].path, settings[i].value);
		if (r < 0)
			log_warn("machine=%s %s cannot be %s: %s", machine, settings[i].path,
				 settings[i].value, strerror(-r));
	}
}
