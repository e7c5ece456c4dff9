#ifndef LIB_PKI_H
#define LIB_PKI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "lib/err.h"
#include "lib/sha256.h"

/* Keys and certificates: ECDSA P-256 throughout, made by OpenSSL. */

EVP_PKEY *pki_key_new(struct err *err);				/* NULL on failure */

enum pki_use { PKI_CA, PKI_SERVER, PKI_SIGNER, PKI_CLIENT };

struct pki_cert {
	const char *cn;		/* subject's common name */
	const char *org;	/* may be NULL */
	enum pki_use use;
	const char *const *names;	/* subjectAltName, NULL-ended: "DNS:x", "IP:10.9.0.1" */
	int64_t from_s, to_s;	/* validity, seconds since 1970 */
};

/* Makes a certificate for `key`, signed by issuer (NULL, NULL: by itself). */
X509 *pki_cert_new(const struct pki_cert *what, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
		   struct err *err);

/* True if the certificate's subjectAltName holds all of `names` and it is valid at `now_s`. */
bool pki_cert_fits(X509 *cert, const char *const *names, int64_t now_s);

/* PEM in fresh memory (the caller frees), and back. */
char *pki_key_pem(EVP_PKEY *key);
char *pki_public_pem(EVP_PKEY *key);	/* its public half (SPKI) */
char *pki_cert_pem(X509 *cert);
EVP_PKEY *pki_key_parse(const char *pem, struct err *err);
X509 *pki_cert_parse(const char *pem, struct err *err);

/* The key (P-256) that a certificate request (PKCS#10, PEM) asks for, its signature by that key
 * checked; all else that it asks for is left aside.  NULL on failure. */
EVP_PKEY *pki_csr_key(const char *pem, struct err *err);

/* True if `cert` was signed by `issuer`'s key. */
bool pki_cert_by(X509 *cert, X509 *issuer);

/* SHA-256 of the whole certificate (DER): what iPXE trusts.  Of its public key (SPKI, DER): what is
 * pinned. */
void pki_cert_fingerprint(X509 *cert, uint8_t ret[32]);
void pki_cert_pin(X509 *cert, char ret[SHA256_TEXT]);

#endif
