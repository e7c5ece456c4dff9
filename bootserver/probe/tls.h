#ifndef PROBE_TLS_H
#define PROBE_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <openssl/x509.h>

#include "lib/err.h"

/*
 * TLS as the stamped iPXE speaks it: 1.2 at most, one trusted root, known by its fingerprint alone,
 * so that the server has to send it in its chain.  OpenSSL over memory: bytes in, bytes out.
 */

struct tls;

/* `host`: the name or address that the certificate must be for.  `root` is the caller's. */
int tls_new(struct tls **ret, X509 *root, const char *host, struct err *err);
void tls_free(struct tls *tls);

/* Bytes that came from the wire. */
void tls_take(struct tls *tls, const void *data, size_t len);

/* 1 when the handshake is done, 0 when it goes on, negative with what is wrong. */
int tls_step(struct tls *tls, struct err *err);

/* Bytes that want out; 0: none. */
size_t tls_out(struct tls *tls, void *ret, size_t size);

int tls_write(struct tls *tls, const void *data, size_t len);

/* Plain text that came: its number of bytes, 0: none now, -1: the other side has closed. */
ssize_t tls_read(struct tls *tls, void *ret, size_t size);

#endif
