#ifndef WEB_QUEUE_H
#define WEB_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/slots.h"

/*
 * Who may be sent a large blob now.  A few at a time, first come, first served, and fair between
 * racks: the next slot goes to the rack that has the fewest, within it to the machine that came
 * first, also if that was for another blob: it is to end before others begin.  The next in line are
 * held (their connection waits, so that no slot is empty while somebody is told to come back), all
 * others are told when to come again and keep their place.  Pure: no socket, the time is a
 * parameter.  Bounded: QUEUE_TICKETS.
 */

#define QUEUE_WHO 80
#define QUEUE_RACK 64
#define QUEUE_TICKETS 4096
#define QUEUE_RACKS 64		/* racks told apart; what is beyond shares the last one */

struct queue;

enum queue_state {
	QUEUE_AWAY,		/* told to come again */
	QUEUE_HELD,		/* waits with us */
	QUEUE_RUNNING,		/* has a slot */
	QUEUE_STILL		/* runs, but stands still: its slot was taken away */
};

struct ticket {
	struct ticket *next, *prev;	/* in the order in which they first came */
	int64_t came_ms;
	char who[QUEUE_WHO];
	unsigned rack;
	enum queue_state state;
	int64_t since_ms;	/* of the state */
	int64_t due_ms;		/* away: when it was told to come */
	void *owner;		/* held, running, still: the caller's */
};

/* For those who are told to come again, and those who watch. */
struct queue_place {
	unsigned place;		/* 1: the next */
	unsigned waiting;	/* of how many */
	int64_t after_s;	/* when to come again */
};

struct queue_figures {
	unsigned slots, running, held, away, still;
};

/* `slots`: so many for good, 0: found by the measured rate (slots.h).  `hold_ms`: the longest that
 * somebody is held. */
struct queue *queue_new(unsigned slots, int64_t hold_ms);
void queue_free(struct queue *queue);
void queue_set_slots(struct queue *queue, unsigned slots);

struct queue_asker {
	const char *who;	/* the same text when it comes again for the same blob */
	const char *rack;	/* may be "" */
	int64_t came_ms;	/* when its machine first came, for this blob or another */
};

/* Asks for a transfer.  The ticket is running or held, and is the caller's until queue_leave();
 * NULL: to come again, see ret_place (which is also set for one that is held). */
struct ticket *queue_ask(struct queue *queue, const struct queue_asker *asker, int64_t now_ms,
			 struct queue_place *ret_place);

/* Whose turn it is: a held ticket that is running now, NULL: nobody's.  Ask until NULL. */
struct ticket *queue_next(struct queue *queue, int64_t now_ms);

/* The owner of a held ticket that is to be told to come again: it was held for long enough, or
 * somebody came back who was before it.  The ticket is the queue's then.  NULL: nobody. */
void *queue_send_away(struct queue *queue, int64_t now_ms, struct queue_place *ret_place);

/* The owner is done with its ticket, whatever its state. */
void queue_leave(struct queue *queue, struct ticket *ticket, int64_t now_ms);

/* A running transfer stands still: its slot is free for another; or moves again. */
void queue_still(struct queue *queue, struct ticket *ticket, bool still);

/* `bytes` more were delivered by running transfers. */
void queue_moved(struct queue *queue, uint64_t bytes);

/* To be called twice a second or so: ends the window of measuring, and forgets those who did not
 * come again. */
void queue_tick(struct queue *queue, int64_t now_ms);

struct queue_figures queue_figures(const struct queue *queue);

#endif
