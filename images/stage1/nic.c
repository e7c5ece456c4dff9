/*
 * The network: the interface iPXE booted through is found again by its MAC and given the address
 * that iPXE was given.  Everything is waited for by netlink events, nothing by sleeping.
 */
#include "images/stage1/nic.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/stage1/modules.h"
#include "images/stage1/rtnl.h"
#include "lib/clock.h"
#include "lib/net.h"
#include "lib/str.h"

#define LINKS_MAX 64
#define LO_INDEX 1

struct search {
	const struct cmdline *args;
	const struct nic_options *options;
	struct rtnl *rtnl;
	struct rtnl_link links[LINKS_MAX];
	size_t count;
	bool said;
};

static bool
wanted(const struct search *s, const struct rtnl_link *link)
{
	if (!link->ethernet)
		return false;
	if (s->args->has_mac)
		return memcmp(link->mac, s->args->mac, sizeof(link->mac)) == 0;
	if (s->args->ip.device[0] != '\0')
		return str_eq(link->name, s->args->ip.device);
	return true;
}

/* The interface as the arguments tell it. */
static void
name_wanted(const struct search *s, char *ret, size_t size)
{
	char mac[NET_MAC_TEXT];

	net_mac_format(mac, s->args->mac);
	if (s->args->has_mac)
		snprintf(ret, size, "network interface with MAC %s", mac);
	else if (s->args->ip.device[0] != '\0')
		snprintf(ret, size, "network interface %s", s->args->ip.device);
	else
		snprintf(ret, size, "network interface");
}

/* Waits until a link or device changes; -ETIMEDOUT after the deadline. */
static int
wait_change(struct search *s, int64_t deadline_ms)
{
	struct modules *modules = s->options->modules;
	struct pollfd fds[] = {
		{ .fd = rtnl_fd(s->rtnl), .events = POLLIN },
		{ .fd = modules != NULL ? modules_fd(modules) : -1, .events = POLLIN },
	};
	int64_t left = deadline_ms - clock_mono_ms();

	if (left <= 0 || poll(fds, 2, (int)left) == 0)
		return -ETIMEDOUT;
	rtnl_hush(s->rtnl);
	if (fds[1].revents != 0)
		modules_hot(modules);
	return 0;
}

/* Lists the links anew; the first wanted one that is (or need not be) with carrier, or NULL. */
static int
look(struct search *s, bool carrier, struct rtnl_link **ret, struct err *err)
{
	int count = rtnl_links(s->rtnl, s->links, LINKS_MAX, err);

	if (count < 0)
		return count;
	s->count = (size_t)count;
	*ret = NULL;
	for (size_t i = 0; i < s->count && *ret == NULL; i++) {
		if (wanted(s, &s->links[i]) && (!carrier || s->links[i].carrier))
			*ret = &s->links[i];
	}
	return 0;
}

/* Sets up the wanted links that are not. */
static int
raise_links(struct search *s, struct err *err)
{
	for (size_t i = 0; i < s->count; i++) {
		struct rtnl_link *link = &s->links[i];
		if (!wanted(s, link) || link->up)
			continue;
		int code = rtnl_up(s->rtnl, link->index, err);
		if (code < 0)
			return err_wrap(err, code, "%s", link->name);
	}
	return 0;
}

static int
no_link(struct search *s, const struct rtnl_link *there, struct err *err)
{
	char name[96], others[200] = "";
	size_t len = 0;

	name_wanted(s, name, sizeof(name));
	if (there != NULL)
		return err_set(err, -ENETDOWN, "%s has no carrier after %lld s: is the cable in, "
			       "the switch port on", there->name,
			       (long long)s->options->wait_ms / 1000);
	for (size_t i = 0; i < s->count && len + 32 < sizeof(others); i++) {
		if (s->links[i].ethernet)
			len += (size_t)snprintf(others + len, sizeof(others) - len, " %s",
						s->links[i].name);
	}
	return err_set(err, -ENODEV, "no %s (there:%s); is its driver in the initrd", name,
		       len > 0 ? others : " none");
}

/* Waits for a wanted link with a carrier. */
static int
find(struct search *s, struct rtnl_link **ret, struct err *err)
{
	int64_t deadline = clock_mono_ms() + s->options->wait_ms;
	struct rtnl_link *there = NULL;
	bool seen = false;

	for (;;) {
		int code = look(s, true, ret, err);
		if (code < 0 || *ret != NULL)
			return code;
		code = look(s, false, &there, err);
		if (code < 0 || (code = raise_links(s, err)) < 0)
			return code;
		if (there != NULL && !seen) {	/* its carrier has a deadline of its own */
			seen = true;
			deadline = clock_mono_ms() + s->options->wait_ms;
		}
		if (!s->said && s->options->say != NULL)
			s->options->say(there != NULL ? "waiting for the carrier" :
					"waiting for the interface");
		s->said = true;
		if (wait_change(s, deadline) < 0)
			return no_link(s, there, err);
	}
}

static int
configure(struct search *s, const struct rtnl_link *link, struct err *err)
{
	const struct cmdline_ip *ip = &s->args->ip;
	int code = rtnl_address(s->rtnl, link->index, ip->client, ip->prefix, err);

	if (code == 0 && ip->gateway != 0)
		code = rtnl_gateway(s->rtnl, link->index, ip->gateway, err);
	return code < 0 ? err_wrap(err, code, "%s", link->name) : 0;
}

int
nic_start(const struct cmdline *args, const struct nic_options *options, struct nic *ret,
	  struct err *err)
{
	struct search *s = mem_new(sizeof(*s));
	struct rtnl_link *link = NULL;

	s->args = args;
	s->options = options;
	int code = rtnl_open(&s->rtnl, err);
	if (code == 0)
		code = rtnl_up(s->rtnl, LO_INDEX, err);
	if (code == 0)
		code = find(s, &link, err);
	if (code == 0)
		code = configure(s, link, err);
	if (code == 0) {
		ret->index = link->index;
		memcpy(ret->name, link->name, sizeof(ret->name));
		memcpy(ret->mac, link->mac, sizeof(ret->mac));
	}
	rtnl_close(s->rtnl);
	free(s);
	return code;
}

char *
nic_resolv_conf(const uint32_t *dns, size_t count)
{
	char address[NET_IP4_TEXT];
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < count; i++) {
		net_ip4_format(address, dns[i]);
		buf_format(&text, "nameserver %s\n", address);
	}
	return text.text;
}
