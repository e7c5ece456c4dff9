#ifndef AGENT_WIRE_H
#define AGENT_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cloud-init/agent/input.h"
#include "cloud-init/agent/key.h"
#include "lib/err.h"

/*
 * One signed question to the engine and its signed answer (docs/INTERFACES.md «Agent and engine»):
 * HTTPS that trusts the site CA alone, inside it CMS both ways.
 */
struct wire_clock {
	bool known;
	int64_t offset_ms;	/* ours less the server's */
	int64_t within_ms;	/* as exactly as that: half of the way there and back */
};

struct wire {
	const struct input *input;
	struct key *key;
	X509 *engine;		/* owned: the one certificate whose answers count */
	struct wire_clock clock;	/* by the last answer */
};

struct wire_question {
	const char *path;	/* "/v1/enrol" */
	json_t *body;		/* borrowed; gets nonce, counter and time_ms */
	long timeout_ms;
};

struct wire_answer {
	long status;
	json_t *body;		/* owned by the caller, NULL unless 0 was returned */
};

/* The clocks' distance from four times, as NTP has it (RFC 5905, 8): asked and heard by ours,
 * received and answered by the server's.  False, *ret untouched, when one of them was set in
 * between.  Pure. */
bool wire_clock_of(struct wire_clock *ret, const int64_t times[4]);

int wire_open(struct wire *ret, const struct input *input, struct key *key, struct err *err);
void wire_fini(struct wire *wire);

/* Signs the question and asks it.  0: ret->body is the engine's own word.  Negative: there is
 * none; ret->status is the status of an unsigned answer, or 0.  After 409 (number already seen)
 * the counter has been moved on. */
int wire_ask(struct wire *wire, const struct wire_question *question, struct wire_answer *ret,
	     struct err *err);

#endif
