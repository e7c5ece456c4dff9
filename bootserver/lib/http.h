#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* One transfer by libcurl, as our own clients (CLI, agent, readiness probe) need it. */

struct http_ask {
	const char *url;
	const char *method;	/* "GET" when NULL */
	const char *unix_path;	/* a Unix socket to go through, or NULL */
	const char *ca_pem;	/* trusted root for https, in memory; NULL: none trusted */
	const char *cert_pem, *key_pem;	/* who we are there, likewise; NULL: nobody */
	const char *type;	/* Content-Type of the body */
	const void *body;	/* NULL: none */
	size_t len;
	long timeout_ms;	/* whole transfer; 0: none */
	size_t most;		/* largest answer taken, bytes; 0: 16 MiB */
	/* Called with each piece instead of collecting them; non-zero ends the transfer. */
	int (*piece)(void *arg, const char *data, size_t len);
	void *arg;
};

struct http_answer {
	long status;
	char *body;		/* NUL behind it; owned, http_answer_fini() */
	size_t len;
};

/* 0 when an answer came, whatever its status; -ECONNREFUSED, -ETIMEDOUT, -EIO … otherwise. */
int http_ask(const struct http_ask *ask, struct http_answer *ret, struct err *err);
void http_answer_fini(struct http_answer *answer);

#endif
