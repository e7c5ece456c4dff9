#ifndef PROBE_CARD_H
#define PROBE_CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <lwip/netif.h>

#include "lib/dhcp.h"
#include "lib/err.h"
#include "probe/ether.h"

/*
 * A machine's network card: a MAC address of its own on a wire, lwIP behind it.  DHCP is taken off
 * before lwIP sees it: firmware has manners of its own there, and no address yet.
 */

struct card {
	struct netif netif;
	struct ether *wire;
	uint8_t mac[6];
	uint64_t frames_in, frames_out, bytes_in;
	/* Who is asking DHCP now, or NULL. */
	void (*heard)(void *arg, const struct dhcp_packet *packet);
	void *heard_arg;
	/* What lies between wire and card (the fleet's lossy lines); NULL: nothing.  They give the
	 * frame on by card_accept() and ether_send(), or do not. */
	void (*in)(void *arg, const struct ether_frame *frame);
	void (*out)(void *arg, const void *frame, size_t len);
	void *line_arg;
	struct card *next;
};

/* Once a process, before the first card. */
void card_house_init(void);

/* Plugs it in, and out. */
int card_init(struct card *card, struct ether *wire, const uint8_t mac[6], struct err *err);
void card_fini(struct card *card);

/* Its address; all 0: none. */
struct card_address {
	uint32_t ip, mask, router, dns;
};
void card_set(struct card *card, const struct card_address *address);
uint32_t card_ip(const struct card *card);

/* A whole frame goes out; one is taken in. */
void card_send(struct card *card, const void *frame, size_t len);
void card_accept(struct card *card, const struct ether_frame *frame);

/* Waits for frames and timers until `*done`, or `until_ms` (clock_mono_ms()); -ENETDOWN … when the
 * wire fails, -ETIMEDOUT at the end of the time. */
int card_loop(struct ether *wire, const bool *done, int64_t until_ms, struct err *err);

#endif
