/* The connections and their deadlines: see peer.h. */
#include "web/peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "web/metrics.h"
#include "web/request.h"
#include "web/server.h"
#include "web/sock.h"
#include "web/transfer.h"

/* The address as text; an IPv4 address that came through an IPv6 socket as IPv4 (RFC 4291,
 * 2.5.5.2). */
static void
address_text(char ret[46], const struct sockaddr *address)
{
	const struct sockaddr_in *four = (const void *)address;
	const struct sockaddr_in6 *six = (const void *)address;

	strcpy(ret, "unknown");
	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &four->sin_addr, ret, 46);
	else if (address && address->sa_family == AF_INET6 &&
		 IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
		inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], ret, 46);
	else if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &six->sin6_addr, ret, 46);
}

static struct peer *
peer_new(struct server *server, struct MHD_Connection *mhd)
{
	struct web *web = server_web(server);
	struct peer *peer = mem_new(sizeof(*peer));

	peer->web = web;
	peer->server = server;
	peer->mhd = mhd;
	peer->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	address_text(peer->ip, MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)
				       ->client_addr);
	peer->next = web->peers;
	peer->link = &web->peers;
	if (peer->next)
		peer->next->link = &peer->next;
	web->peers = peer;
	peer_enter(peer, PEER_HEADERS);
	return peer;
}

static void
count_sent(struct peer *peer)
{
	uint64_t acked = sock_acked(peer->fd);

	if (acked <= peer->acked)
		return;
	metrics_sent(peer->web->metrics, acked - peer->acked);
	peer->acked = acked;
	if (peer->phase == PEER_SENDING)
		peer->since_ms = clock_mono_ms();
}

static void
peer_free(struct peer *peer)
{
	count_sent(peer);
	peer_enter(peer, PEER_IDLE);
	server_ended(peer->server);
	*peer->link = peer->next;
	if (peer->next)
		peer->next->link = peer->link;
	free(peer);
}

void
peer_notify(void *arg, struct MHD_Connection *mhd, void **context,
	    enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = peer_new(arg, mhd);
	} else if (*context) {
		peer_free(*context);
		*context = NULL;
	}
}

struct peer *
peer_of(struct MHD_Connection *mhd)
{
	return MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

void
peer_enter(struct peer *peer, enum peer_phase phase)
{
	server_sending(peer->server, (phase == PEER_SENDING) - (peer->phase == PEER_SENDING));
	server_moved(peer->server);
	peer->phase = phase;
	peer->since_ms = clock_mono_ms();
}

static const struct {
	const char *what;
	size_t limit;		/* offset into struct limits; others have their own */
} phases[] = {
	[PEER_HEADERS] = { "no whole request", offsetof(struct limits, headers_ms) },
	[PEER_IDLE] = { NULL, offsetof(struct limits, idle_ms) },
	[PEER_BODY] = { "no whole body", offsetof(struct limits, body_ms) },
	[PEER_SENDING] = { "takes nothing more of the answer", offsetof(struct limits, stall_ms) },
};

static int64_t
limit_of(const struct peer *peer)
{
	return *(const int64_t *)(const void *)((const char *)&peer->web->limits +
						phases[peer->phase].limit);
}

static bool
is_suspended(const struct peer *peer)
{
	return peer->phase == PEER_WAITING || peer->phase == PEER_HELD;
}

static void
check_waiting(struct peer *peer)
{
	if (!sock_gone(peer->fd))
		return;
	log_debug("ip=%s went away while %s", peer->ip,
		  peer->phase == PEER_HELD ? "it was held" : "the engine was asked");
	request_abort(peer->request);
}

static void
check_deadline(struct peer *peer, int64_t now_ms)
{
	if (peer->cut || now_ms - peer->since_ms < limit_of(peer))
		return;
	if (phases[peer->phase].what)
		log_debug("ip=%s closed after %lld ms: %s", peer->ip,
			  (long long)(now_ms - peer->since_ms), phases[peer->phase].what);
	peer->cut = true;
	sock_cut(peer->fd);
}

void
peer_tick(struct web *web, int64_t now_ms)
{
	struct peer *next;

	for (struct peer *peer = web->peers; peer; peer = next) {
		next = peer->next;
		count_sent(peer);
		if (is_suspended(peer))
			check_waiting(peer);
		else
			check_deadline(peer, now_ms);
		if (peer->request && peer->request->transfer)
			transfer_tick(peer->request->transfer, now_ms);
	}
}

void
peer_release_all(struct web *web)
{
	for (struct peer *peer = web->peers; peer; peer = peer->next)
		if (is_suspended(peer))
			request_abort(peer->request);
}
