/*
 * Generations on trial.  The decision is plan/trial.c's; here is what is seen of each machine, what
 * is kept, and what follows: the plan falls back to what was good, the agent is told to reboot.  A
 * machine whose agent hears nothing reboots by itself: panic=30, its watchdog, stage 1's deadline.
 */
#include "engine/trial.h"

#include <stdio.h>
#include <string.h>

#include "engine/agent.h"
#include "engine/machines.h"
#include "engine/roll.h"
#include "engine/timeline.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"

#define STEP_MOST_MS 5000	/* what one look may count, were the engine held up */
#define SAVE_MS 30000		/* so much of a trial may be forgotten by a crash */

static void
save(struct engine *e, const struct machine *m)
{
	db_run(&e->db, DB_TRIAL_SAVE, "isii", m->id, m->trial.image, m->trial.spent_ms,
	       (int64_t)m->trial.over);
}

void
trials_load(struct engine *e)
{
	sqlite3_stmt *row;

	for (row = db_ask(&e->db, DB_TRIALS, ""); db_next(&e->db, row);) {
		struct machine *m = roll_of_row(e, db_num(row, 0));

		if (!m)
			continue;
		str_copy(m->trial.image, sizeof(m->trial.image), db_text(row, 1));
		m->trial.spent_ms = db_num(row, 2);
		m->trial.over = db_num(row, 3);
	}
}

static int64_t
limit_ms(const struct engine *e, const struct machine *m)
{
	struct site_boot boot;

	machines_settings(e, m, &boot);
	return boot.trial_s * 1000;
}

/* The last word of any kind: an event, a poll. */
static int64_t
heard_ms(const struct machine *m)
{
	return m->polled_ms > m->boot->heard_ms ? m->polled_ms : m->boot->heard_ms;
}

/* Back to what was good, if that can be booted. */
static void
abandon(struct engine *e, struct machine *m, int64_t limit_s)
{
	struct note note = { .phase = m->boot->phase, .state = STATE_NOTE, .from = "engine" };
	struct plan plan;
	char text[EVENT_TEXT];
	bool back;

	machines_plan(e, m, &plan);
	back = plan.kind == PLAN_IMAGE && plan.fell_back;
	snprintf(text, sizeof(text), "%s was not healthy within %lld s: %s%s", m->trial.image,
		 (long long)limit_s, back ? "back to " : "it stays, for lack of ", m->last_good);
	note.text = text;
	timeline_note(e, m->boot, &note);
	if (back)
		agent_order(e, m, &(struct order){ ORDER_REBOOT, text, NULL, 0 });
}

static void
tick(struct engine *e, struct machine *m, int64_t now)
{
	const struct boot *b = m->boot;
	int64_t passed = now - m->trial_at_ms, before = m->trial.spent_ms / SAVE_MS;
	struct trial_look look = {
		.image = b->kind == PLAN_IMAGE ? b->image : "", .last_good = m->last_good,
		.healthy = b->healthy, .outside = b->outside || m->pending[0],
		.quiet_ms = now - heard_ms(m),
		.passed_ms = passed > STEP_MOST_MS ? STEP_MOST_MS : passed,
		.limit_ms = limit_ms(e, m),
	};
	enum trial_word word = trial_step(&m->trial, &look);

	m->trial_at_ms = now;
	if (word == TRIAL_OVER || m->trial.spent_ms / SAVE_MS != before)
		save(e, m);
	if (word == TRIAL_OVER)
		abandon(e, m, look.limit_ms / 1000);
}

void
trials_tick(struct engine *e)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < e->nmachines; i++) {
		struct machine *m = e->machines[i];

		if (m->boot && m->trial.image[0] && !m->trial.over && !m->boot->end_ms)
			tick(e, m, now);
	}
}

void
trial_script(struct engine *e, struct boot *b)
{
	struct machine *m = b->machine;
	struct trial before = m->trial;

	trial_begin(&m->trial, b->image, m->last_good);
	m->trial_at_ms = clock_mono_ms();
	if (!str_eq(m->trial.image, before.image))
		save(e, m);
}

void
trial_passed(struct engine *e, const struct boot *b)
{
	if (str_eq(b->machine->trial.image, b->image))
		trial_forget(e, b->machine);
}

void
trial_forget(struct engine *e, struct machine *m)
{
	m->trial = (struct trial){ .over = false };
	save(e, m);
}

json_t *
trial_view(const struct engine *e, const struct machine *m)
{
	if (!m->trial.image[0] || !m->last_good[0])
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:b}", "image", m->trial.image, "spent_ms",
			 (json_int_t)m->trial.spent_ms, "limit_ms", (json_int_t)limit_ms(e, m),
			 "over", m->trial.over);
}
