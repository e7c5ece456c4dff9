/* The table of supervision: every life of a child that matters, as rows of events. */
#include "cmocka_all.h"

#include "keeper/supervise.h"

#define END { CHILD_STOP, -1, ACTION_NONE, CHILD_DOWN, 0 }

struct row {
	enum child_event event;
	int64_t now_ms;		/* -1: the end */
	enum child_action action;
	enum child_state state;	/* after it */
	int64_t timer_ms;	/* with ACTION_WAIT and ACTION_TERM */
};

static void
play(const char *what, const struct row *rows)
{
	struct supervise child = { .state = CHILD_DOWN };

	for (int i = 0; rows[i].now_ms >= 0; i++) {
		enum child_action action = supervise_step(&child, rows[i].event, rows[i].now_ms);

		if (action != rows[i].action || child.state != rows[i].state)
			fail_msg("%s, row %d: action %d, state %s", what, i, action,
				 supervise_state_name(child.state));
		if ((action == ACTION_WAIT || action == ACTION_TERM) &&
		    child.timer_ms != rows[i].timer_ms)
			fail_msg("%s, row %d: timer %lld ms", what, i, (long long)child.timer_ms);
	}
}

static void
an_ordinary_life(void **state)
{
	static const struct row rows[] = {
		{ CHILD_STARTED, 0, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_READY, 100, ACTION_NONE, CHILD_UP, 0 },
		{ CHILD_STOP, 9000, ACTION_TERM, CHILD_STOPPING, SUPERVISE_TERM_MS },
		{ CHILD_EXITED, 9100, ACTION_ENDED, CHILD_DOWN, 0 },
		END
	};

	(void)state;
	play("ordinary", rows);
}

static void
falls_double_the_wait(void **state)
{
	static const struct row rows[] = {
		{ CHILD_STARTED, 0, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_EXITED, 10, ACTION_WAIT, CHILD_BACKOFF, 200 },
		{ CHILD_TIMER, 210, ACTION_START, CHILD_DOWN, 0 },
		{ CHILD_STARTED, 210, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_READY, 250, ACTION_NONE, CHILD_UP, 0 },
		{ CHILD_EXITED, 59000, ACTION_WAIT, CHILD_BACKOFF, 400 },
		{ CHILD_TIMER, 59400, ACTION_START, CHILD_DOWN, 0 },
		/* cannot even be started */
		{ CHILD_EXITED, 59400, ACTION_WAIT, CHILD_BACKOFF, 800 },
		END
	};

	(void)state;
	play("falls", rows);
}

static void
the_wait_has_a_ceiling(void **state)
{
	struct supervise child = { .state = CHILD_DOWN };
	int64_t last = 0;

	(void)state;
	for (int i = 0; i < 12; i++) {
		assert_int_equal(supervise_step(&child, CHILD_STARTED, 0), ACTION_WAIT);
		assert_int_equal(supervise_step(&child, CHILD_EXITED, 0), ACTION_WAIT);
		assert_true(child.timer_ms >= last);
		last = child.timer_ms;
		assert_int_equal(supervise_step(&child, CHILD_TIMER, 0), ACTION_START);
	}
	assert_int_equal(last, SUPERVISE_BACKOFF_MAX_MS);
}

static void
a_minute_up_forgives(void **state)
{
	static const struct row rows[] = {
		{ CHILD_STARTED, 0, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_EXITED, 0, ACTION_WAIT, CHILD_BACKOFF, 200 },
		{ CHILD_TIMER, 200, ACTION_START, CHILD_DOWN, 0 },
		{ CHILD_STARTED, 200, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_READY, 300, ACTION_NONE, CHILD_UP, 0 },
		{ CHILD_EXITED, 60300, ACTION_WAIT, CHILD_BACKOFF, 200 },
		END
	};

	(void)state;
	play("forgives", rows);
}

static void
never_ready_is_killed(void **state)
{
	static const struct row rows[] = {
		{ CHILD_STARTED, 0, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_TIMER, 30000, ACTION_KILL, CHILD_STARTING, 0 },
		{ CHILD_EXITED, 30010, ACTION_WAIT, CHILD_BACKOFF, 200 },
		END
	};

	(void)state;
	play("never ready", rows);
}

static void
deaf_to_the_end_is_killed(void **state)
{
	static const struct row rows[] = {
		{ CHILD_STARTED, 0, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_READY, 1, ACTION_NONE, CHILD_UP, 0 },
		{ CHILD_STOP, 2, ACTION_TERM, CHILD_STOPPING, SUPERVISE_TERM_MS },
		{ CHILD_STOP, 3, ACTION_NONE, CHILD_STOPPING, 0 },
		{ CHILD_READY, 4, ACTION_NONE, CHILD_STOPPING, 0 },
		{ CHILD_TIMER, 3002, ACTION_KILL, CHILD_STOPPING, 0 },
		{ CHILD_EXITED, 3010, ACTION_ENDED, CHILD_DOWN, 0 },
		END
	};

	(void)state;
	play("deaf", rows);
}

static void
an_end_while_it_is_down(void **state)
{
	static const struct row waiting[] = {
		{ CHILD_STARTED, 0, ACTION_WAIT, CHILD_STARTING, SUPERVISE_READY_MS },
		{ CHILD_EXITED, 0, ACTION_WAIT, CHILD_BACKOFF, 200 },
		{ CHILD_STOP, 10, ACTION_ENDED, CHILD_DOWN, 0 },
		{ CHILD_TIMER, 200, ACTION_NONE, CHILD_DOWN, 0 },	/* void */
		END
	};
	static const struct row never[] = {
		{ CHILD_STOP, 0, ACTION_ENDED, CHILD_DOWN, 0 },
		END
	};

	(void)state;
	play("in backoff", waiting);
	play("never started", never);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ordinary_life),
		cmocka_unit_test(falls_double_the_wait),
		cmocka_unit_test(the_wait_has_a_ceiling),
		cmocka_unit_test(a_minute_up_forgives),
		cmocka_unit_test(never_ready_is_killed),
		cmocka_unit_test(deaf_to_the_end_is_killed),
		cmocka_unit_test(an_end_while_it_is_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
