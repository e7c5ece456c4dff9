/* See tls.h. */
#include "probe/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "lib/str.h"

struct tls {
	SSL_CTX *context;
	SSL *ssl;
	BIO *in, *out;		/* owned by ssl */
	X509 *root;
	char *host;
};

static int
trust(struct tls *tls)
{
	struct in_addr address;
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);

	if (inet_pton(AF_INET, tls->host, &address) == 1)
		return X509_VERIFY_PARAM_set1_ip_asc(param, tls->host);
	SSL_set_tlsext_host_name(tls->ssl, tls->host);
	return X509_VERIFY_PARAM_set1_host(param, tls->host, 0);
}

int
tls_new(struct tls **ret, X509 *root, const char *host, struct err *err)
{
	struct tls *tls = mem_new(sizeof(*tls));

	tls->root = root;
	tls->host = str_dup(host);
	tls->context = SSL_CTX_new(TLS_client_method());
	if (tls->context == NULL || !SSL_CTX_set_max_proto_version(tls->context, TLS1_2_VERSION) ||
	    !X509_STORE_add_cert(SSL_CTX_get_cert_store(tls->context), root))
		goto fail;
	SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, NULL);
	tls->ssl = SSL_new(tls->context);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	if (tls->ssl == NULL || tls->in == NULL || tls->out == NULL)
		goto fail;
	BIO_set_mem_eof_return(tls->in, -1);
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	if (!trust(tls))
		goto fail;
	SSL_set_connect_state(tls->ssl);
	*ret = tls;
	return 0;
fail:
	tls_free(tls);
	return err_set(err, -EIO, "OpenSSL cannot be set up for TLS");
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	free(tls->host);
	free(tls);
}

void
tls_take(struct tls *tls, const void *data, size_t len)
{
	BIO_write(tls->in, data, (int)len);
}

/* iPXE knows no more of its root than a fingerprint. */
static bool
root_was_sent(const struct tls *tls)
{
	STACK_OF(X509) *chain = SSL_get_peer_cert_chain(tls->ssl);

	for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++)
		if (X509_cmp(sk_X509_value(chain, i), tls->root) == 0)
			return true;
	return false;
}

static int
refused(const struct tls *tls, struct err *err)
{
	long why = SSL_get_verify_result(tls->ssl);
	unsigned long code = ERR_peek_last_error();

	switch (why) {
	case X509_V_OK:
		return err_set(err, -EPROTO, "TLS 1.2 does not come about: %s",
			       code != 0 ? ERR_reason_error_string(code) : "no reason given");
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return err_set(err, -EKEYEXPIRED, "the certificate of %s has expired (if this "
			       "host's clock is right)", tls->host);
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return err_set(err, -EKEYREJECTED, "the certificate of %s is not valid yet (if "
			       "this host's clock is right)", tls->host);
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return err_set(err, -EKEYREJECTED, "the certificate of %s is for another name",
			       tls->host);
	default:
		return err_set(err, -EKEYREJECTED, "the certificate of %s is not signed by the CA "
			       "that is trusted (%s)", tls->host,
			       X509_verify_cert_error_string(why));
	}
}

int
tls_step(struct tls *tls, struct err *err)
{
	int r, why;

	if (SSL_is_init_finished(tls->ssl))
		return 1;
	ERR_clear_error();
	r = SSL_do_handshake(tls->ssl);
	if (r == 1 && root_was_sent(tls))
		return 1;
	if (r == 1)
		return err_set(err, -EKEYREJECTED, "%s does not send its CA's certificate, which "
			       "iPXE knows by its fingerprint alone: put it into its chain",
			       tls->host);
	why = SSL_get_error(tls->ssl, r);
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return 0;
	return refused(tls, err);
}

size_t
tls_out(struct tls *tls, void *ret, size_t size)
{
	int n = BIO_read(tls->out, ret, (int)size);

	return n > 0 ? (size_t)n : 0;
}

int
tls_write(struct tls *tls, const void *data, size_t len)
{
	return SSL_write(tls->ssl, data, (int)len) == (int)len ? 0 : -EIO;
}

ssize_t
tls_read(struct tls *tls, void *ret, size_t size)
{
	int n = SSL_read(tls->ssl, ret, (int)size);

	if (n > 0)
		return n;
	return SSL_get_error(tls->ssl, n) == SSL_ERROR_WANT_READ ? 0 : -1;
}
