/* Generations on trial: what counts against one, and when it is over. */
#include "cmocka_all.h"

#include <stdio.h>

#include "plan/trial.h"

#define LIMIT 60000

/* A trial of edge@2 that has spent so much, and what is seen 1 s later. */
static const struct row {
	const char *name;
	int64_t spent_ms;
	struct trial_look look;		/* passed_ms and limit_ms are the same in all rows */
	enum trial_word word;
	int64_t then_ms;
} rows[] = {
	{ "it runs while the machine is at work", 0, { "edge@2", "edge@1" }, TRIAL_RUNS, 1000 },
	{ "its time is over", LIMIT - 1000, { "edge@2", "edge@1" }, TRIAL_OVER, LIMIT },
	{ "not a moment before", LIMIT - 1001, { "edge@2", "edge@1" }, TRIAL_RUNS, LIMIT - 1 },
	{ "healthy is healthy, however late", LIMIT, { "edge@2", "edge@1", .healthy = true },
	  TRIAL_STILL, LIMIT },
	{ "the API server is away", LIMIT - 1, { "edge@2", "edge@1", .outside = true },
	  TRIAL_STILL, LIMIT - 1 },
	{ "silent, as one that hangs or loops is", 0,
	  { "edge@2", "edge@1", .quiet_ms = TRIAL_QUIET_MS }, TRIAL_RUNS, 1000 },
	{ "silent for so long that it may be off", LIMIT - 1,
	  { "edge@2", "edge@1", .quiet_ms = TRIAL_QUIET_MS + 1 }, TRIAL_STILL, LIMIT - 1 },
	{ "nothing was ever healthy here", LIMIT, { "edge@2", "" }, TRIAL_STILL, LIMIT },
	{ "it was healthy here itself", LIMIT, { "edge@2", "edge@2" }, TRIAL_STILL, LIMIT },
	{ "another image runs", LIMIT, { "edge@1", "edge@1" }, TRIAL_STILL, LIMIT },
	{ "no image of ours runs", LIMIT, { "", "edge@1" }, TRIAL_STILL, LIMIT },
};

static void
each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct trial trial = { .image = "edge@2", .spent_ms = rows[i].spent_ms };
		struct trial_look look = rows[i].look;

		look.passed_ms = 1000;
		look.limit_ms = LIMIT;
		if (trial_step(&trial, &look) != rows[i].word ||
		    trial.spent_ms != rows[i].then_ms || trial.over != (rows[i].word == TRIAL_OVER))
			fail_msg("%s: %lld ms, over %d", rows[i].name, (long long)trial.spent_ms,
				 trial.over);
	}
}

/* What is over is said once, and stays so while the good one runs in its place. */
static void
abandoned_until_something_else_is_asked_for(void **state)
{
	struct trial_look look = { "edge@2", "edge@1", .passed_ms = LIMIT, .limit_ms = LIMIT };
	struct trial trial = { .over = false };

	(void)state;
	trial_begin(&trial, "edge@2", "edge@1");
	assert_string_equal(trial.image, "edge@2");
	assert_int_equal(trial_step(&trial, &look), TRIAL_OVER);
	assert_int_equal(trial_step(&trial, &look), TRIAL_STILL);
	trial_begin(&trial, "edge@1", "edge@1");
	assert_string_equal(trial.image, "edge@2");
	assert_true(trial.over);
	trial_begin(&trial, "edge@2", "edge@1");
	assert_true(trial.over);
	trial_begin(&trial, "edge@3", "edge@1");
	assert_string_equal(trial.image, "edge@3");
	assert_false(trial.over);
	assert_int_equal(trial.spent_ms, 0);
}

/* Power cuts and panics: it is the sum over all boots that counts. */
static void
boots_add_up(void **state)
{
	struct trial_look look = { "edge@2", "edge@1", .passed_ms = LIMIT / 3, .limit_ms = LIMIT };
	struct trial trial = { .over = false };

	(void)state;
	for (int boot = 0; boot < 3; boot++) {
		trial_begin(&trial, "edge@2", "edge@1");
		assert_int_equal(trial_step(&trial, &look), boot < 2 ? TRIAL_RUNS : TRIAL_OVER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row),
		cmocka_unit_test(abandoned_until_something_else_is_asked_for),
		cmocka_unit_test(boots_add_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
