#ifndef ENGINE_ENROL_H
#define ENGINE_ENROL_H

#include "engine/core.h"

/* What an agent asked, opened and checked as far as its kind needs. */
struct agent_ask {
	const char *ip;
	char pin[SHA256_TEXT];	/* of the key that signed */
	X509 *cert;		/* of it, as the request brought it */
	json_t *said;
	int64_t counter;
	struct boot *boot;	/* of its nonce, or NULL */
};

/* Decides about a machine's key; returns the HTTP status and sets *ret_answer (the caller's). */
int enrol(struct engine *e, const struct agent_ask *ask, json_t **ret_answer);

#endif
