/*
 * Routing netlink by libmnl.  Two sockets: `ask` for questions and their acknowledgements, `ear`
 * for news of links, whose content is not read: it only says that looking again is worth while.
 */
#include "images/stage1/rtnl.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/str.h"

#define ROOM 16384

struct rtnl {
	struct mnl_socket *ask, *ear;
	unsigned seq;
	char room[ROOM];
};

static struct mnl_socket *
open_one(unsigned groups)
{
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

	if (nl != NULL && mnl_socket_bind(nl, groups, MNL_SOCKET_AUTOPID) < 0) {
		mnl_socket_close(nl);
		return NULL;
	}
	return nl;
}

int
rtnl_open(struct rtnl **ret, struct err *err)
{
	struct rtnl *r = mem_new(sizeof(*r));

	r->ask = open_one(0);
	r->ear = open_one(RTMGRP_LINK);
	if (r->ask == NULL || r->ear == NULL) {
		int code = err_errno(err, -errno, "cannot open the kernel's routing netlink");
		rtnl_close(r);
		return code;
	}
	r->seq = (unsigned)time(NULL);
	*ret = r;
	return 0;
}

void
rtnl_close(struct rtnl *r)
{
	if (r == NULL)
		return;
	if (r->ask != NULL)
		mnl_socket_close(r->ask);
	if (r->ear != NULL)
		mnl_socket_close(r->ear);
	free(r);
}

/* Sends the message in r->room and hears its answer out; `row` takes the rows of a dump. */
static int
talk(struct rtnl *r, struct nlmsghdr *head, mnl_cb_t row, void *arg)
{
	unsigned port = mnl_socket_get_portid(r->ask);

	head->nlmsg_seq = ++r->seq;
	if (mnl_socket_sendto(r->ask, head, head->nlmsg_len) < 0)
		return -errno;
	for (;;) {
		ssize_t len = mnl_socket_recvfrom(r->ask, r->room, sizeof(r->room));
		if (len < 0)
			return -errno;
		int more = mnl_cb_run(r->room, (size_t)len, r->seq, port, row, arg);
		if (more < 0)
			return -errno;
		if (more == MNL_CB_STOP)
			return 0;
	}
}

static struct nlmsghdr *
begin(struct rtnl *r, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *head = mnl_nlmsg_put_header(r->room);

	head->nlmsg_type = type;
	head->nlmsg_flags = NLM_F_REQUEST | flags;
	return head;
}

struct links {
	struct rtnl_link *list;
	size_t count, most;
};

static int
link_attr(const struct nlattr *attr, void *arg)
{
	struct rtnl_link *link = arg;

	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		if (mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) == 0)
			str_copy(link->name, sizeof(link->name), mnl_attr_get_str(attr));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
		break;
	}
	return MNL_CB_OK;
}

static int
link_row(const struct nlmsghdr *head, void *arg)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(head);
	struct links *links = arg;

	if (head->nlmsg_type != RTM_NEWLINK || links->count == links->most)
		return MNL_CB_OK;
	struct rtnl_link *link = &links->list[links->count++];
	*link = (struct rtnl_link){
		.index = info->ifi_index,
		.ethernet = info->ifi_type == ARPHRD_ETHER && !(info->ifi_flags & IFF_LOOPBACK),
		.up = info->ifi_flags & IFF_UP,
		.carrier = (info->ifi_flags & IFF_LOWER_UP) && (info->ifi_flags & IFF_RUNNING),
	};
	return mnl_attr_parse(head, sizeof(*info), link_attr, link);
}

int
rtnl_links(struct rtnl *r, struct rtnl_link *ret, size_t most, struct err *err)
{
	struct links links = { .list = ret, .most = most };
	struct nlmsghdr *head = begin(r, RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	int code = talk(r, head, link_row, &links);
	if (code == -EINTR)	/* links changed while they were listed: ask again */
		return rtnl_links(r, ret, most, err);
	if (code < 0)
		return err_errno(err, code, "cannot list the network interfaces");
	return (int)links.count;
}

int
rtnl_up(struct rtnl *r, int index, struct err *err)
{
	struct nlmsghdr *head = begin(r, RTM_NEWLINK, NLM_F_ACK);
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = index;
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	int code = talk(r, head, NULL, NULL);
	if (code < 0)
		return err_errno(err, code, "cannot set the network interface up");
	return 0;
}

int
rtnl_address(struct rtnl *r, int index, uint32_t address, uint8_t prefix, struct err *err)
{
	struct nlmsghdr *head = begin(r, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
	struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));

	info->ifa_family = AF_INET;
	info->ifa_prefixlen = prefix;
	info->ifa_scope = RT_SCOPE_UNIVERSE;
	info->ifa_index = (unsigned)index;
	mnl_attr_put_u32(head, IFA_LOCAL, htonl(address));
	mnl_attr_put_u32(head, IFA_ADDRESS, htonl(address));
	if (prefix < 31)	/* RFC 3021: a /31 has no broadcast address */
		mnl_attr_put_u32(head, IFA_BROADCAST, htonl(address | UINT32_MAX >> prefix));
	int code = talk(r, head, NULL, NULL);
	if (code < 0)
		return err_errno(err, code, "cannot set the address");
	return 0;
}

int
rtnl_gateway(struct rtnl *r, int index, uint32_t gateway, struct err *err)
{
	struct nlmsghdr *head = begin(r, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE);
	struct rtmsg *info = mnl_nlmsg_put_extra_header(head, sizeof(*info));

	info->rtm_family = AF_INET;
	info->rtm_table = RT_TABLE_MAIN;
	info->rtm_protocol = RTPROT_BOOT;
	info->rtm_scope = RT_SCOPE_UNIVERSE;
	info->rtm_type = RTN_UNICAST;
	mnl_attr_put_u32(head, RTA_GATEWAY, htonl(gateway));
	mnl_attr_put_u32(head, RTA_OIF, (uint32_t)index);
	int code = talk(r, head, NULL, NULL);
	if (code < 0)
		return err_errno(err, code, "cannot set the default route");
	return 0;
}

int
rtnl_fd(const struct rtnl *r)
{
	return mnl_socket_get_fd(r->ear);
}

void
rtnl_hush(struct rtnl *r)
{
	while (recv(rtnl_fd(r), r->room, sizeof(r->room), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
		;
}
