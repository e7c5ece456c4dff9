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
	{ "takes less: a little over it", 20 * MB, 0, { 500, 5 * MB, 3500, 0, true, 0 },
	  15 * MB, 0 },
	{ "takes much less: half", 80 * MB, 0, { 500, 5 * MB, 3500, 0, true, 0 }, 40 * MB, 0 },
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
one_step(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t most = rows[i].most ? rows[i].most : PACE_MOST;
		uint64_t rate = rows[i].then_rate ? rows[i].then_rate : rows[i].rate;
		struct pace pace = { .rate = rows[i].rate, .most = most };
		bool changed = pace_step(&pace, &rows[i].seen);

		if (pace.rate != rate || changed != (rate != rows[i].rate) ||
		    pace.most != (rows[i].then_most ? rows[i].then_most : most))
			fail_msg("%s: %llu, at most %llu", rows[i].what,
				 (unsigned long long)pace.rate, (unsigned long long)pace.most);
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

		pace_init(&pace, 0);
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
	pace_init(&pace, 0);
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
	struct pace pace;
	uint64_t learnt;

	(void)state;
	pace_init(&pace, 0);
	assert_int_equal(pace_learnt(&pace, true), 0);
	pace.most = pace.rate = 4 * MB;
	assert_int_equal(pace_learnt(&pace, false), 4 * MB);
	assert_int_equal(pace_learnt(&pace, true), 5 * MB);
	pace_init(&pace, 5 * MB);
	assert_int_equal(pace.rate, 5 * MB);
	for (int boot = 0; (learnt = pace_learnt(&pace, true)) != 0; boot++) {
		assert_true(boot < 40);
		pace_init(&pace, learnt);
	}
	pace_init(&pace, 100 * MB);
	assert_int_equal(pace.rate, PACE_FIRST);	/* careful at first all the same */
}

/* A machine that cannot run for seconds, again and again, as a guest on a busy host: it is not sent
 * to ever more slowly. */
static void
pauses_do_not_add_up(void **state)
{
	struct pace_seen still = { 500, 0, 2, 2, true, 2000 };
	struct pace pace;

	(void)state;
	pace_init(&pace, 0);
	for (int pause = 0; pause < 10; pause++) {
		pace_step(&pace, &still);
		for (int step = 0; step < 8; step++)
			play(&pace, 8 * MB);
		assert_true(pace.rate >= 8 * MB);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_step),
		cmocka_unit_test(finds_what_a_machine_takes),
		cmocka_unit_test(a_stall_counts_once),
		cmocka_unit_test(pauses_do_not_add_up),
		cmocka_unit_test(a_limit_is_remembered_and_lifted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
