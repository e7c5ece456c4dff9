/* The state table of the agent's steps. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "cloud-init/agent/steps.h"

static struct steps_news
say_word(struct steps *steps, enum step_word word, const char *text, int64_t now_ms)
{
	struct steps_news news;

	steps_step(steps, word, text, now_ms, &news);
	return news;
}

/* One row a word: phase before, word, text, time → what is told and where we are. */
static const struct {
	enum phase from;
	enum step_word word;
	const char *text;
	int64_t at_ms;
	bool tell;
	enum phase_state state;
	enum phase to;
} rows[] = {
	{ PHASE_FACTS, STEP_DONE, "2 cores", 10, true, STATE_DONE, PHASE_ENROL },
	{ PHASE_ENROL, STEP_WAIT, "server", 20, true, STATE_WAIT, PHASE_ENROL },
	{ PHASE_ENROL, STEP_WAIT, "server", 30, false, STATE_WAIT, PHASE_ENROL },
	{ PHASE_ENROL, STEP_WAIT, "code AB", 40, true, STATE_WAIT, PHASE_ENROL },
	{ PHASE_ENROL, STEP_WAIT, "code AB", 900000, false, STATE_WAIT, PHASE_ENROL },
	{ PHASE_ENROL, STEP_STALL, "code AB", 900001, true, STATE_STALL, PHASE_ENROL },
	{ PHASE_ENROL, STEP_FAIL, "key", 900002, true, STATE_FAIL, PHASE_ENROL },
	{ PHASE_ENROL, STEP_FAIL, "key", 900003, false, STATE_FAIL, PHASE_ENROL },
	{ PHASE_ENROL, STEP_DONE, "n1", 900004, true, STATE_DONE, PHASE_STORAGE },
	{ PHASE_STORAGE, STEP_DONE, "", 900005, true, STATE_DONE, PHASE_JOIN },
	{ PHASE_JOIN, STEP_BUSY, "parts", 900006, true, STATE_PROGRESS, PHASE_JOIN },
	{ PHASE_JOIN, STEP_BUSY, "parts", 900006, false, STATE_PROGRESS, PHASE_JOIN },
	{ PHASE_JOIN, STEP_DONE, "", 900006, true, STATE_DONE, PHASE_ROLES },
	{ PHASE_ROLES, STEP_DONE, "", 1000000, true, STATE_DONE, PHASE_HEALTHY },
	{ PHASE_HEALTHY, STEP_WAIT, "sshd", 1000001, true, STATE_WAIT, PHASE_HEALTHY },
	{ PHASE_HEALTHY, STEP_WAIT, "sshd", 1119999, false, STATE_WAIT, PHASE_HEALTHY },
	{ PHASE_HEALTHY, STEP_WAIT, "sshd", 1120000, true, STATE_STALL, PHASE_HEALTHY },
	{ PHASE_HEALTHY, STEP_WAIT, "sshd", 1130000, false, STATE_STALL, PHASE_HEALTHY },
	{ PHASE_HEALTHY, STEP_WAIT, "unit x", 1140000, true, STATE_STALL, PHASE_HEALTHY },
	{ PHASE_HEALTHY, STEP_DONE, "", 1150000, true, STATE_DONE, PHASE_COUNT },
	{ PHASE_COUNT, STEP_DONE, "", 1150001, false, STATE_DONE, PHASE_COUNT },
};

static void
table(void **state)
{
	struct steps steps;
	struct steps_news news;

	(void)state;
	steps_init(&steps, PHASE_FACTS, 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(steps.phase, rows[i].from);
		news = say_word(&steps, rows[i].word, rows[i].text, rows[i].at_ms);
		if (news.tell != rows[i].tell || steps.phase != rows[i].to ||
		    (news.tell && (news.state != rows[i].state || news.phase != rows[i].from)) ||
		    news.entered != (news.tell && rows[i].word == STEP_DONE))
			fail_msg("row %zu: tell %d, state %d, now in %d", i, news.tell, news.state,
				 steps.phase);
	}
	assert_true(steps_all_done(&steps));
}

static void
back_to_enrol(void **state)
{
	struct steps steps;

	(void)state;
	steps_init(&steps, PHASE_COUNT, 0);
	steps_back(&steps, PHASE_ENROL, 5);
	assert_int_equal(steps.phase, PHASE_ENROL);
	assert_false(steps_all_done(&steps));
	assert_true(say_word(&steps, STEP_DONE, "n1", 6).tell);
}

static void
backoff(void **state)
{
	static const int64_t want[] = { 1000, 2000, 4000, 8000, 16000, 30000, 30000 };

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		assert_int_equal(steps_backoff_ms(i, 0), want[i]);
		assert_int_equal(steps_backoff_ms(i, 255), want[i] + want[i] / 4);
	}
	assert_int_equal(steps_backoff_ms(4000000000U, 0), 30000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),
		cmocka_unit_test(back_to_enrol),
		cmocka_unit_test(backoff),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
