/*
 * The sockets that only root may open: the web's, the operator's, the one of lease-event.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/str.h"
#include "site/site.h"

#define BACKLOG 4096

/* A Unix socket at a path relative to the working directory, made new, for its owner alone. */
static int
open_unix(const char *path, int type, struct err *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	mode_t mask = umask(0177);
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r = 0;

	str_copy(address.sun_path, sizeof(address.sun_path), path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		r = err_errno(err, -errno, "cannot make the socket %s", path);
	umask(mask);
	if (r == 0 && type == SOCK_STREAM && listen(fd, 64) < 0)
		r = err_errno(err, -errno, "cannot listen on %s", path);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int
sockets_unix(struct keeper *keeper, struct err *err)
{
	const struct passwd *user = getpwnam("dnsmasq");

	if (user == NULL)
		return err_set(err, -ENOENT,
			       "there is no user dnsmasq: install the package dnsmasq-base");
	keeper->api = open_unix("run/api.sock", SOCK_STREAM, err);
	if (keeper->api < 0)
		return keeper->api;
	keeper->lease = open_unix("run/lease.sock", SOCK_DGRAM, err);
	if (keeper->lease < 0)
		return keeper->lease;
	if (chown("run/lease.sock", user->pw_uid, user->pw_gid) < 0)
		return err_errno(err, -errno, "cannot give run/lease.sock to dnsmasq");
	return 0;
}

static int
cannot_bind(const struct listen *listen, int code, struct err *err)
{
	char *owner;

	if (code == EADDRINUSE) {
		owner = owner_of_port("tcp", listen->port);
		err_set(err, -code,
			"TCP port %d is held by %s: stop that, or choose another %s port in the "
			"site file", listen->port, owner ? owner : "another process", listen->name);
		free(owner);
		return -code;
	}
	if (code == EADDRNOTAVAIL)
		return err_set(err, -code,
			       "no network interface of this machine has the address %s "
			       "(server.address in the site file): give it one, as in `ip address "
			       "add %s/24 dev INTERFACE`", listen->address, listen->address);
	return err_errno(err, -code, "cannot bind to %s port %d", listen->address, listen->port);
}

static int
open_listen(struct listen *row, struct err *err)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(row->port) };
	int on = 1, code;

	if (inet_pton(AF_INET, row->address, &address.sin_addr) != 1)
		return err_set(err, -EINVAL, "%s is no IPv4 address", row->address);
	row->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (row->fd < 0)
		return err_errno(err, -errno, "cannot make a socket");
	setsockopt(row->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(row->fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    listen(row->fd, BACKLOG) == 0)
		return 0;
	code = errno;
	close(row->fd);
	row->fd = -1;
	return cannot_bind(row, code, err);
}

static void
close_list(struct listen *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i].fd >= 0)
			close(list[i].fd);
		free(list[i].name);
		free(list[i].address);
	}
}

static bool
same(const struct listen *a, const struct listen *b)
{
	return a->port == b->port && str_eq(a->name, b->name) && str_eq(a->address, b->address);
}

/* The descriptor of a socket that is open already, taken out of the list; or -1. */
static int
take_open(struct keeper *keeper, const struct listen *row)
{
	for (size_t i = 0; i < keeper->nlistens; i++) {
		struct listen *old = &keeper->listens[i];
		int fd = old->fd;

		if (fd < 0 || !same(old, row))
			continue;
		old->fd = -1;
		return fd;
	}
	return -1;
}

/* Gives back what take_open() took, when the whole is refused. */
static void
put_back(struct keeper *keeper, struct listen *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < keeper->nlistens; j++) {
			struct listen *old = &keeper->listens[j];

			if (old->fd < 0 && same(old, &list[i])) {
				old->fd = list[i].fd;
				list[i].fd = -1;
			}
		}
}

int
sockets_listen(struct keeper *keeper, const json_t *wanted, bool *ret_changed, struct err *err)
{
	struct listen list[LISTEN_MAX] = { { .fd = -1 } };
	size_t count = 0;
	bool changed = json_array_size(wanted) != keeper->nlistens;
	int r = 0;

	if (json_array_size(wanted) > LISTEN_MAX)
		return err_set(err, -E2BIG, "too many listening sockets");
	for (; r == 0 && count < json_array_size(wanted); count++) {
		const json_t *one = json_array_get(wanted, count);
		struct listen *row = &list[count];

		row->name = str_dup(json_str(one, "name", ""));
		row->address = str_dup(json_str(one, "address", ""));
		row->port = (int)json_num(one, "port", 0);
		row->fd = take_open(keeper, row);
		if (row->fd < 0) {
			changed = true;
			r = open_listen(row, err);
		}
	}
	if (r < 0) {
		put_back(keeper, list, count);
		close_list(list, count);
		return r;
	}
	close_list(keeper->listens, keeper->nlistens);
	memcpy(keeper->listens, list, sizeof(list));
	keeper->nlistens = count;
	*ret_changed = changed;
	return 0;
}

static bool
is_open(const struct keeper *keeper, const struct listen *row)
{
	for (size_t i = 0; i < keeper->nlistens; i++)
		if (same(&keeper->listens[i], row))
			return true;
	return false;
}

int
sockets_try(const struct keeper *keeper, const struct site *site, struct err *err)
{
	char address[NET_IP4_TEXT];
	struct listen rows[] = {
		{ .name = "http", .address = address, .port = site->http_port },
		{ .name = "https", .address = address, .port = site->https_port },
	};
	int r = 0;

	if (if_nametoindex(site->interface) == 0)
		return err_set(err, -ENODEV, "no network interface of this machine is called %s "
			       "(server.interface in the site file)", site->interface);
	net_ip4_format(address, site->address.address);
	for (size_t i = 0; r == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (is_open(keeper, &rows[i]))
			continue;
		r = open_listen(&rows[i], err);
		if (r == 0)
			close(rows[i].fd);
	}
	return r;
}

void
sockets_close(struct keeper *keeper)
{
	close_list(keeper->listens, keeper->nlistens);
	keeper->nlistens = 0;
	if (keeper->api >= 0) {
		close(keeper->api);
		unlink("run/api.sock");
	}
	if (keeper->lease >= 0) {
		close(keeper->lease);
		unlink("run/lease.sock");
	}
	keeper->api = keeper->lease = -1;
}
