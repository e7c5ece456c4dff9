#ifndef LIB_CRATE_H
#define LIB_CRATE_H

#include <stddef.h>
#include <sys/types.h>

#include <openssl/x509.h>

#include "lib/cms.h"
#include "lib/err.h"

/*
 * A crate: a stream of bytes of any length, sealed to a passphrase or a certificate.
 *
 *   "bootserver crate 1\n"
 *   4 bytes, the length of what follows, most significant first
 *   CMS EnvelopedData (DER) of a fresh key of 32 bytes: to a certificate, or PasswordRecipientInfo
 *   chunks of 65536 bytes, the last one shorter, each with AES-256-GCM (16 bytes of tag behind it);
 *   nonce: 3 zeros, the chunk's number in 8 bytes, 1 for the last chunk, else 0
 *
 * So chunks cannot be changed, left out, swapped or cut off.
 */

struct crate;

struct crate_seal {
	X509 *cert;			/* to its holder, or */
	const char *passphrase;
};

/* What opens it: the one that it was sealed to. */
struct crate_key {
	struct cms_who who;
	const char *passphrase;
};

/* Begins to write to `fd`, which stays the caller's. */
int crate_new(struct crate **ret, int fd, const struct crate_seal *seal, struct err *err);
int crate_add(struct crate *crate, const void *data, size_t len, struct err *err);
int crate_end(struct crate *crate, struct err *err);	/* without it, it is cut off */

/* Begins to read; -EKEYREJECTED when it does not open. */
int crate_open(struct crate **ret, int fd, const struct crate_key *key, struct err *err);

/* The next bytes, borrowed until the next call: their number, 0 at the good end, -EBADMSG when
 * something was changed or is missing. */
ssize_t crate_take(struct crate *crate, const void **ret, struct err *err);

void crate_free(struct crate *crate);

#endif
