/* What the kernel knows of a TCP connection: see sock.h.  The one file with <linux/tcp.h>, which
 * has the fields that the C library's header lacks. */
#include "web/sock.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* From the kernel's enum in net/tcp_states.h, as tcp_info.tcpi_state gives them. */
#define STATE_CLOSE 7
#define STATE_CLOSE_WAIT 8
#define STATE_LAST_ACK 9

static bool
info_of(int fd, struct tcp_info *ret)
{
	socklen_t len = sizeof(*ret);

	*ret = (struct tcp_info){ 0 };
	return getsockopt(fd, IPPROTO_TCP, TCP_INFO, ret, &len) == 0;
}

uint64_t
sock_acked(int fd)
{
	struct tcp_info info;

	return info_of(fd, &info) ? info.tcpi_bytes_acked : 0;
}

uint64_t
sock_unacked(int fd)
{
	int waiting = 0;

	return ioctl(fd, SIOCOUTQ, &waiting) == 0 && waiting > 0 ? (uint64_t)waiting : 0;
}

bool
sock_look(int fd, struct sock_seen *ret)
{
	struct tcp_info info;
	bool known = info_of(fd, &info);

	*ret = (struct sock_seen){
		.acked = info.tcpi_bytes_acked, .unacked = sock_unacked(fd),
		.segments = info.tcpi_data_segs_out, .lost = info.tcpi_total_retrans,
		.in_flight = info.tcpi_unacked,
		.rate = info.tcpi_delivery_rate,
	};
	return known;
}

void
sock_pace(int fd, uint64_t rate)
{
	unsigned limit = rate < UINT32_MAX ? (unsigned)rate : UINT32_MAX;

	setsockopt(fd, SOL_SOCKET, SO_MAX_PACING_RATE, &limit, sizeof(limit));
}

bool
sock_gone(int fd)
{
	struct tcp_info info;

	return info_of(fd, &info) && (info.tcpi_state == STATE_CLOSE ||
				      info.tcpi_state == STATE_CLOSE_WAIT ||
				      info.tcpi_state == STATE_LAST_ACK);
}

void
sock_cut(int fd)
{
	shutdown(fd, SHUT_RDWR);
}
