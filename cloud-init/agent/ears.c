/* Listens for LLDP: see ears.h. */
#include "cloud-init/agent/ears.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cloud-init/agent/where.h"

#define ETHERTYPE_LLDP 0x88cc

/* The three group addresses of IEEE 802.1AB table 7-1. */
static const uint8_t groups[][6] = {
	{ 0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e },
	{ 0x01, 0x80, 0xc2, 0x00, 0x00, 0x03 },
	{ 0x01, 0x80, 0xc2, 0x00, 0x00, 0x00 },
};

static void
join_groups(int fd, unsigned int ifindex)
{
	struct packet_mreq m = { .mr_ifindex = (int)ifindex, .mr_type = PACKET_MR_MULTICAST,
				 .mr_alen = 6 };

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		memcpy(m.mr_address, groups[i], 6);
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &m, sizeof(m));
	}
}

void
ears_open(struct ears *ears)
{
	struct if_nameindex *list = if_nameindex();
	char path[64];

	*ears = (struct ears){ .fd = -1 };
	ears->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC,
			  htons(ETHERTYPE_LLDP));
	for (size_t i = 0; ears->fd >= 0 && list && list[i].if_index; i++) {
		strcpy(path, "/sys/class/net/");
		strncat(path, list[i].if_name, IF_NAMESIZE);
		strcat(path, "/device");
		if (where_is(path))
			join_groups(ears->fd, list[i].if_index);
	}
	if (list)
		if_freenameindex(list);
}

void
ears_close(struct ears *ears)
{
	if (ears->fd >= 0)
		close(ears->fd);
	ears->fd = -1;
}

static bool
keep(struct ears *ears, int ifindex, const struct lldp_neighbour *neighbour)
{
	struct ears_heard *h;

	for (size_t i = 0; i < EARS_MOST; i++) {
		h = &ears->heard[i];
		if (h->ifindex && h->ifindex != ifindex)
			continue;
		if (h->ifindex && strcmp(h->neighbour.chassis, neighbour->chassis) == 0 &&
		    strcmp(h->neighbour.port, neighbour->port) == 0)
			return false;
		h->ifindex = ifindex;
		h->neighbour = *neighbour;
		return true;
	}
	return false;
}

bool
ears_read(struct ears *ears)
{
	struct lldp_neighbour neighbour;
	struct sockaddr_ll from;
	uint8_t frame[2048];
	socklen_t len;
	bool news = false;
	ssize_t n;

	while (ears->fd >= 0) {
		len = sizeof(from);
		n = recvfrom(ears->fd, frame, sizeof(frame), 0, (struct sockaddr *)&from, &len);
		if (n < 0)
			break;
		if (from.sll_pkttype != PACKET_OUTGOING &&
		    lldp_parse(frame, (size_t)n, &neighbour) == 0)
			news |= keep(ears, from.sll_ifindex, &neighbour);
	}
	return news;
}

const struct lldp_neighbour *
ears_find(const struct ears *ears, int ifindex)
{
	for (size_t i = 0; ears && i < EARS_MOST; i++)
		if (ifindex && ears->heard[i].ifindex == ifindex)
			return &ears->heard[i].neighbour;
	return NULL;
}
