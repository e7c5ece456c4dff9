/* The packet socket: see wire.h. */
#include "probe/ether.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <linux/virtio_net.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "lib/str.h"

#define BUFFER (70 * 1024)		/* a frame that was joined has up to 64 KiB */
#define RECEIVE_BUFFER (16 * 1024 * 1024)
#define IP_MOST 60			/* bytes of an IPv4 header */

static int
set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value));
}

static int
prepare(int fd, int index)
{
	struct packet_mreq all = { .mr_ifindex = index, .mr_type = PACKET_MR_PROMISC };
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = index,
	};

	if (set(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, 1) < 0 ||
	    set(fd, SOL_PACKET, PACKET_VNET_HDR, 1) < 0 ||
	    set(fd, SOL_SOCKET, SO_TIMESTAMPNS, 1) < 0 ||
	    setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof(all)) < 0 ||
	    bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	if (set(fd, SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER) < 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER);	/* as much as we may */
	return 0;
}

int
ether_open(struct ether *ret, const char *interface, struct err *err)
{
	unsigned index = if_nametoindex(interface);
	int fd, r;

	if (index == 0)
		return err_set(err, -ENODEV, "this host has no network card %s", interface);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 && errno == EPERM)
		return err_set(err, -EPERM, "a packet socket needs root (or CAP_NET_RAW): "
			       "run it as root, or with sudo");
	if (fd < 0)
		return err_errno(err, -errno, "cannot open a packet socket");
	r = prepare(fd, (int)index);
	if (r < 0) {
		close(fd);
		return err_errno(err, r, "cannot listen on %s", interface);
	}
	*ret = (struct ether){ .fd = fd, .buffer = mem_new(BUFFER) };
	return 0;
}

void
ether_close(struct ether *wire)
{
	if (wire->fd >= 0)
		close(wire->fd);
	free(wire->buffer);
	*wire = (struct ether){ .fd = -1 };
}

void
ether_send(const struct ether *wire, const void *frame, size_t len)
{
	struct virtio_net_hdr head = { 0 };
	struct iovec parts[] = {
		{ &head, sizeof(head) }, { (void *)(uintptr_t)frame, len },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(wire->fd, &message, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
}

static int64_t
time_of(struct msghdr *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
		struct timespec at;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&at, CMSG_DATA(c), sizeof(at));
		return at.tv_sec * 1000000000LL + at.tv_nsec;
	}
	return 0;
}

/* Bytes before TCP's payload; 0 if that is no whole IPv4 and TCP header. */
static size_t
headers(const uint8_t *frame, size_t len, size_t *ret_tcp)
{
	size_t ip, tcp;

	if (len < ETHER_HEAD + 20u || frame[12] != 8 || frame[13] != 0 ||
	    frame[ETHER_HEAD] >> 4 != 4 || frame[ETHER_HEAD + 9] != 6)
		return 0;
	ip = ETHER_HEAD + (frame[ETHER_HEAD] & 15) * 4u;
	if (ip < ETHER_HEAD + 20u || len < ip + 20)
		return 0;
	tcp = ip + (frame[ip + 12] >> 4) * 4u;
	if (tcp < ip + 20 || tcp > len)
		return 0;
	*ret_tcp = ip;
	return tcp;
}

static void
put16(uint8_t *to, size_t value)
{
	to[0] = (uint8_t)(value >> 8);
	to[1] = (uint8_t)value;
}

/* RFC 1071. */
static void
sum_header(uint8_t *ip, size_t len)
{
	uint32_t sum = 0;

	put16(ip + 10, 0);
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put16(ip + 10, ~sum & 0xffff);
}

size_t
ether_cut(uint8_t *ret, size_t size, const struct ether_frame *whole, size_t payload, size_t *at)
{
	size_t tcp = 0, head = headers(whole->data, whole->len, &tcp), part, left;
	uint32_t seq;

	if (head == 0 || payload == 0 || head + *at >= whole->len)
		return 0;
	left = whole->len - head - *at;
	part = left < payload ? left : payload;
	if (head + part > size)
		return 0;
	memcpy(ret, whole->data, head);
	memcpy(ret + head, whole->data + head + *at, part);
	put16(ret + ETHER_HEAD + 2, head - ETHER_HEAD + part);
	put16(ret + ETHER_HEAD + 4, (((size_t)ret[ETHER_HEAD + 4] << 8 | ret[ETHER_HEAD + 5]) +
				    *at / payload) & 0xffff);
	sum_header(ret + ETHER_HEAD, tcp - ETHER_HEAD);
	memcpy(&seq, ret + tcp + 4, sizeof(seq));
	seq = htonl(ntohl(seq) + (uint32_t)*at);
	memcpy(ret + tcp + 4, &seq, sizeof(seq));
	if (part < left)
		ret[tcp + 13] &= (uint8_t)~9u;	/* FIN and PSH are the last one's */
	*at += part;
	return head + part;
}

static void
give(const struct ether_frame *frame, const struct virtio_net_hdr *head,
     void (*take)(void *arg, const struct ether_frame *frame), void *arg)
{
	struct ether_frame piece = { .unsummed = true, .at_ns = frame->at_ns };
	uint8_t cut[ETHER_FRAME + IP_MOST];
	size_t at = 0;

	if ((head->gso_type & ~VIRTIO_NET_HDR_GSO_ECN) != VIRTIO_NET_HDR_GSO_TCPV4) {
		take(arg, frame);
		return;
	}
	piece.data = cut;
	while ((piece.len = ether_cut(cut, sizeof(cut), frame, head->gso_size, &at)) > 0)
		take(arg, &piece);
}

int
ether_receive(struct ether *wire, void (*take)(void *arg, const struct ether_frame *frame),
	      void *arg)
{
	struct virtio_net_hdr head = { 0 };
	struct iovec parts[] = { { &head, sizeof(head) }, { wire->buffer, BUFFER } };
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(struct timespec))];
	} control;
	struct msghdr message = {
		.msg_iov = parts, .msg_iovlen = 2, .msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(wire->fd, &message, MSG_DONTWAIT);
	struct ether_frame frame;

	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if ((size_t)n < sizeof(head) + ETHER_HEAD)
		return 1;
	frame = (struct ether_frame){
		.data = wire->buffer, .len = (size_t)n - sizeof(head),
		.unsummed = head.flags & (VIRTIO_NET_HDR_F_NEEDS_CSUM |
					  VIRTIO_NET_HDR_F_DATA_VALID),
		.at_ns = time_of(&message),
	};
	give(&frame, &head, take, arg);
	return 1;
}
