/*
 * The queue of large transfers: see queue.h.  Tickets stand in a list in the order in which their
 * machines first came; a machine that was sent away keeps its place there, under its name, until it
 * comes again or is a minute late.
 */
#include "web/queue.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"

#define WINDOW_MS 1000
#define LATE_MS 60000		/* how long after its time one who was sent away is still known */
#define AFTER_MOST_S 30
#define EARLY 0.6		/* of the time until its turn: too late would leave a slot empty */
#define LASTS_FIRST_MS 1000	/* how long a transfer takes, before one was seen */
#define PUSHED_OUT INT64_MIN	/* since_ms of a held ticket that gives its place to another */

struct queue {
	struct ticket *first, *last;
	unsigned tickets;
	unsigned count[QUEUE_STILL + 1];	/* of tickets in each state */
	unsigned running[QUEUE_RACKS];		/* slots that each rack has */
	char racks[QUEUE_RACKS][QUEUE_RACK];
	unsigned nracks;
	struct slots slots;
	int64_t hold_ms;
	double lasts_ms;	/* how long a transfer has its slot, on the average */
	int64_t window_ms;	/* when the window began, 0: not yet */
	uint64_t bytes;		/* in it */
	bool full;		/* slots and queue were never empty in it */
};

struct queue *
queue_new(unsigned slots, int64_t hold_ms)
{
	struct queue *queue = mem_new(sizeof(*queue));

	slots_init(&queue->slots, slots);
	queue->hold_ms = hold_ms;
	queue->lasts_ms = LASTS_FIRST_MS;
	return queue;
}

void
queue_free(struct queue *queue)
{
	struct ticket *next;

	if (!queue)
		return;
	for (struct ticket *ticket = queue->first; ticket; ticket = next) {
		next = ticket->next;
		free(ticket);
	}
	free(queue);
}

void
queue_set_slots(struct queue *queue, unsigned slots)
{
	bool tries = queue->slots.before != 0;

	if (slots ? tries || queue->slots.count != slots : !tries)
		slots_init(&queue->slots, slots);
}

static unsigned
rack_of(struct queue *queue, const char *name)
{
	for (unsigned i = 0; i < queue->nracks; i++)
		if (str_eq(queue->racks[i], name))
			return i;
	if (queue->nracks == QUEUE_RACKS)
		return QUEUE_RACKS - 1;
	str_copy(queue->racks[queue->nracks], QUEUE_RACK, name);
	return queue->nracks++;
}

static void
enter(struct queue *queue, struct ticket *ticket, enum queue_state state, int64_t now_ms)
{
	queue->count[ticket->state]--;
	queue->running[ticket->rack] -= ticket->state == QUEUE_RUNNING;
	ticket->state = state;
	ticket->since_ms = now_ms;
	queue->count[state]++;
	queue->running[ticket->rack] += state == QUEUE_RUNNING;
}

/* Behind those who came before it. */
static void
put_in_line(struct queue *queue, struct ticket *ticket)
{
	struct ticket *before = queue->last;

	while (before && before->came_ms > ticket->came_ms)
		before = before->prev;
	ticket->prev = before;
	ticket->next = before ? before->next : queue->first;
	*(before ? &before->next : &queue->first) = ticket;
	*(ticket->next ? &ticket->next->prev : &queue->last) = ticket;
}

static struct ticket *
ticket_new(struct queue *queue, const struct queue_asker *asker, int64_t now_ms)
{
	struct ticket *ticket;

	if (queue->tickets == QUEUE_TICKETS)
		return NULL;
	ticket = mem_new(sizeof(*ticket));
	str_copy(ticket->who, sizeof(ticket->who), asker->who);
	ticket->rack = rack_of(queue, asker->rack);
	ticket->came_ms = asker->came_ms;
	ticket->since_ms = now_ms;
	queue->count[QUEUE_AWAY]++;
	queue->tickets++;
	put_in_line(queue, ticket);
	return ticket;
}

static void
ticket_drop(struct queue *queue, struct ticket *ticket)
{
	*(ticket->prev ? &ticket->prev->next : &queue->first) = ticket->next;
	*(ticket->next ? &ticket->next->prev : &queue->last) = ticket->prev;
	queue->count[ticket->state]--;
	queue->running[ticket->rack] -= ticket->state == QUEUE_RUNNING;
	queue->tickets--;
	free(ticket);
}

static struct ticket *
find_away(const struct queue *queue, const char *who)
{
	for (struct ticket *ticket = queue->first; ticket; ticket = ticket->next)
		if (ticket->state == QUEUE_AWAY && strncmp(ticket->who, who, QUEUE_WHO - 1) == 0)
			return ticket;
	return NULL;
}

static bool
waits(const struct ticket *ticket)
{
	return ticket->state == QUEUE_AWAY || ticket->state == QUEUE_HELD;
}

static unsigned
free_slots(const struct queue *queue)
{
	unsigned running = queue->count[QUEUE_RUNNING];

	return running < queue->slots.count ? queue->slots.count - running : 0;
}

/* When `ticket` will be served: racks take turns, so one round before it for each that stands
 * before it in its own rack, and in that round those of other racks who came earlier.  NULL: who
 * would come now, of no rack yet. */
static struct queue_place
place_of(const struct queue *queue, const struct ticket *ticket)
{
	unsigned rank[QUEUE_RACKS] = { 0 }, mine = 0;
	struct queue_place ret = { .place = 1 };

	for (const struct ticket *t = queue->first; ticket && t != ticket; t = t->next)
		mine += waits(t) && t->rack == ticket->rack;
	bool before = true;
	for (const struct ticket *t = queue->first; t; t = t->next) {
		if (!waits(t))
			continue;
		ret.waiting++;
		if (t == ticket) {
			before = false;
			continue;
		}
		unsigned its = rank[t->rack]++;
		if (!ticket || its < mine || (its == mine && before))
			ret.place++;
	}
	double rounds = (double)ret.place / queue->slots.count;
	ret.after_s = (int64_t)(rounds * queue->lasts_ms / 1000 * EARLY + 0.5);
	if (ret.after_s < 1)
		ret.after_s = 1;
	if (ret.after_s > AFTER_MOST_S)
		ret.after_s = AFTER_MOST_S;
	return ret;
}

/* As many as there are slots wait with us: enough for each slot's next. */
static unsigned
places_here(const struct queue *queue)
{
	return queue->slots.count;
}

/* The held ticket that is served last, in the order of place_of(): by rank in its rack, then by
 * coming.  NULL: each is leaving already. */
static struct ticket *
last_held(const struct queue *queue)
{
	unsigned rank[QUEUE_RACKS] = { 0 }, worst = 0;
	struct ticket *found = NULL;

	for (struct ticket *t = queue->first; t; t = t->next) {
		if (!waits(t))
			continue;
		unsigned its = rank[t->rack]++;
		if (t->state == QUEUE_HELD && t->since_ms != PUSHED_OUT && its >= worst) {
			worst = its;
			found = t;
		}
	}
	return found;
}

static struct ticket *
send_away(struct queue *queue, struct ticket *ticket, int64_t now_ms)
{
	enter(queue, ticket, QUEUE_AWAY, now_ms);
	ticket->due_ms = now_ms + place_of(queue, ticket).after_s * 1000;
	return NULL;
}

/* There is a place to wait here, or one whose turn is later gives up its own. */
static bool
may_be_held(struct queue *queue, const struct ticket *ticket)
{
	struct ticket *last;

	if (queue->count[QUEUE_HELD] < places_here(queue))
		return true;
	last = last_held(queue);
	if (!last || place_of(queue, last).place < place_of(queue, ticket).place)
		return false;
	last->since_ms = PUSHED_OUT;
	return true;
}

struct ticket *
queue_ask(struct queue *queue, const struct queue_asker *asker, int64_t now_ms,
	  struct queue_place *ret_place)
{
	struct ticket *ticket = find_away(queue, asker->who);

	if (!ticket)
		ticket = ticket_new(queue, asker, now_ms);
	if (!ticket) {		/* more than we keep: it is told to come, but has no place */
		*ret_place = place_of(queue, NULL);
		return NULL;
	}
	if (free_slots(queue) > 0 && queue->count[QUEUE_HELD] == 0) {
		enter(queue, ticket, QUEUE_RUNNING, now_ms);
		return ticket;
	}
	*ret_place = place_of(queue, ticket);
	if (!may_be_held(queue, ticket))
		return send_away(queue, ticket, now_ms);
	enter(queue, ticket, QUEUE_HELD, now_ms);
	return ticket;
}

struct ticket *
queue_next(struct queue *queue, int64_t now_ms)
{
	struct ticket *next = NULL;

	if (queue->count[QUEUE_HELD] == 0 || free_slots(queue) == 0)
		return NULL;
	for (struct ticket *t = queue->first; t; t = t->next)
		if (t->state == QUEUE_HELD &&
		    (!next || queue->running[t->rack] < queue->running[next->rack]))
			next = t;
	enter(queue, next, QUEUE_RUNNING, now_ms);
	return next;
}

void *
queue_send_away(struct queue *queue, int64_t now_ms, struct queue_place *ret_place)
{
	for (struct ticket *t = queue->first; t; t = t->next) {
		void *owner = t->owner;

		if (t->state != QUEUE_HELD || t->since_ms > now_ms - queue->hold_ms)
			continue;
		*ret_place = place_of(queue, t);
		t->owner = NULL;
		send_away(queue, t, now_ms);
		return owner;
	}
	return NULL;
}

void
queue_leave(struct queue *queue, struct ticket *ticket, int64_t now_ms)
{
	double took = (double)(now_ms - ticket->since_ms);

	if (ticket->state == QUEUE_RUNNING)
		queue->lasts_ms += (took - queue->lasts_ms) / 8;
	ticket_drop(queue, ticket);
}

void
queue_still(struct queue *queue, struct ticket *ticket, bool still)
{
	enter(queue, ticket, still ? QUEUE_STILL : QUEUE_RUNNING, ticket->since_ms);
}

void
queue_moved(struct queue *queue, uint64_t bytes)
{
	queue->bytes += bytes;
}

static void
measure(struct queue *queue, int64_t now_ms)
{
	int64_t took = now_ms - queue->window_ms;

	if (free_slots(queue) > 0 || queue->count[QUEUE_HELD] == 0)
		queue->full = false;
	if (queue->window_ms && took < WINDOW_MS)
		return;
	if (queue->window_ms)
		slots_step(&queue->slots, (double)queue->bytes * 1000 / (double)took, queue->full);
	queue->window_ms = now_ms;
	queue->bytes = 0;
	queue->full = true;
}

void
queue_tick(struct queue *queue, int64_t now_ms)
{
	struct ticket *next;

	measure(queue, now_ms);
	for (struct ticket *ticket = queue->first; ticket; ticket = next) {
		next = ticket->next;
		if (ticket->state == QUEUE_AWAY && now_ms > ticket->due_ms + LATE_MS)
			ticket_drop(queue, ticket);
	}
	if (queue->tickets == 0)
		queue->nracks = 0;	/* names of racks may have changed */
}

struct queue_figures
queue_figures(const struct queue *queue)
{
	return (struct queue_figures){
		.slots = queue->slots.count, .running = queue->count[QUEUE_RUNNING],
		.held = queue->count[QUEUE_HELD], .away = queue->count[QUEUE_AWAY],
		.still = queue->count[QUEUE_STILL],
	};
}
