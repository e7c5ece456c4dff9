#ifndef PROBE_ETHER_H
#define PROBE_ETHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/*
 * The wire: whole Ethernet frames in and out of a network card of this host, by a packet socket
 * that hears all of them.  What a host's card or the kernel has joined into one long frame (GRO,
 * TSO) is cut into the frames that a machine's card would have seen.
 */

#define ETHER_HEAD 14		/* Ethernet */
#define ETHER_FRAME 1514		/* the longest frame that goes out */

struct ether {
	int fd;
	uint8_t *buffer;	/* of ether_receive() */
};

struct ether_frame {
	const uint8_t *data;
	size_t len;
	bool unsummed;		/* the TCP or UDP checksum was left to a card, and is not there */
	int64_t at_ns;		/* when the kernel had it, CLOCK_REALTIME */
};

/* -EPERM, -ENODEV, -ENETDOWN … with the sentence. */
int ether_open(struct ether *ret, const char *interface, struct err *err);
void ether_close(struct ether *wire);

/* A frame that the kernel does not take is lost, as on any wire. */
void ether_send(const struct ether *wire, const void *frame, size_t len);

/* Takes one frame off the socket and gives what it holds to `take`, one frame at a time; 0 when
 * there was none. */
int ether_receive(struct ether *wire, void (*take)(void *arg, const struct ether_frame *frame),
		 void *arg);

/* The next piece of a long TCP frame: its bytes in `ret` (at most `size`), their number, 0 when all
 * were had.  `*at` is 0 at first; `payload`: bytes of TCP in each. */
size_t ether_cut(uint8_t *ret, size_t size, const struct ether_frame *whole, size_t payload,
		size_t *at);

#endif
