#ifndef LIB_CMS_H
#define LIB_CMS_H

#include <stddef.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "lib/err.h"

/*
 * What agent and engine say to each other: SignedData over JSON (RFC 5652), DER, the signer's
 * certificate included, made and opened by OpenSSL.
 */

struct cms_bytes {
	const void *data;
	size_t len;
};

struct cms_who {
	EVP_PKEY *key;
	X509 *cert;
};

/* Signs `data`; *ret_der is the caller's to free(). */
int cms_sign(const struct cms_who *who, struct cms_bytes data, unsigned char **ret_der,
	     size_t *ret_len, struct err *err);

/* A signature apart from its data (detached), for manifests. */
int cms_sign_detached(const struct cms_who *who, struct cms_bytes data, unsigned char **ret_der,
		      size_t *ret_len, struct err *err);

/* Opens SignedData of exactly one signer and checks the signature with the key of the certificate
 * in it; who that is the caller decides from *ret_cert (the caller's to X509_free()).  *ret_data is
 * the caller's to free(), NUL behind it. */
int cms_open(struct cms_bytes der, char **ret_data, size_t *ret_len, X509 **ret_cert,
	     struct err *err);

/* The same for a detached signature over `data`. */
int cms_verify_detached(struct cms_bytes der, struct cms_bytes data, X509 **ret_cert,
			struct err *err);

/* EnvelopedData for the holder of `to`'s key (ECDH, AES-256), and its opening. */
int cms_seal(X509 *to, struct cms_bytes data, unsigned char **ret_der, size_t *ret_len,
	     struct err *err);
int cms_unseal(const struct cms_who *who, struct cms_bytes der, char **ret_data, size_t *ret_len,
	       struct err *err);

/* EnvelopedData for who knows the passphrase (PasswordRecipientInfo, PBKDF2 of 600,000 rounds), and
 * its opening. */
int cms_seal_password(const char *passphrase, struct cms_bytes data, unsigned char **ret_der,
		      size_t *ret_len, struct err *err);
int cms_unseal_password(const char *passphrase, struct cms_bytes der, char **ret_data,
			size_t *ret_len, struct err *err);

#endif
