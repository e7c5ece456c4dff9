#ifndef AGENT_STEPS_H
#define AGENT_STEPS_H

#include <stdbool.h>
#include <stdint.h>

#include "plan/phase.h"

/*
 * Where the agent is: a state table over the phases facts … healthy.  Pure: run.c asks the present
 * step, hands its word in, and says aloud what comes out.
 */

enum step_word {
	STEP_DONE,		/* nothing left to do here */
	STEP_BUSY,		/* at work: `text` says how far */
	STEP_WAIT,		/* something is not there yet: `text` names it */
	STEP_STALL,		/* a person must look: `text` is the reason */
	STEP_FAIL,		/* went wrong, will be tried again: `text` is the reason */
	STEP_WORDS
};

struct steps {
	enum phase phase;	/* the present one; PHASE_COUNT when all are done */
	enum phase_state state;	/* what was said last about it */
	int64_t since_ms;	/* when it began (monotonic) */
	char text[256];		/* what was said last */
};

/* What is to be told; `tell` false: the word says nothing new. */
struct steps_news {
	bool tell;
	enum phase phase;
	enum phase_state state;
	bool entered;		/* `phase` is done and the next one begins */
};

#define STEPS_PATIENCE_MS 120000	/* then a wait in `healthy` becomes a stall */

void steps_init(struct steps *steps, enum phase phase, int64_t now_ms);

/* Takes the present step's word. */
void steps_step(struct steps *steps, enum step_word word, const char *text, int64_t now_ms,
		struct steps_news *ret);

/* Goes back to `phase` (the server no longer knows us: enrol again). */
void steps_back(struct steps *steps, enum phase phase, int64_t now_ms);

bool steps_all_done(const struct steps *steps);

/* Milliseconds to the next try after `tries` failures in a row: 1, 2, 4 … 30 s, and up to a quarter
 * more by `chance` (0..255). */
int64_t steps_backoff_ms(unsigned int tries, uint8_t chance);

#endif
