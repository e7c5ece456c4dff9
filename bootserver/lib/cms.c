/* Signed and sealed data (RFC 5652) by OpenSSL: see cms.h. */
#include "lib/cms.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/cms.h>
#include <openssl/err.h>

#include "lib/str.h"

#define PASSWORD_ROUNDS 600000

static int
fault(struct err *err, const char *what)
{
	unsigned long code = ERR_peek_last_error();

	err_set(err, -EBADMSG, "cannot %s: %s", what,
		code ? ERR_reason_error_string(code) : "OpenSSL gives no reason");
	ERR_clear_error();
	return -EBADMSG;
}

static int
to_der(CMS_ContentInfo *cms, unsigned char **ret_der, size_t *ret_len, struct err *err)
{
	unsigned char *der = NULL;
	int len = i2d_CMS_ContentInfo(cms, &der);

	if (len < 0)
		return fault(err, "encode CMS");
	*ret_der = mem_new((size_t)len);
	memcpy(*ret_der, der, (size_t)len);
	*ret_len = (size_t)len;
	OPENSSL_free(der);
	return 0;
}

static CMS_ContentInfo *
from_der(struct cms_bytes der)
{
	const unsigned char *at = der.data;

	return der.len > INT32_MAX ? NULL : d2i_CMS_ContentInfo(NULL, &at, (long)der.len);
}

static BIO *
to_bio(struct cms_bytes data)
{
	return data.len > INT32_MAX ? NULL : BIO_new_mem_buf(data.data, (int)data.len);
}

static CMS_ContentInfo *
sign(const struct cms_who *who, struct cms_bytes data, unsigned int flags)
{
	BIO *in = to_bio(data);
	CMS_ContentInfo *cms = NULL;

	if (in)
		cms = CMS_sign(who->cert, who->key, NULL, in, flags | CMS_BINARY | CMS_NOSMIMECAP);
	BIO_free(in);
	return cms;
}

int
cms_sign(const struct cms_who *who, struct cms_bytes data, unsigned char **ret_der, size_t *ret_len,
	 struct err *err)
{
	CMS_ContentInfo *cms = sign(who, data, 0);
	int r = cms ? to_der(cms, ret_der, ret_len, err) : fault(err, "sign");

	CMS_ContentInfo_free(cms);
	return r;
}

int
cms_sign_detached(const struct cms_who *who, struct cms_bytes data, unsigned char **ret_der,
		  size_t *ret_len, struct err *err)
{
	CMS_ContentInfo *cms = sign(who, data, CMS_DETACHED);
	int r = cms ? to_der(cms, ret_der, ret_len, err) : fault(err, "sign");

	CMS_ContentInfo_free(cms);
	return r;
}

/* Exactly one signer, whose signature by the certificate inside is good. */
static int
one_signer(CMS_ContentInfo *cms, X509 **ret_cert, struct err *err)
{
	STACK_OF(X509) *signers = CMS_get0_signers(cms);
	int r = -EBADMSG;

	if (!signers || sk_X509_num(signers) != 1)
		err_set(err, r, "not signed by exactly one key");
	else {
		*ret_cert = sk_X509_value(signers, 0);
		X509_up_ref(*ret_cert);
		r = 0;
	}
	sk_X509_free(signers);
	return r;
}

static int
verify(CMS_ContentInfo *cms, BIO *data, BIO *out, X509 **ret_cert, struct err *err)
{
	unsigned int flags = CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY | CMS_NOCRL;

	if (OBJ_obj2nid(CMS_get0_type(cms)) != NID_pkcs7_signed)
		return err_set(err, -EBADMSG, "not SignedData");
	if (CMS_verify(cms, NULL, NULL, data, out, flags) != 1)
		return fault(err, "verify the signature");
	return one_signer(cms, ret_cert, err);
}

static char *
bio_data(BIO *bio, size_t *ret_len)
{
	char *data, *copy;
	long len = BIO_get_mem_data(bio, &data);

	copy = mem_new((size_t)len + 1);
	if (len > 0)
		memcpy(copy, data, (size_t)len);
	*ret_len = (size_t)len;
	return copy;
}

int
cms_open(struct cms_bytes der, char **ret_data, size_t *ret_len, X509 **ret_cert,
	 struct err *err)
{
	CMS_ContentInfo *cms = from_der(der);
	BIO *out = BIO_new(BIO_s_mem());
	int r;

	if (!cms || !out)
		r = fault(err, "read CMS");
	else if (CMS_is_detached(cms))
		r = err_set(err, -EBADMSG, "signature without its data");
	else
		r = verify(cms, NULL, out, ret_cert, err);
	if (r == 0)
		*ret_data = bio_data(out, ret_len);
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return r;
}

int
cms_verify_detached(struct cms_bytes der, struct cms_bytes data, X509 **ret_cert, struct err *err)
{
	CMS_ContentInfo *cms = from_der(der);
	BIO *in = to_bio(data);
	int r;

	if (!cms || !in)
		r = fault(err, "read CMS");
	else if (!CMS_is_detached(cms))
		r = err_set(err, -EBADMSG, "signature that carries data of its own");
	else
		r = verify(cms, in, NULL, ret_cert, err);
	BIO_free(in);
	CMS_ContentInfo_free(cms);
	return r;
}

int
cms_seal(X509 *to, struct cms_bytes data, unsigned char **ret_der, size_t *ret_len,
	 struct err *err)
{
	STACK_OF(X509) *holders = sk_X509_new_null();
	BIO *in = to_bio(data);
	CMS_ContentInfo *cms = NULL;
	int r;

	if (holders && in && sk_X509_push(holders, to) > 0)
		cms = CMS_encrypt(holders, in, EVP_aes_256_cbc(), CMS_BINARY);
	r = cms ? to_der(cms, ret_der, ret_len, err) : fault(err, "seal");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	sk_X509_free(holders);
	return r;
}

int
cms_unseal(const struct cms_who *who, struct cms_bytes der, char **ret_data, size_t *ret_len,
	   struct err *err)
{
	CMS_ContentInfo *cms = from_der(der);
	BIO *out = BIO_new(BIO_s_mem());
	int r = 0;

	if (!cms || !out || CMS_decrypt(cms, who->key, who->cert, NULL, out, CMS_BINARY) != 1)
		r = fault(err, "unseal");
	else
		*ret_data = bio_data(out, ret_len);
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return r;
}

/* The passphrase is the recipient's from then on. */
static bool
add_password(CMS_ContentInfo *cms, const char *passphrase)
{
	unsigned char *own = OPENSSL_memdup(passphrase, strlen(passphrase));

	if (own && CMS_add0_recipient_password(cms, PASSWORD_ROUNDS, NID_undef, NID_undef, own,
					       (ossl_ssize_t)strlen(passphrase), NULL))
		return true;
	OPENSSL_free(own);
	return false;
}

int
cms_seal_password(const char *passphrase, struct cms_bytes data, unsigned char **ret_der,
		  size_t *ret_len, struct err *err)
{
	unsigned int flags = CMS_BINARY | CMS_PARTIAL;
	BIO *in = to_bio(data);
	CMS_ContentInfo *cms = in ? CMS_encrypt(NULL, in, EVP_aes_256_cbc(), flags) : NULL;
	int r;

	if (cms && add_password(cms, passphrase) && CMS_final(cms, in, NULL, CMS_BINARY) == 1)
		r = to_der(cms, ret_der, ret_len, err);
	else
		r = fault(err, "seal");
	CMS_ContentInfo_free(cms);
	BIO_free(in);
	return r;
}

int
cms_unseal_password(const char *passphrase, struct cms_bytes der, char **ret_data,
		    size_t *ret_len, struct err *err)
{
	CMS_ContentInfo *cms = from_der(der);
	BIO *out = BIO_new(BIO_s_mem());
	unsigned char *own = OPENSSL_memdup(passphrase, strlen(passphrase));
	int r = 0;

	if (!cms || !out || !own ||
	    CMS_decrypt_set1_password(cms, own, (ossl_ssize_t)strlen(passphrase)) != 1 ||
	    CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY) != 1)
		r = fault(err, "unseal");
	else
		*ret_data = bio_data(out, ret_len);
	OPENSSL_clear_free(own, strlen(passphrase));
	BIO_free(out);
	CMS_ContentInfo_free(cms);
	return r;
}
