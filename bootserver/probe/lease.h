#ifndef PROBE_LEASE_H
#define PROBE_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "probe/ask.h"
#include "probe/card.h"

/*
 * A DHCP client as firmware and iPXE have it: takes an offer with an address, and boot information
 * from it, from a proxy's offer or from port 4011 (PXE 2.1, 2.2), whoever gives it.
 */

struct lease_given {
	struct card_address address;
	uint32_t server;		/* who leased */
	uint32_t boot;			/* who named the file */
	uint32_t next;			/* who has it */
	bool proxy;			/* boot is another server than server */
	bool asked_4011;
	char file[DHCP_FILE];		/* "": nobody named one */
	char vendor[DHCP_TEXT];		/* option 60 of who named the file */
	char fault[96];			/* what an answer has that is malformed; "": nothing */
};

enum lease_step { LEASE_IDLE, LEASE_DISCOVER, LEASE_REQUEST, LEASE_BOOT };

struct lease {
	struct card *card;
	const struct firmware *firmware;	/* what it says */
	const struct firmware *manners;		/* how patient it is */
	const uint8_t *uuid;
	bool ipxe, bad_class;
	bool no_proxy;		/* ignores proxy offers (some UEFI) */
	bool only_4011;		/* takes no file from an offer, asks 4011 */
	enum lease_step step;
	unsigned tries, sent, naks;
	uint32_t xid;
	int64_t begun_ms;
	struct dhcp_packet offer, proxy;	/* type 0: none yet */
	struct lease_given given;
	struct udp_pcb *pcb;
	/* Called once: 0, or -ETIMEDOUT when no server leases an address. */
	void (*done)(void *arg, int rc);
	void *arg;
};

/* Begins; the members above `step` say who asks. */
void lease_start(struct lease *lease);
void lease_stop(struct lease *lease);

/* Gives the address back. */
void lease_release(struct lease *lease);

#endif
