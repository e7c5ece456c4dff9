#ifndef AGENT_AWAY_H
#define AGENT_AWAY_H

#include <stdbool.h>

#include <jansson.h>

/*
 * What the machine waits for, does it lie outside?  The trial of its image (docs/RUNNING.md) stands
 * still meanwhile: an API server that is away is no fault of this machine.
 */

#define AWAY_SILENT "the API server does not answer"
#define AWAY_ERROR "the API server answers with an error"

/* Which of the two these words of kubectl, kubeadm or ours say, or NULL: neither.  Pure. */
const char *away_word(const char *text);

/* Does another machine than this one serve the API?  `answer` is the engine's «go».  Pure. */
bool away_others(const json_t *answer);

/* Is a port of the API server open, at any address of the «go»'s hosts?  Takes at most 3 s. */
bool away_knock(const json_t *answer);

#endif
