#ifndef LIB_DHCP_H
#define LIB_DHCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/net.h"

/*
 * What one DHCP packet says (RFC 2131, RFC 2132; RFC 3046 for relays, RFC 4578 for PXE), read out
 * of an Ethernet frame of strangers.  Texts are printable ASCII without quotes, cut to their
 * place.
 */

#define DHCP_TEXT 65
#define DHCP_FILE 129

struct dhcp_packet {
	uint32_t from, to;		/* IPv4 */
	uint16_t from_port, to_port;
	bool reply;
	uint32_t xid;
	uint32_t given, asked;		/* yiaddr; option 50 or ciaddr; 0: none */
	uint32_t server;		/* option 54 */
	uint32_t next;			/* siaddr */
	uint32_t relay;			/* giaddr */
	uint32_t mask, router, dns;	/* options 1, 3, 6, the first of each; 0: none */
	char mac[NET_MAC_TEXT];		/* the client's */
	int type;			/* option 53; 0: none (BOOTP) */
	int arch;			/* option 93, its first number; -1: none */
	bool ipxe;			/* option 175, or a user class that begins so */
	bool pxe;			/* option 43 of a reply: PXE's menu */
	int choice;			/* its first boot server (menu, else list); -1: none */
	char vendor[DHCP_TEXT], user[DHCP_TEXT];	/* options 60, 77 */
	char circuit[DHCP_TEXT], remote[DHCP_TEXT];	/* option 82: bytes in hex if not text */
	char file[DHCP_FILE];		/* of the header, or option 67 */
	char fault[96];			/* what is malformed; "": nothing */
};

/* 0, or -EINVAL (and nothing written) for a frame that carries no DHCP for an Ethernet client. */
int dhcp_parse(struct dhcp_packet *ret, const void *frame, size_t len);

const char *dhcp_type_name(int type);	/* "discover" …, "bootp" for 0, "unknown" */

#endif
