#ifndef PROBE_TFTP_H
#define PROBE_TFTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/get.h"

/* TFTP (RFC 1350) with blksize and tsize (RFC 2347 to 2349): its packets, and one file by it. */

enum tftp_kind { TFTP_BAD, TFTP_DATA = 3, TFTP_ERROR = 5, TFTP_OACK = 6 };

struct tftp_packet {
	enum tftp_kind kind;
	uint16_t number;		/* DATA: block; ERROR: code */
	const uint8_t *data;		/* DATA */
	size_t len;
	char text[96];			/* ERROR: what it says, printable */
	uint16_t blksize;		/* OACK; 0: not said */
	int64_t tsize;			/* OACK; -1: not said */
};

/* A packet of strangers; TFTP_BAD when it is none of those. */
enum tftp_kind tftp_parse(struct tftp_packet *ret, const void *data, size_t len);

/* A read request; returns its length, 0 when the name is too long. */
size_t tftp_format(uint8_t *ret, size_t size, const char *name, uint16_t blksize);

/* For get.c. */
void tftp_start(struct get *get);
void tftp_stop(struct get *get);

#endif
