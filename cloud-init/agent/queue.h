#ifndef AGENT_QUEUE_H
#define AGENT_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/err.h"
#include "plan/phase.h"

/*
 * Events on their way to the server: each has a number, and stays here until the server says
 * that it has stored that number.  Pure; run.c keeps the text form in a file, so that a
 * restarted agent goes on with the same numbers.
 */
struct queue {
	json_t *events;		/* array, owned; oldest first */
	int64_t last;		/* number of the newest event ever added */
};

#define QUEUE_MOST 4096		/* beyond it the oldest `wait` goes, then the oldest of all */

void queue_init(struct queue *queue);
void queue_fini(struct queue *queue);

struct queue_event {
	enum phase phase;
	enum phase_state state;
	const char *text;
	int64_t at_ms;		/* since 1970 */
	json_t *data;		/* borrowed; NULL: none */
};

void queue_add(struct queue *queue, const struct queue_event *event);

/* The oldest `most` events as a new array (new reference, elements shared); NULL when empty. */
json_t *queue_batch(const struct queue *queue, size_t most);

/* The server has stored everything up to `seq`. */
void queue_ack(struct queue *queue, int64_t seq);

/* The clock was set: moves the times of events that are still here. */
void queue_shift(struct queue *queue, int64_t delta_ms);

/* As an object {last, events}: new reference; and back (an ill-formed one is refused: -EINVAL). */
json_t *queue_format(const struct queue *queue);
int queue_parse(struct queue *queue, const json_t *object, struct err *err);

#endif
