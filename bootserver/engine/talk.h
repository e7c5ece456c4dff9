#ifndef ENGINE_TALK_H
#define ENGINE_TALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/net.h"
#include "site/site.h"

/*
 * One client's DHCP conversation, as the ear hears it, and the sentences that come of it.  Pure:
 * packets and the time in, sentences out.  What is heard is claims of strangers.
 */

#define TALK_SERVERS 4		/* others that are named to one client */

struct talk {
	char mac[NET_MAC_TEXT];
	bool boots;		/* last asked as firmware or iPXE */
	bool ipxe;
	int64_t arch;		/* option 93; -1: not said */
	char relay[NET_IP4_TEXT], circuit[65], remote[65];	/* "": not through one */
	int64_t asked_ms;	/* the first question nobody answered with an address; 0: none */
	int asks;
	bool answered;		/* by somebody, with or without an address */
	int64_t took_ms;	/* it has an address since; 0: none */
	char address[NET_IP4_TEXT], server[NET_IP4_TEXT];	/* which, and who gave it */
	char file[129];		/* what it was told to fetch */
	int asks_4011;
	bool told_unanswered, told_idle;
	char others[TALK_SERVERS][NET_IP4_TEXT];
};

/* What a conversation says at a moment. */
struct talk_word {
	bool done;		/* it has an address; else it began to ask */
	bool trouble;		/* something that should not be */
	char text[400];		/* "": nothing to say */
};

/* What the sentences are about: the site and its server's address. */
struct talk_site {
	const struct site *site;
	char server[NET_IP4_TEXT];
};

/* Takes one packet (`heard`); *ret is what it says. */
void talk_hear(struct talk *talk, const struct talk_site *at, const json_t *heard, int64_t now_ms,
	       struct talk_word *ret);

/* What its silence says, for a client that has come no further than its DHCP. */
void talk_silence(struct talk *talk, const struct talk_site *at, int64_t now_ms,
		  struct talk_word *ret);

#endif
