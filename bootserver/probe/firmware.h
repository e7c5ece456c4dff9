#ifndef PROBE_FIRMWARE_H
#define PROBE_FIRMWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a kind of firmware says of itself and how patient it is: data. */

#define FIRMWARE_TRIES 4

struct firmware {
	const char *name;		/* as --firmware has it */
	const char *what;		/* for a sentence */
	uint16_t arch;			/* DHCP option 93 (RFC 4578, 2.1; IANA's later numbers) */
	uint8_t undi[2];		/* option 94: UNDI's version */
	bool efi;
	bool http;			/* UEFI HTTP Boot: no TFTP, option 60 HTTPClient */
	const char *buildarch;		/* iPXE's ${buildarch} of the binary it is given */
	uint16_t blksize;		/* TFTP (RFC 2348) */
	uint16_t retry_ms[FIRMWARE_TRIES];	/* waits for an answer to DHCP */
	uint16_t collect_ms;		/* for further offers, when the first has no boot file */
};

/* Ends with name NULL; the first is the default. */
extern const struct firmware firmwares[];

/* iPXE itself, as a client of DHCP and TFTP. */
extern const struct firmware firmware_ipxe;

const struct firmware *firmware_find(const char *name);

#endif
