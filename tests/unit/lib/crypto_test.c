/* Certificates, signatures, sealed data, digests, base64. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cms.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/sha256.h"

#define NOW 1790000000

static EVP_PKEY *ca_key, *key, *other_key;
static X509 *ca, *cert, *other;
static struct err err;

/* SHA-256 of "abc": the example of FIPS 180-4. */
#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

#define BYTES(data, len) ((struct cms_bytes){ data, len })
#define WHO(key, cert) (&(struct cms_who){ key, cert })

static X509 *
make(const char *cn, enum pki_use use, EVP_PKEY *of)
{
	static const char *const names[] = { "IP:10.9.0.1", "DNS:boot.lab.internal", NULL };
	struct pki_cert what = { .cn = cn, .use = use, .names = use == PKI_SERVER ? names : NULL,
				 .from_s = NOW - 1000, .to_s = NOW + 1000 };

	return pki_cert_new(&what, of, use == PKI_CA ? NULL : ca, use == PKI_CA ? NULL : ca_key,
			    &err);
}

static int
setup(void **state)
{
	(void)state;
	ca_key = pki_key_new(&err);
	key = pki_key_new(&err);
	other_key = pki_key_new(&err);
	ca = make("site CA", PKI_CA, ca_key);
	cert = make("engine", PKI_SIGNER, key);
	other = make("other", PKI_SIGNER, other_key);
	return ca && cert && other ? 0 : -1;
}

static int
teardown(void **state)
{
	(void)state;
	X509_free(ca);
	X509_free(cert);
	X509_free(other);
	EVP_PKEY_free(ca_key);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other_key);
	return 0;
}

static void
certificates(void **state)
{
	static const char *const here[] = { "IP:10.9.0.1", "DNS:boot.lab.internal", NULL };
	static const char *const elsewhere[] = { "IP:10.9.0.2", NULL };
	X509 *server = make("server", PKI_SERVER, key), *back;
	char *pem = pki_cert_pem(server), *key_pem = pki_key_pem(key);
	char pin[SHA256_TEXT], pin2[SHA256_TEXT];
	EVP_PKEY *key_back;

	(void)state;
	assert_true(pki_cert_by(server, ca));
	assert_false(pki_cert_by(server, other));
	assert_true(pki_cert_fits(server, here, NOW));
	assert_false(pki_cert_fits(server, elsewhere, NOW));
	assert_false(pki_cert_fits(server, here, NOW + 2000));
	assert_false(pki_cert_fits(server, here, NOW - 2000));
	back = pki_cert_parse(pem, &err);
	assert_int_equal(X509_cmp(back, server), 0);
	key_back = pki_key_parse(key_pem, &err);
	assert_int_equal(EVP_PKEY_eq(key_back, key), 1);
	assert_null(pki_key_parse(pem, &err));
	pki_cert_pin(server, pin);
	pki_cert_pin(cert, pin2);
	assert_string_equal(pin, pin2);		/* one key, two certificates */
	pki_cert_pin(other, pin2);
	assert_string_not_equal(pin, pin2);
	free(pem);
	free(key_pem);
	EVP_PKEY_free(key_back);
	X509_free(back);
	X509_free(server);
}

static void
signatures(void **state)
{
	const char *text = "{\"nonce\":\"abc\"}";
	unsigned char *der;
	size_t der_len, len;
	X509 *signer = NULL;
	char *got;

	(void)state;
	assert_int_equal(cms_sign(WHO(key, cert), BYTES(text, strlen(text)), &der, &der_len, &err),
			 0);
	assert_int_equal(cms_open(BYTES(der, der_len), &got, &len, &signer, &err), 0);
	assert_string_equal(got, text);
	assert_int_equal(len, strlen(text));
	assert_int_equal(X509_cmp(signer, cert), 0);
	X509_free(signer);
	free(got);
	for (size_t i = 0; i < der_len; i += 7) {	/* no flipped bit yields other data */
		der[i] ^= 1;
		signer = NULL;
		if (cms_open(BYTES(der, der_len), &got, &len, &signer, &err) == 0) {
			assert_string_equal(got, text);
			X509_free(signer);
			free(got);
		}
		der[i] ^= 1;
	}
	assert_int_equal(cms_open(BYTES("nonsense", 8), &got, &len, &signer, &err), -EBADMSG);
	assert_int_equal(cms_open(BYTES(der, der_len / 2), &got, &len, &signer, &err), -EBADMSG);
	free(der);
}

static void
detached(void **state)
{
	unsigned char *der;
	size_t der_len, len;
	X509 *signer = NULL;
	char *got;

	(void)state;
	assert_int_equal(cms_sign_detached(WHO(key, cert), BYTES("manifest", 8), &der, &der_len,
					   &err),
			 0);
	assert_int_equal(cms_verify_detached(BYTES(der, der_len), BYTES("manifest", 8), &signer,
					     &err),
			 0);
	assert_int_equal(X509_cmp(signer, cert), 0);
	X509_free(signer);
	assert_int_equal(cms_verify_detached(BYTES(der, der_len), BYTES("manifesT", 8), &signer,
					     &err),
			 -EBADMSG);
	assert_int_equal(cms_open(BYTES(der, der_len), &got, &len, &signer, &err), -EBADMSG);
	free(der);
}

static void
sealed(void **state)
{
	unsigned char *der;
	size_t der_len, len;
	char *got;

	(void)state;
	assert_int_equal(cms_seal(cert, BYTES("secret", 6), &der, &der_len, &err), 0);
	assert_null(memmem(der, der_len, "secret", 6));
	assert_int_equal(cms_unseal(WHO(key, cert), BYTES(der, der_len), &got, &len, &err), 0);
	assert_string_equal(got, "secret");
	free(got);
	assert_int_equal(cms_unseal(WHO(other_key, other), BYTES(der, der_len), &got, &len, &err),
			 -EBADMSG);
	free(der);
}

static void
digests(void **state)
{
	struct sha256 *sum = sha256_new();
	char got[SHA256_TEXT];

	(void)state;
	sha256_text(got, "abc", 3);
	assert_string_equal(got, ABC);
	sha256_add(sum, "a", 1);
	sha256_add(sum, "bc", 2);
	sha256_end(sum, got);
	assert_string_equal(got, ABC);
}

static void
base64(void **state)
{
	static const char *const rows[] = { "", "f", "fo", "foo", "foob", "fooba", "foobar" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *object = json_object();
		size_t len = 99;
		void *data;

		json_put_bytes(object, "x", rows[i], strlen(rows[i]));
		assert_int_equal(json_bytes(object, "x", &data, &len), 0);
		assert_int_equal(len, strlen(rows[i]));
		assert_memory_equal(data, rows[i], len);
		free(data);
		json_put(object, "x", "a=b");
		assert_int_equal(json_bytes(object, "x", &data, &len), -EBADMSG);
		assert_int_equal(json_bytes(object, "y", &data, &len), -EBADMSG);
		json_decref(object);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates), cmocka_unit_test(signatures),
		cmocka_unit_test(detached), cmocka_unit_test(sealed), cmocka_unit_test(digests),
		cmocka_unit_test(base64),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
