/* The DHCP client: see lease.h. */
#include "probe/lease.h"

#include <errno.h>
#include <string.h>

#include <lwip/pbuf.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>

#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/str.h"

#define REQUEST_TRIES 4
#define BOOT_TRIES 3
#define NAKS_MOST 3
#define PXE_PORT 4011

static void tick(void *arg);

static struct ask
ask_of(const struct lease *lease, enum ask_kind kind)
{
	return (struct ask){
		.kind = kind, .firmware = lease->firmware, .ipxe = lease->ipxe,
		.bad_class = lease->bad_class, .mac = lease->card->mac, .uuid = lease->uuid,
		.xid = lease->xid, .choice = -1,
		.secs = (uint16_t)((clock_mono_ms() - lease->begun_ms) / 1000),
	};
}

static void
send_broadcast(struct lease *lease, const struct ask *ask)
{
	uint8_t frame[ASK_MOST + 42];

	lease->sent++;
	card_send(lease->card, frame, ask_frame(frame, ask));
}

static void
wait_ms(struct lease *lease, uint32_t ms)
{
	sys_untimeout(tick, lease);
	sys_timeout(ms, tick, lease);
}

static void
end(struct lease *lease, int rc)
{
	lease_stop(lease);
	lease->done(lease->arg, rc);
}

static void
discover(struct lease *lease)
{
	struct ask ask = ask_of(lease, ASK_DISCOVER);

	if (lease->tries >= FIRMWARE_TRIES) {
		end(lease, -ETIMEDOUT);
		return;
	}
	lease->step = LEASE_DISCOVER;
	send_broadcast(lease, &ask);
	wait_ms(lease, lease->manners->retry_ms[lease->tries++]);
}

/* Some firmware wants the class it asked as, in what names its file. */
static bool
is_boot(const struct lease *lease, const struct dhcp_packet *p)
{
	return p->type != 0 && (p->file[0] != '\0' || p->pxe) &&
	       (lease->ipxe || !lease->firmware->http || str_starts(p->vendor, "HTTPClient"));
}

/* A proxy's offer has no address; without a file it means: ask port 4011 (PXE 2.1, 2.2.2). */
static bool
is_proxy(const struct lease *lease, const struct dhcp_packet *p)
{
	return p->given == 0 && !lease->no_proxy &&
	       (is_boot(lease, p) || (!lease->ipxe && !lease->firmware->http &&
				      str_starts(p->vendor, "PXEClient")));
}

static bool
is_enough(const struct lease *lease)
{
	return lease->offer.type != 0 && (is_boot(lease, &lease->offer) ||
					  lease->proxy.type != 0);
}

static void
request(struct lease *lease)
{
	struct ask ask = ask_of(lease, ASK_REQUEST);

	if (lease->step != LEASE_REQUEST)
		lease->tries = 0;
	lease->step = LEASE_REQUEST;
	if (lease->tries >= REQUEST_TRIES) {
		lease->offer.type = 0;
		lease->tries = 0;
		discover(lease);
		return;
	}
	ask.wish = lease->offer.given;
	ask.server = lease->offer.server;
	send_broadcast(lease, &ask);
	wait_ms(lease, 1000u << lease->tries++);
}

/* Port 4011: to one server, from the address that we have now. */
static void
ask_4011(struct lease *lease)
{
	struct ask ask = ask_of(lease, ASK_REQUEST);
	ip_addr_t to = { lwip_htonl(lease->proxy.server) };
	uint8_t bytes[ASK_MOST];
	struct pbuf *p;
	size_t len;

	lease->step = LEASE_BOOT;
	if (lease->tries >= BOOT_TRIES) {
		end(lease, 0);
		return;
	}
	ask.own = card_ip(lease->card);
	ask.choice = lease->proxy.choice;
	len = ask_format(bytes, &ask);
	p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)len, PBUF_RAM);
	if (lease->pcb == NULL) {
		lease->pcb = udp_new();
		if (lease->pcb != NULL)
			udp_bind(lease->pcb, netif_ip4_addr(&lease->card->netif), 68);
	}
	if (p != NULL && lease->pcb != NULL) {
		pbuf_take(p, bytes, (u16_t)len);
		udp_sendto_if(lease->pcb, p, &to, PXE_PORT, &lease->card->netif);
		lease->sent++;
	}
	if (p != NULL)
		pbuf_free(p);
	lease->given.asked_4011 = true;
	wait_ms(lease, 1000u << lease->tries++);
}

static void
tick(void *arg)
{
	struct lease *lease = arg;

	if (lease->step == LEASE_REQUEST || (lease->step == LEASE_DISCOVER &&
					     lease->offer.type != 0))
		request(lease);
	else if (lease->step == LEASE_DISCOVER)
		discover(lease);
	else if (lease->step == LEASE_BOOT)
		ask_4011(lease);
}

/* Who names the file, and what. */
static void
take_boot(struct lease *lease, const struct dhcp_packet *p)
{
	struct lease_given *given = &lease->given;

	given->boot = p->server != 0 ? p->server : p->from;
	given->next = p->next != 0 ? p->next : given->boot;
	given->proxy = given->boot != given->server;
	str_copy(given->file, sizeof(given->file), p->file);
	str_copy(given->vendor, sizeof(given->vendor), p->vendor);
}

static void
take_ack(struct lease *lease, const struct dhcp_packet *p)
{
	struct lease_given *given = &lease->given;

	given->server = p->server;
	given->address = (struct card_address){
		.ip = p->given, .mask = p->mask, .router = p->router, .dns = p->dns,
	};
	card_set(lease->card, &given->address);
	sys_untimeout(tick, lease);
	lease->tries = 0;
	/* a file of the server that leases comes before a proxy's */
	if (p->file[0] != '\0' && is_boot(lease, p))
		take_boot(lease, p);
	else if (lease->offer.file[0] != '\0' && is_boot(lease, &lease->offer))
		take_boot(lease, &lease->offer);
	else if (lease->proxy.type != 0 && lease->proxy.file[0] != '\0' && !lease->only_4011)
		take_boot(lease, &lease->proxy);
	else if (lease->proxy.type != 0) {
		ask_4011(lease);
		return;
	}
	end(lease, 0);
}

static void
take_offer(struct lease *lease, const struct dhcp_packet *p)
{
	if (p->given != 0 && lease->offer.type == 0)
		lease->offer = *p;
	else if (p->given != 0 && !is_boot(lease, &lease->offer) && is_boot(lease, p))
		lease->offer = *p;	/* one that can boot us is better than the first */
	else if (lease->proxy.type == 0 && is_proxy(lease, p))
		lease->proxy = *p;
	if (is_enough(lease))
		request(lease);
	else if (lease->offer.type != 0)
		wait_ms(lease, lease->manners->collect_ms);
}

static void
heard(void *arg, const struct dhcp_packet *p)
{
	struct lease *lease = arg;

	if (p->xid != lease->xid)
		return;
	if (p->fault[0] != '\0' && lease->given.fault[0] == '\0')
		str_copy(lease->given.fault, sizeof(lease->given.fault), p->fault);
	if (lease->step == LEASE_DISCOVER && p->type == 2) {
		take_offer(lease, p);
	} else if (lease->step == LEASE_REQUEST && p->type == 5 && p->given != 0) {
		take_ack(lease, p);
	} else if (lease->step == LEASE_REQUEST && p->type == 6 &&
		   p->server == lease->offer.server) {
		lease->offer.type = 0;
		lease->tries = 0;
		if (++lease->naks > NAKS_MOST)
			end(lease, -ECONNREFUSED);
		else
			discover(lease);
	} else if (lease->step == LEASE_BOOT && p->type == 5 && p->file[0] != '\0') {
		take_boot(lease, p);
		end(lease, 0);
	}
}

void
lease_start(struct lease *lease)
{
	static const struct card_address none;

	card_set(lease->card, &none);
	lease->tries = lease->sent = lease->naks = 0;
	lease->begun_ms = clock_mono_ms();
	lease->offer = lease->proxy = (struct dhcp_packet){ 0 };
	lease->given = (struct lease_given){ .file = "" };
	chance_bytes(&lease->xid, sizeof(lease->xid));
	lease->card->heard = heard;
	lease->card->heard_arg = lease;
	discover(lease);
}

void
lease_stop(struct lease *lease)
{
	sys_untimeout(tick, lease);
	if (lease->pcb != NULL)
		udp_remove(lease->pcb);
	lease->pcb = NULL;
	if (lease->card != NULL && lease->card->heard_arg == lease)
		lease->card->heard = NULL;
	lease->step = LEASE_IDLE;
}

void
lease_release(struct lease *lease)
{
	struct ask ask;

	if (lease->card == NULL || card_ip(lease->card) == 0)
		return;
	ask = ask_of(lease, ASK_RELEASE);
	ask.own = card_ip(lease->card);
	ask.server = lease->given.server;
	send_broadcast(lease, &ask);
}
