/* How fast an iPXE is sent to: rows of what was seen, and machines that are played. */
#include "cmocka_all.h"

#include "web/pace.h"

#define MB 1000000u

static const struct {
	const char *what;
	uint64_t rate, most;			/* before; most 0: none met */
	struct pace_seen seen;			/* of half a second */
	uint64_t then_rate, then_most;		/* 0: as before */
} rows[] = {
	{ "takes all: faster", 20 * MB, 0, { 500, 10 * MB, 7000, 0, true, 0 }, 30 * MB, 0 },
	{ "takes all, at its limit", 20 * MB, 20 * MB, { 500, 10 * MB, 7000, 0, true, 0 },
	  22500000, 22500000 },
	{ "takes a part: a little over it", 20 * MB, 0, { 500, 8 * MB, 3500, 0, true, 0 },
	  24 * MB, 0 },
	{ "takes less: no slower", 20 * MB, 0, { 500, 5 * MB, 3500, 0, true, 0 }, 0, 0 },
	{ "has little time, but takes all in it", 20 * MB, 0,
	  { 500, 1 * MB, 700, 0, true, 0, 16 * MB }, 24 * MB, 0 },
	{ "has little time, at its limit", 20 * MB, 20 * MB,
	  { 500, 1 * MB, 700, 0, true, 0, 16 * MB }, 22500000, 22500000 },
	{ "acknowledged in a burst: not more than was sent", 20 * MB, 0,
	  { 500, 5 * MB, 3500, 0, true, 0, 90 * MB }, 30 * MB, 0 },
	{ "acknowledged in a burst, and as fast already", 40 * MB, 0,
	  { 500, 5 * MB, 3500, 0, true, 0, 90 * MB }, 0, 0 },
	{ "acknowledged late: not more than was sent", 20 * MB, 0,
	  { 500, 15 * MB, 7000, 0, true, 0 }, 30 * MB, 0 },
	{ "holds what a short ring does not: not sure yet", 40 * MB, 0,
	  { 500, 5 * MB, 3500, 0, true, 0, 0, 128 }, 0, 0 },
	{ "loses what was on its way", 40 * MB, 0,
	  { 500, 10 * MB, 7000, 200, true, 0, 0, 128 }, 18 * MB, 40 * MB },
	{ "a look too short to tell", 20 * MB, 0, { 99, 2 * MB, 1400, 0, true, 0 }, 0, 0 },
	{ "had not more to take", 40 * MB, 0, { 500, 5 * MB, 3500, 0, false, 0 }, 0, 0 },
	{ "loses: below what came", 40 * MB, 0, { 500, 10 * MB, 7000, 200, true, 0 }, 18 * MB,
	  40 * MB },
	{ "loses a little", 20 * MB, 0, { 500, 10 * MB, 7000, 100, true, 0 }, 30 * MB, 0 },
	{ "too few to tell", 20 * MB, 0, { 500, 10 * MB, 40, 20, true, 0 }, 30 * MB, 0 },
	{ "nothing yet", 20 * MB, 0, { 500, 0, 0, 0, true, 500 }, 0, 0 },
	{ "stands still: half", 20 * MB, 0, { 500, 0, 3, 3, true, 2000 }, 10 * MB, 10 * MB },
	{ "never below the least", PACE_LEAST, 0, { 500, 0, 3, 3, true, 2000 }, PACE_LEAST,
	  PACE_LEAST },
	{ "never over the most", PACE_MOST, 0, { 500, PACE_MOST / 2, 9000, 0, true, 0 }, 0, 0 },
};

static void
start(struct pace *pace, uint64_t most)
{
	pace_init(pace, &(struct pace_memory){ .most = most });
}

static void
one_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t rate = rows[i].then_rate ? rows[i].then_rate : rows[i].rate;
		uint64_t most = rows[i].then_most ? rows[i].then_most : rows[i].most;
		struct pace pace;
		bool changed;

		start(&pace, rows[i].most);
		pace.rate = rows[i].rate;
		changed = pace_step(&pace, &rows[i].seen);
		if (pace.rate != rate || changed != (rate != rows[i].rate) ||
		    pace.memory.most != most)
			fail_msg("%s: %llu, at most %llu", rows[i].what,
				 (unsigned long long)pace.rate,
				 (unsigned long long)pace.memory.most);
	}
}

/* Half a second of a machine that takes up to `takes`, and loses the rest of what comes. */
static void
play(struct pace *pace, uint64_t takes)
{
	uint64_t sent = pace->rate / 2, acked = sent < takes / 2 ? sent : takes / 2;
	struct pace_seen seen = { 500, acked, sent / 1448, 0, true, 0 };

	if (sent > 2 * acked)
		seen.lost = (sent - acked) / 1448;
	pace_step(pace, &seen);
}

static void
finds_what_a_machine_takes(void **state)
{
	static const uint64_t takes[] = { 1 * MB, 10 * MB, 30 * MB, 110 * MB, 400 * MB };

	(void)state;
	for (size_t i = 0; i < sizeof(takes) / sizeof(takes[0]); i++) {
		struct pace pace;

		start(&pace, 0);
		for (int step = 0; step < 20; step++)
			play(&pace, takes[i]);
		for (int step = 0; step < 20; step++) {
			play(&pace, takes[i]);
			assert_in_range(pace.rate, takes[i] - takes[i] / 10, takes[i] * 9 / 4);
		}
	}
}

static void
a_stall_counts_once(void **state)
{
	struct pace_seen still = { 500, 0, 2, 2, true, 2000 };
	struct pace pace;

	(void)state;
	start(&pace, 0);
	assert_true(pace_step(&pace, &still));
	for (int step = 0; step < 10; step++, still.quiet_ms += 500)
		assert_false(pace_step(&pace, &still));
	assert_int_equal(pace.rate, PACE_FIRST / 2);
	play(&pace, 400 * MB);
	assert_int_equal(pace.rate, PACE_FIRST / 2 + PACE_FIRST / 16);	/* no faster than that */
	still.quiet_ms = 2000;
	assert_true(pace_step(&pace, &still));
	assert_in_range(pace.rate, PACE_FIRST / 4, PACE_FIRST / 3);
}

static void
a_limit_is_remembered_and_lifted(void **state)
{
	struct pace_memory learnt;
	struct pace pace;

	(void)state;
	start(&pace, 0);
	assert_int_equal(pace_learnt(&pace, true).most, 0);
	pace.memory.most = pace.rate = 4 * MB;
	assert_int_equal(pace_learnt(&pace, false).most, 4 * MB);
	assert_int_equal(pace_learnt(&pace, true).most, 5 * MB);
	start(&pace, 5 * MB);
	assert_int_equal(pace.rate, 5 * MB);
	for (int boot = 0; (learnt = pace_learnt(&pace, true)).most != 0; boot++) {
		assert_true(boot < 40);
		pace_init(&pace, &learnt);
	}
	start(&pace, 100 * MB);
	assert_int_equal(pace.rate, PACE_FIRST);	/* careful at first all the same */
}

/* An emulated card, or a network that holds much: the next transfer is at full speed from its
 * beginning; unless the machine stood still for good at that. */
static void
depth_is_remembered(void **state)
{
	struct pace_seen deep = { 500, 5 * MB, 3500, 0, true, 0, 0, 200 };
	struct pace_seen shallow = { 500, 5 * MB, 3500, 0, true, 0, 0, 64 };
	struct pace_seen still = { 500, 0, 2, 2, true, 2000 };
	struct pace_memory learnt;
	struct pace pace;

	(void)state;
	start(&pace, 0);
	for (int look = 0; look < 10; look++)
		pace_step(&pace, &shallow);
	pace_step(&pace, &deep);
	learnt = pace_learnt(&pace, true);
	pace_init(&pace, &learnt);
	assert_int_equal(pace.rate, PACE_FIRST);	/* once may be chance */
	pace_step(&pace, &deep);
	assert_int_equal(pace.rate, PACE_DEEP);
	learnt = pace_learnt(&pace, true);
	pace_init(&pace, &learnt);
	assert_int_equal(pace.rate, PACE_DEEP);
	pace_step(&pace, &still);
	learnt = pace_learnt(&pace, false);
	for (int boot = 0; boot < 40; boot++) {
		pace_init(&pace, &learnt);
		assert_true(pace.rate <= PACE_FIRST);
		pace_step(&pace, &deep);
		assert_true(pace.rate <= PACE_FIRST);
		learnt = pace_learnt(&pace, true);
	}
}

/* A machine that cannot run for seconds, again and again, as a guest on a busy host: it is not sent
 * to ever more slowly. */
static void
pauses_do_not_add_up(void **state)
{
	struct pace_seen still = { 500, 0, 2, 2, true, 2000 };
	struct pace pace;

	(void)state;
	start(&pace, 0);
	for (int pause = 0; pause < 10; pause++) {
		pace_step(&pace, &still);
		for (int step = 0; step < 8; step++)
			play(&pace, 8 * MB);
		assert_true(pace.rate >= 8 * MB);
	}
}

/* A machine that runs for a third of each moment only, and loses nothing: what it takes on the
 * average says nothing of what it takes at once, and the pace follows the latter. */
static void
a_machine_with_little_time(void **state)
{
	struct pace pace;

	(void)state;
	start(&pace, 0);
	for (int step = 0; step < 20; step++) {
		struct pace_seen seen = { 500, pace.rate / 2 / 3, 7000, 0, true, 0,
					  pace.rate / (step % 2 ? 1 : 10) };

		pace_step(&pace, &seen);
		assert_int_equal(pace.rate, PACE_FIRST);
	}
	pace.rate = 10 * MB;	/* it lost something, once */
	for (int step = 0; step < 3; step++) {
		struct pace_seen seen = { 500, pace.rate / 2 / 3, 7000, 0, true, 0, pace.rate };

		pace_step(&pace, &seen);
	}
	assert_int_equal(pace.rate, PACE_FIRST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_step),
		cmocka_unit_test(finds_what_a_machine_takes),
		cmocka_unit_test(a_stall_counts_once),
		cmocka_unit_test(pauses_do_not_add_up),
		cmocka_unit_test(a_machine_with_little_time),
		cmocka_unit_test(a_limit_is_remembered_and_lifted),
		cmocka_unit_test(depth_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
