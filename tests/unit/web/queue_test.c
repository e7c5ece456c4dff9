/* Who is sent a large blob next: each case a small story, told to the queue with a clock. */
#include "cmocka_all.h"

#include <stdio.h>
#include <string.h>

#include "web/queue.h"

#define HOLD_MS 10000

/* Asks as who, whose machine came at came_ms; 'r' running, 'h' held, 'a' sent away. */
static char
ask_since(struct queue *queue, const struct queue_asker *asker, int64_t now_ms,
	  struct ticket **ret_ticket)
{
	struct queue_place place = { 0 };
	struct ticket *ticket = queue_ask(queue, asker, now_ms, &place);

	if (ret_ticket)
		*ret_ticket = ticket;
	if (!ticket || ticket->state == QUEUE_HELD) {
		assert_in_range(place.place, 1, place.waiting + 1);
		assert_in_range(place.after_s, 1, 60);
	}
	if (ticket)
		ticket->owner = ticket->who;
	return !ticket ? 'a' : ticket->state == QUEUE_HELD ? 'h' : 'r';
}

/* A machine that comes now. */
static char
ask(struct queue *queue, const char *who, const char *rack, int64_t now_ms,
    struct ticket **ret_ticket)
{
	return ask_since(queue, &(struct queue_asker){ who, rack, now_ms }, now_ms, ret_ticket);
}

static void
first_come_first_served(void **state)
{
	struct queue *queue = queue_new(2, HOLD_MS);
	struct ticket *running[2], *next;
	struct queue_place place;

	(void)state;
	assert_int_equal(ask(queue, "a", "", 0, &running[0]), 'r');
	assert_int_equal(ask(queue, "b", "", 0, &running[1]), 'r');
	assert_int_equal(ask(queue, "c", "", 1, NULL), 'h');
	assert_int_equal(ask(queue, "d", "", 2, NULL), 'h');
	assert_int_equal(ask(queue, "e", "", 3, NULL), 'a');
	assert_int_equal(ask(queue, "f", "", 4, NULL), 'a');
	assert_null(queue_next(queue, 5));
	queue_leave(queue, running[1], 1000);
	next = queue_next(queue, 1000);
	assert_string_equal(next->who, "c");
	assert_null(queue_next(queue, 1000));
	/* f comes too early, then e: e is before it, though it asks later */
	assert_int_equal(ask(queue, "f", "", 1100, NULL), 'h');
	assert_int_equal(ask(queue, "e", "", 1200, NULL), 'h');
	assert_string_equal(queue_send_away(queue, 1200, &place), "f");
	assert_int_equal(place.place, 3);
	assert_null(queue_send_away(queue, 1200, &place));
	queue_leave(queue, next, 2000);
	assert_string_equal(queue_next(queue, 2000)->who, "d");
	queue_leave(queue, running[0], 2000);
	assert_string_equal(queue_next(queue, 2000)->who, "e");
	queue_free(queue);
}

/* Machine a has its kernel and asks for the initrd: before b and c, who wait for their kernels. */
static void
the_next_file_of_a_machine_goes_first(void **state)
{
	struct queue *queue = queue_new(1, HOLD_MS);
	struct queue_asker next = { "a initrd", "", 0 }, last = { "a root", "", 0 };
	struct queue_place place;
	struct ticket *running;

	(void)state;
	assert_int_equal(ask(queue, "a kernel", "", 0, &running), 'r');
	assert_int_equal(ask(queue, "b kernel", "", 1, NULL), 'h');
	assert_int_equal(ask(queue, "c kernel", "", 2, NULL), 'a');
	queue_leave(queue, running, 1000);
	running = queue_next(queue, 1000);
	assert_string_equal(running->who, "b kernel");
	assert_int_equal(ask(queue, "c kernel", "", 1100, NULL), 'h');
	assert_int_equal(ask_since(queue, &next, 1200, NULL), 'h');
	assert_string_equal(queue_send_away(queue, 1200, &place), "c kernel");
	queue_leave(queue, running, 2000);
	running = queue_next(queue, 2000);
	assert_string_equal(running->who, "a initrd");
	/* with places free as well */
	assert_int_equal(ask_since(queue, &last, 2100, NULL), 'h');
	queue_leave(queue, running, 3000);
	assert_string_equal(queue_next(queue, 3000)->who, "a root");
	queue_free(queue);
}

static void
racks_take_turns(void **state)
{
	struct queue *queue = queue_new(4, HOLD_MS);
	unsigned served[2] = { 0 };
	struct ticket *running[8];
	char who[16];
	int64_t now_ms = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {	/* rack one is there first, whole */
		snprintf(who, sizeof(who), "a%d", i);
		ask(queue, who, "one", now_ms++, i < 4 ? &running[i] : NULL);
	}
	for (int i = 0; i < 4; i++) {
		snprintf(who, sizeof(who), "b%d", i);
		/* two of the places to wait in are its own */
		assert_int_equal(ask(queue, who, "two", now_ms++, NULL), i < 2 ? 'h' : 'a');
	}
	for (struct queue_place place; queue_send_away(queue, now_ms, &place);)
		;
	for (int i = 0; i < 4; i++) {
		queue_leave(queue, running[i], now_ms);
		running[i] = queue_next(queue, now_ms);
		served[running[i]->who[0] == 'b']++;
	}
	/* all four of one end: two slots each */
	assert_int_equal(served[0], 2);
	assert_int_equal(served[1], 2);
	queue_free(queue);
}

static void
nobody_is_held_for_long(void **state)
{
	struct queue *queue = queue_new(1, HOLD_MS);
	struct queue_place place = { 0 };

	(void)state;
	assert_int_equal(ask(queue, "a", "", 0, NULL), 'r');
	assert_int_equal(ask(queue, "b", "", 0, NULL), 'h');
	assert_null(queue_send_away(queue, HOLD_MS - 1, &place));
	assert_string_equal(queue_send_away(queue, HOLD_MS, &place), "b");
	assert_int_equal(place.place, 1);
	assert_int_equal(queue_figures(queue).away, 1);
	assert_int_equal(ask(queue, "b", "", HOLD_MS + 4000, NULL), 'h');
	queue_free(queue);
}

static void
who_does_not_come_again_is_forgotten(void **state)
{
	struct queue *queue = queue_new(1, HOLD_MS);
	struct ticket *running;

	(void)state;
	ask(queue, "a", "", 0, &running);
	ask(queue, "b", "", 0, NULL);
	assert_int_equal(ask(queue, "c", "", 0, NULL), 'a');
	queue_tick(queue, 60000);
	assert_int_equal(queue_figures(queue).away, 1);
	queue_tick(queue, 130000);
	assert_int_equal(queue_figures(queue).away, 0);
	queue_free(queue);
}

static void
a_still_transfer_gives_its_slot_away(void **state)
{
	struct queue *queue = queue_new(1, HOLD_MS);
	struct ticket *still, *other;

	(void)state;
	ask(queue, "a", "", 0, &still);
	ask(queue, "b", "", 0, NULL);
	queue_still(queue, still, true);
	other = queue_next(queue, 10000);
	assert_string_equal(other->who, "b");
	/* it moves again: it goes on beside the other, and the next waits for both */
	queue_still(queue, still, false);
	assert_int_equal(queue_figures(queue).running, 2);
	assert_int_equal(ask(queue, "c", "", 11000, NULL), 'h');
	queue_leave(queue, other, 12000);
	assert_null(queue_next(queue, 12000));
	queue_leave(queue, still, 13000);
	assert_string_equal(queue_next(queue, 13000)->who, "c");
	queue_free(queue);
}

/* A client that hangs up while it is held, or while it runs, leaves nothing behind. */
static void
who_leaves_is_gone(void **state)
{
	struct queue *queue = queue_new(1, HOLD_MS);
	struct ticket *running, *held;
	struct queue_figures now;

	(void)state;
	ask(queue, "a", "", 0, &running);
	ask(queue, "b", "", 0, &held);
	queue_leave(queue, held, 1);
	assert_null(queue_next(queue, 1));
	queue_leave(queue, running, 2);
	now = queue_figures(queue);
	assert_int_equal(now.running + now.held + now.away + now.still, 0);
	queue_free(queue);
}

/* However many ask: bounded, all told to come again within a minute. */
static void
is_bounded(void **state)
{
	struct queue *queue = queue_new(4, HOLD_MS);
	struct queue_figures now;
	char who[16], rack[16];

	(void)state;
	for (int i = 0; i < QUEUE_TICKETS + 100; i++) {
		snprintf(who, sizeof(who), "m%d", i);
		snprintf(rack, sizeof(rack), "r%d", i % 200);	/* more than are told apart */
		ask(queue, who, rack, i, NULL);
	}
	now = queue_figures(queue);
	assert_int_equal(now.running + now.held + now.away, QUEUE_TICKETS);
	queue_free(queue);
}

/* 200 machines of two racks, a link of 8 slots, two files of 1 s each, asked for one after the
 * other. */
enum { MACHINES = 200, SLOTS = 8, LASTS_MS = 1000, FILES = 2, THINKS_MS = 50 };

static struct machine {
	struct ticket *ticket;
	int64_t comes_ms, ends_ms;	/* ends: 0 while it has no slot */
	int files;			/* it has */
} machines[MACHINES];

static void
come(struct queue *queue, int number, int64_t now_ms)
{
	struct machine *m = &machines[number];
	struct queue_place place;
	char who[32];

	snprintf(who, sizeof(who), "%d of %d", m->files, number);
	m->ticket = queue_ask(queue, &(struct queue_asker){
		.who = who, .rack = number < MACHINES / 2 ? "one" : "two", .came_ms = number,
	}, now_ms, &place);
	if (!m->ticket) {
		m->comes_ms = now_ms + place.after_s * 1000;
		return;
	}
	m->ticket->owner = m;
	m->ends_ms = m->ticket->state == QUEUE_RUNNING ? now_ms + LASTS_MS : 0;
}

static void
go_on(struct queue *queue, int64_t now_ms)
{
	struct queue_place place;
	struct ticket *ticket;
	struct machine *m;

	while ((ticket = queue_next(queue, now_ms)) != NULL) {
		m = ticket->owner;
		m->ends_ms = now_ms + LASTS_MS;
	}
	while ((m = queue_send_away(queue, now_ms, &place)) != NULL) {
		m->ticket = NULL;
		m->comes_ms = now_ms + place.after_s * 1000;
	}
	queue_tick(queue, now_ms);
}

/* Those who are sent away come again when they were told.  None is lost, no slot is empty for long
 * while somebody waits, both racks end alike though one was there first, and machines end one after
 * the other. */
static void
a_storm(void **state)
{
	struct queue *queue = queue_new(SLOTS, HOLD_MS);
	int64_t last_ms = 0, mean_ms[2] = { 0 };
	int done = 0;

	(void)state;
	for (int i = 0; i < MACHINES; i++)
		machines[i] = (struct machine){ .comes_ms = i };
	for (int64_t now_ms = 0; done < MACHINES; now_ms += 10) {
		assert_true(now_ms < 300000);
		for (int i = 0; i < MACHINES; i++) {
			struct machine *m = &machines[i];

			if (m->ticket && m->ends_ms && m->ends_ms <= now_ms) {
				queue_leave(queue, m->ticket, now_ms);
				m->ticket = NULL;
				m->comes_ms = now_ms + THINKS_MS;
				if (++m->files < FILES)
					continue;
				mean_ms[i >= MACHINES / 2] += now_ms / (MACHINES / 2);
				last_ms = now_ms;
				done++;
			} else if (!m->ticket && m->files < FILES && m->comes_ms <= now_ms) {
				come(queue, i, now_ms);
			}
		}
		go_on(queue, now_ms);
	}
	/* 200 × 2 s in 8 slots are 50 s */
	assert_in_range(last_ms, 50000, 54000);
	assert_in_range(mean_ms[1], mean_ms[0] - 5000, mean_ms[0] + 5000);
	assert_in_range(mean_ms[0] + mean_ms[1], 0, 2 * last_ms * 6 / 10);
	queue_free(queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_come_first_served),
		cmocka_unit_test(the_next_file_of_a_machine_goes_first),
		cmocka_unit_test(racks_take_turns),
		cmocka_unit_test(nobody_is_held_for_long),
		cmocka_unit_test(who_does_not_come_again_is_forgotten),
		cmocka_unit_test(a_still_transfer_gives_its_slot_away),
		cmocka_unit_test(who_leaves_is_gone),
		cmocka_unit_test(is_bounded),
		cmocka_unit_test(a_storm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
