/* Keys and certificates by OpenSSL: see pki.h. */
#include "lib/pki.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "lib/str.h"

static int
fault(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();

	err_set(err, -EIO, "cannot %s: %s", what,
		code ? ERR_reason_error_string(code) : "OpenSSL gives no reason");
	ERR_clear_error();
	return -EIO;
}

EVP_PKEY *
pki_key_new(struct err *err)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	if (!key)
		fault(err, "make a key");
	return key;
}

static int
add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	int ok;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_nconf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1);
	X509_EXTENSION_free(ext);
	return ok;
}

static int
add_names(X509 *cert, X509 *issuer, const char *const *names)
{
	struct buf list;
	int ok = 1;

	buf_init(&list);
	for (; names && *names; names++)
		buf_format(&list, "%s%s", list.len ? "," : "", *names);
	if (list.len)
		ok = add_extension(cert, issuer, NID_subject_alt_name, list.text);
	buf_fini(&list);
	return ok;
}

/* RFC 5280: what the certificate may be used for. */
static int
add_uses(X509 *cert, X509 *issuer, const struct pki_cert *what)
{
	static const struct {
		const char *basic, *key, *extended;
	} uses[] = {
		[PKI_CA] = { "critical,CA:TRUE", "critical,keyCertSign,cRLSign", NULL },
		[PKI_SERVER] = { "critical,CA:FALSE", "critical,digitalSignature", "serverAuth" },
		[PKI_SIGNER] = { "critical,CA:FALSE", "critical,digitalSignature,keyAgreement",
				 "emailProtection" },
		[PKI_CLIENT] = { "critical,CA:FALSE", "critical,digitalSignature", "clientAuth" },
	};

	return add_extension(cert, issuer, NID_basic_constraints, uses[what->use].basic) &&
	       add_extension(cert, issuer, NID_key_usage, uses[what->use].key) &&
	       (!uses[what->use].extended ||
		add_extension(cert, issuer, NID_ext_key_usage, uses[what->use].extended)) &&
	       add_extension(cert, issuer, NID_subject_key_identifier, "hash") &&
	       add_extension(cert, issuer, NID_authority_key_identifier, "keyid") &&
	       add_names(cert, issuer, what->names);
}

static int
set_serial(X509 *cert)
{
	BIGNUM *number = BN_new();
	int ok = number && BN_rand(number, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
		 BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));

	BN_free(number);
	return ok;
}

static int
set_times(X509 *cert, int64_t from_s, int64_t to_s)
{
	return ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)from_s) &&
	       ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)to_s);
}

static int
set_subject(X509 *cert, const struct pki_cert *what)
{
	X509_NAME *name = X509_get_subject_name(cert);

	return (!what->org ||
		X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
					   (const unsigned char *)what->org, -1, -1, 0)) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					  (const unsigned char *)what->cn, -1, -1, 0);
}

X509 *
pki_cert_new(const struct pki_cert *what, EVP_PKEY *key, X509 *issuer, EVP_PKEY *issuer_key,
	     struct err *err)
{
	X509 *cert = X509_new();
	X509 *by = issuer ? issuer : cert;

	if (cert && X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
	    set_times(cert, what->from_s, what->to_s) && X509_set_pubkey(cert, key) &&
	    set_subject(cert, what) && X509_set_issuer_name(cert, X509_get_subject_name(by)) &&
	    add_uses(cert, by, what) &&
	    X509_sign(cert, issuer ? issuer_key : key, EVP_sha256()))
		return cert;
	fault(err, "make a certificate");
	X509_free(cert);
	return NULL;
}

static bool
has_name(X509 *cert, const char *name)
{
	if (str_starts(name, "IP:"))
		return X509_check_ip_asc(cert, name + 3, 0) == 1;
	if (str_starts(name, "DNS:"))
		return X509_check_host(cert, name + 4, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
				       NULL) == 1;
	return false;
}

bool
pki_cert_fits(X509 *cert, const char *const *names, int64_t now_s)
{
	time_t now = (time_t)now_s;

	if (X509_cmp_time(X509_get0_notBefore(cert), &now) > 0 ||
	    X509_cmp_time(X509_get0_notAfter(cert), &now) < 0)
		return false;
	for (; names && *names; names++)
		if (!has_name(cert, *names))
			return false;
	return true;
}

static char *
bio_text(BIO *bio, int ok)
{
	char *data, *text;
	long len;

	if (!bio || !ok)
		abort();	/* memory, or a key that cannot be written: our own fault */
	len = BIO_get_mem_data(bio, &data);
	text = mem_new((size_t)len + 1);
	memcpy(text, data, (size_t)len);
	BIO_free(bio);
	return text;
}

char *
pki_key_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio_text(bio, bio && PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL,
								   NULL));
}

char *
pki_public_pem(EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio_text(bio, bio && PEM_write_bio_PUBKEY(bio, key));
}

char *
pki_cert_pem(X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio_text(bio, bio && PEM_write_bio_X509(bio, cert));
}

EVP_PKEY *
pki_key_parse(const char *pem, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

	if (!key)
		fault(err, "read the key (PEM)");
	BIO_free(bio);
	return key;
}

X509 *
pki_cert_parse(const char *pem, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509 *cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

	if (!cert)
		fault(err, "read the certificate (PEM)");
	BIO_free(bio);
	return cert;
}

static bool
is_p256(EVP_PKEY *key)
{
	char group[32];

	return EVP_PKEY_is_a(key, "EC") == 1 &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
	       OBJ_sn2nid(group) == NID_X9_62_prime256v1;
}

EVP_PKEY *
pki_csr_key(const char *pem, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	X509_REQ *csr = bio ? PEM_read_bio_X509_REQ(bio, NULL, NULL, NULL) : NULL;
	EVP_PKEY *key = csr ? X509_REQ_get_pubkey(csr) : NULL;

	BIO_free(bio);
	if (!key) {
		fault(err, "read the certificate request (PEM)");
	} else if (!is_p256(key) || X509_REQ_verify(csr, key) != 1) {
		err_set(err, -EINVAL, "the certificate request is not signed by a P-256 key of its "
			"own");
		EVP_PKEY_free(key);
		key = NULL;
	}
	ERR_clear_error();
	X509_REQ_free(csr);
	return key;
}

bool
pki_cert_by(X509 *cert, X509 *issuer)
{
	bool good = X509_verify(cert, X509_get0_pubkey(issuer)) == 1;

	ERR_clear_error();
	return good;
}

void
pki_cert_fingerprint(X509 *cert, uint8_t ret[32])
{
	unsigned int len = 32;

	if (!X509_digest(cert, EVP_sha256(), ret, &len))
		abort();
}

void
pki_cert_pin(X509 *cert, char ret[SHA256_TEXT])
{
	unsigned char *der = NULL;
	int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);

	if (len < 0)
		abort();
	sha256_text(ret, der, (size_t)len);
	OPENSSL_free(der);
}
