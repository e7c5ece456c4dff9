#ifndef AGENT_KEY_H
#define AGENT_KEY_H

#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "lib/err.h"

/*
 * The machine's own key (ECDSA P-256), the certificate it signed for itself, and the counter
 * that never goes back: three files in one folder, on the state partition or, without one, in
 * memory. The counter is reserved on disk in blocks, so that a request costs no fsync and a
 * lost power skips numbers instead of repeating them.
 */
#define KEY_BLOCK 1000

struct key {
	EVP_PKEY *pkey;
	X509 *cert;
	char folder[512];
	int64_t counter;	/* the last one given out */
	int64_t reserved;	/* on disk: all up to here are ours */
};

/* Opens the key in `folder`, or makes one with the common name `cn`.  A key file that cannot be
 * read is an error, never replaced: the server has pinned it. */
int key_open(struct key *ret, const char *folder, const char *cn, struct err *err);
void key_fini(struct key *key);

/* The next number for a request. */
int key_next(struct key *key, int64_t *ret, struct err *err);

/* The server has seen `seen`: numbers go on behind it. */
void key_jump(struct key *key, int64_t seen);

#endif
