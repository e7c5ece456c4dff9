#ifndef AGENT_LLDP_H
#define AGENT_LLDP_H

#include <stddef.h>
#include <stdint.h>

/*
 * The neighbour on the other end of a cable, from one LLDP frame (IEEE 802.1AB-2016, clause 9.2):
 * foreign bytes, so every length is checked.  Pure; ears.c listens.
 */
struct lldp_neighbour {
	char chassis[256];
	char port[256];
	char name[256];		/* system name, may be empty */
};

/* `frame` begins with the Ethernet header (one 802.1Q tag is allowed).  0, or -EINVAL for a frame
 * that is no well-formed LLDPDU or a goodbye (time to live 0); *ret untouched then. */
int lldp_parse(const uint8_t *frame, size_t len, struct lldp_neighbour *ret);

#endif
