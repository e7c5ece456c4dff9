#ifndef PROBE_GET_H
#define PROBE_GET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/x509.h>

#include "lib/err.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "probe/card.h"
#include "probe/url.h"

/* One file, by TFTP, HTTP or HTTPS, as firmware and iPXE fetch it: its digest, and what it holds if
 * that is wanted. */

struct get {
	/* who asks for what */
	struct card *card;
	struct url url;
	X509 *root;		/* trusted for https; NULL: nobody */
	const char *agent;	/* User-Agent */
	uint16_t blksize;	/* TFTP's */
	uint32_t idle_ms;	/* given up when nothing moves for so long */
	size_t keep;		/* bytes kept in `body`, at most */
	void (*done)(void *arg, int rc);	/* once, from the loop */
	void *arg;

	/* what came of it */
	struct buf body;
	uint64_t size;
	char sha256[SHA256_TEXT];
	int status;		/* HTTP's; 0: none */
	unsigned again;		/* TFTP packets sent again */
	unsigned later;		/* times the server's queue said later (503), and we came again */
	bool options;		/* TFTP: the server took our blksize */
	struct err why;		/* the sentence for done(rc < 0) */

	/* its own */
	struct sha256 *sum;
	int rc;
	void *way;		/* of the protocol that fetches */
};

void get_start(struct get *get);	/* arg, done … set; `body` as buf_init() made it */
void get_stop(struct get *get);		/* done() is not called any more */

/* For the protocols: bytes came; it is over (rc < 0: `why` is set). */
void get_add(struct get *get, const void *data, size_t len);
void get_alive(struct get *get);
void get_rest(struct get *get, uint32_t ms);	/* nothing is to come for so long */
void get_end(struct get *get, int rc);

#endif
