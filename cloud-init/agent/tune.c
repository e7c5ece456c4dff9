/* What a node wants of its kernel: see tune.h. */
#include "cloud-init/agent/tune.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/where.h"
#include "lib/log.h"
#include "lib/net.h"
#include "lib/str.h"

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

/* A line of /proc/net/route; addresses as the kernel has them, in network order. */
struct route {
	char link[IF_NAMESIZE];
	uint32_t to, via, mask;
};

/* The next one after *at, which moves on; the first line is a headline. */
static bool
next_route(const char **at, struct route *ret)
{
	while ((*at = strchr(*at, '\n'))) {
		++*at;
		/* interface, destination, gateway, flags, references, uses, metric, mask */
		if (sscanf(*at, "%15s %x %x %*s %*s %*s %*s %x", ret->link, &ret->to, &ret->via,
			   &ret->mask) == 4)
			return true;
	}
	return false;
}

bool
tune_has_default(const char *routes)
{
	struct route route;

	while (next_route(&routes, &route))
		if (route.to == 0 && route.mask == 0)
			return true;
	return false;
}

int
tune_find_link(const char *routes, uint32_t address, char ret[IF_NAMESIZE])
{
	struct route route;

	while (next_route(&routes, &route)) {
		if (route.via || !route.mask || (htonl(address) & route.mask) != route.to)
			continue;
		str_copy(ret, IF_NAMESIZE, route.link);
		return 0;
	}
	return -ENOENT;
}

/*
 * A rack without a way out has no default route.  But the address of a service must lead somewhere
 * before kube-proxy's rules turn it into a pod's: what runs on a node's own network would be told
 * that there is no way to it.  So there is one, behind any that DHCP may bring.  The interface is
 * found by its address: since stage 1 udev has given the card another name, or it is in a bond.
 * `static` is what networkd, which may set the link up later, leaves where it keeps what is there.
 */
static int
add_route(const char *routes, const char *ip, struct err *err)
{
	char link[IF_NAMESIZE];
	const char *argv[] = { "ip", "route", "add", "default", "dev", link, "scope", "link",
			       "protocol", "static", "metric", "65535", NULL };
	uint32_t address;

	if (net_ip4_parse(&address, ip) < 0 || tune_find_link(routes, address, link) < 0)
		return err_set(err, -ENOENT, "no default route: no interface is in the network of "
			       "%s", ip);
	return child_must(argv, CHILD_MS, err);
}

static void
tune_route(const char *machine, const char *ip)
{
	char *routes = where_text("/proc/net/route");
	struct err err;

	if (routes && !tune_has_default(routes) && add_route(routes, ip, &err) < 0)
		log_warn("machine=%s %s", machine, err.text);
	free(routes);
}

void
tune_kernel(const char *machine, const char *ip)
{
	const char *argv[] = { "modprobe", "-a", "br_netfilter", "nf_conntrack", NULL };
	struct err err;
	int r;

	if (where_systemd() && child_must(argv, CHILD_MS, &err) < 0)
		log_warn("machine=%s %s", machine, err.text);
	if (where_systemd())
		tune_route(machine, ip);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		r = put(settings[i].path, settings[i].value);
		if (r < 0)
			log_warn("machine=%s %s cannot be %s: %s", machine, settings[i].path,
				 settings[i].value, strerror(-r));
	}
}
