#ifndef PROBE_ASK_H
#define PROBE_ASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/firmware.h"

/* What a machine says in DHCP: bytes out, nothing else. */

enum ask_kind { ASK_DISCOVER = 1, ASK_REQUEST = 3, ASK_RELEASE = 7 };

struct ask {
	enum ask_kind kind;
	const struct firmware *firmware;
	bool ipxe;		/* its second life: options 77 and 175 */
	bool bad_class;		/* option 77 of a length that its own content does not have */
	const uint8_t *mac;	/* 6 bytes */
	const uint8_t *uuid;	/* 16 bytes, as SMBIOS has them */
	uint32_t xid;
	uint16_t secs;
	uint32_t own;		/* the address it has, 0: none yet (ciaddr) */
	uint32_t wish, server;	/* options 50 and 54; 0: left out */
	int choice;		/* PXE's boot server type (option 43.71); -1: left out */
};

#define ASK_MOST 600		/* bytes of a message; a frame has 42 more */

/* The message as it stands behind UDP; returns its length. */
size_t ask_format(uint8_t ret[ASK_MOST], const struct ask *ask);

/* A whole broadcast frame from an address that is not there yet. */
size_t ask_frame(uint8_t ret[ASK_MOST + 42], const struct ask *ask);

#endif
