#ifndef STAGE1_URL_H
#define STAGE1_URL_H

/* The addresses stage 1 asks for, in fresh memory: the caller frees. */

/* Percent-encoded for a query: everything but RFC 3986's unreserved characters. */
char *url_encode(const char *text);

char *url_blob(const char *base, const char *sha256, const char *nonce);

struct url_claim {
	const char *nonce, *phase, *state;
	const char *text;	/* cut to 300 bytes */
};
char *url_report(const char *base, const struct url_claim *claim);

#endif
