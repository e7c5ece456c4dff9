/* Cards, and the loop that all of them live in: see card.h. */
#include "probe/card.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <lwip/dns.h>
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/pbuf.h>
#include <lwip/sys.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include "lib/chance.h"
#include "lib/clock.h"
#include "probe/arch/cc.h"
#include "probe/hooks.h"

#define PER_TURN 64		/* frames taken before timers are looked at again */
#define TURN_MS 1000		/* the longest the loop sleeps */

static struct card *cards;

u32_t
sys_now(void)
{
	return (u32_t)clock_mono_ms();
}

unsigned int
card_chance(void)
{
	unsigned int ret;

	chance_bytes(&ret, sizeof(ret));
	return ret;
}

void
card_house_init(void)
{
	static bool there;

	if (!there)
		lwip_init();
	there = true;
}

struct netif *
card_route(const ip4_addr_t *src, const ip4_addr_t *dest)
{
	(void)dest;
	if (src == NULL || ip4_addr_isany(src))
		return NULL;
	for (struct card *card = cards; card != NULL; card = card->next)
		if (ip4_addr_eq(netif_ip4_addr(&card->netif), src))
			return &card->netif;
	return NULL;
}

void
card_send(struct card *card, const void *frame, size_t len)
{
	card->frames_out++;
	if (card->out != NULL)
		card->out(card->line_arg, frame, len);
	else
		ether_send(card->wire, frame, len);
}

static err_t
send_pbuf(struct netif *netif, struct pbuf *p)
{
	uint8_t frame[ETHER_FRAME];

	if (p->tot_len > sizeof(frame))
		return ERR_BUF;
	pbuf_copy_partial(p, frame, p->tot_len, 0);
	card_send(netif->state, frame, p->tot_len);
	return ERR_OK;
}

static err_t
set_up(struct netif *netif)
{
	struct card *card = netif->state;

	memcpy(netif->name, "bs", 2);
	netif->hwaddr_len = 6;
	memcpy(netif->hwaddr, card->mac, 6);
	netif->mtu = ETHER_FRAME - ETHER_HEAD;
	netif->output = etharp_output;
	netif->linkoutput = send_pbuf;
	netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET |
		       NETIF_FLAG_LINK_UP;
	return ERR_OK;
}

int
card_init(struct card *card, struct ether *wire, const uint8_t mac[6], struct err *err)
{
	*card = (struct card){ .wire = wire };
	memcpy(card->mac, mac, 6);
	if (netif_add(&card->netif, NULL, NULL, NULL, card, set_up, ethernet_input) == NULL)
		return err_set(err, -EMFILE, "lwIP takes no further card");
	netif_set_up(&card->netif);
	card->next = cards;
	cards = card;
	return 0;
}

void
card_fini(struct card *card)
{
	for (struct card **at = &cards; *at != NULL; at = &(*at)->next)
		if (*at == card) {
			*at = card->next;
			netif_remove(&card->netif);
			return;
		}
}

void
card_set(struct card *card, const struct card_address *address)
{
	ip4_addr_t ip = { lwip_htonl(address->ip) }, mask = { lwip_htonl(address->mask) };
	ip4_addr_t router = { lwip_htonl(address->router) };
	ip_addr_t dns = { lwip_htonl(address->dns) };

	netif_set_addr(&card->netif, &ip, &mask, &router);
	if (address->dns != 0)
		dns_setserver(0, &dns);
}

uint32_t
card_ip(const struct card *card)
{
	return lwip_ntohl(netif_ip4_addr(&card->netif)->addr);
}

/* DHCP for this card: told to who asks.  Each DHCP answer ends here. */
static bool
is_dhcp(struct card *card, const struct ether_frame *frame)
{
	char mac[NET_MAC_TEXT];
	struct dhcp_packet packet;

	if (dhcp_parse(&packet, frame->data, frame->len) < 0 || !packet.reply ||
	    packet.to_port != 68)
		return false;
	net_mac_format(mac, card->mac);
	if (card->heard != NULL && strcmp(packet.mac, mac) == 0)
		card->heard(card->heard_arg, &packet);
	return true;
}

void
card_accept(struct card *card, const struct ether_frame *frame)
{
	struct pbuf *p;

	card->frames_in++;
	card->bytes_in += frame->len;
	if (is_dhcp(card, frame))
		return;
	p = pbuf_alloc(PBUF_RAW, (u16_t)frame->len, PBUF_RAM);
	if (p == NULL)
		return;
	pbuf_take(p, frame->data, (u16_t)frame->len);
	NETIF_SET_CHECKSUM_CTRL(&card->netif, frame->unsummed ?
		NETIF_CHECKSUM_ENABLE_ALL & ~(NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP) :
		NETIF_CHECKSUM_ENABLE_ALL);
	if (card->netif.input(p, &card->netif) != ERR_OK)
		pbuf_free(p);
}

/* To whom it is: one card, or all for a broadcast. */
static void
deal(void *arg, const struct ether_frame *frame)
{
	(void)arg;
	if (frame->len > 0xffff)
		return;
	for (struct card *card = cards, *next; card != NULL; card = next) {
		next = card->next;
		if (!(frame->data[0] & 1) && memcmp(frame->data, card->mac, 6) != 0)
			continue;
		if (card->in != NULL)
			card->in(card->line_arg, frame);
		else
			card_accept(card, frame);
	}
}

/* Milliseconds to the next timer, at most those left. */
static int
pause_ms(int64_t left)
{
	u32_t next = sys_timeouts_sleeptime();
	int64_t ms = next == SYS_TIMEOUTS_SLEEPTIME_INFINITE || next > TURN_MS ? TURN_MS : next;

	return (int)(ms < left ? ms : left);
}

int
card_loop(struct ether *wire, const bool *done, int64_t until_ms, struct err *err)
{
	struct pollfd poll_fd = { .fd = wire->fd, .events = POLLIN };

	while (!*done) {
		int64_t left = until_ms - clock_mono_ms();
		int r = 1;

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(&poll_fd, 1, pause_ms(left)) < 0 && errno != EINTR)
			return err_errno(err, -errno, "poll");
		for (int i = 0; i < PER_TURN && r > 0 && !*done; i++)
			r = ether_receive(wire, deal, NULL);
		if (r < 0)
			return err_errno(err, r, "the network card fails");
		sys_check_timeouts();
	}
	return 0;
}
