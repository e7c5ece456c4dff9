/*
 * What happened to each machine, boot by boot.  Events come from the keeper (leases, TFTP), from
 * web (transfers, unsigned reports) and from agents; each one moves the boot forward in the table
 * of phases, is stored, logged and shown to those who watch.
 */
#include "engine/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "engine/hub.h"
#include "engine/machines.h"
#include "engine/records.h"
#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"
#include "site/signs.h"

/* How long a phase may go on without a word before it is said to stand still, seconds. */
static const int quiet_s[PHASE_COUNT] = {
	[PHASE_DHCP] = 120, [PHASE_TFTP] = 120, [PHASE_IPXE] = 180, [PHASE_SCRIPT] = 180,
	[PHASE_KERNEL] = 180, [PHASE_INITRD] = 300, [PHASE_STAGE1] = 300, [PHASE_ROOT] = 300,
	[PHASE_FACTS] = 300, [PHASE_ENROL] = 300, [PHASE_STORAGE] = 600, [PHASE_JOIN] = 1800,
	[PHASE_ROLES] = 3600, [PHASE_HEALTHY] = 300,
};
#define AGENT_QUIET_MS 180000	/* three polls that did not come */

void
timeline_save(struct engine *e, struct boot *b)
{
	b->dirty = true;
	machines_stale(e, b->machine);
}

void
timeline_free(struct engine *e, struct boot *b)
{
	if (!b)
		return;
	for (int i = 0; i < BOOT_NONCES; i++)
		index_drop(&e->nonces, b->nonces[i], b);
	free(b->text);
	free(b);
}

const char *
timeline_nonce(struct engine *e, struct boot *b)
{
	index_drop(&e->nonces, b->nonces[BOOT_NONCES - 1], b);
	memmove(b->nonces[1], b->nonces[0], sizeof(b->nonces[0]) * (BOOT_NONCES - 1));
	chance_hex(b->nonces[0], (BOOT_NONCE - 1) / 2);
	b->nonce_ms = clock_now_ms();
	index_put(&e->nonces, b->nonces[0], b);
	timeline_save(e, b);
	return b->nonces[0];
}

void
timeline_end(struct engine *e, struct boot *b, const char *outcome)
{
	if (b->end_ms)
		return;
	b->end_ms = clock_now_ms();
	str_copy(b->outcome, sizeof(b->outcome), outcome);
	if (strcmp(outcome, "healthy") == 0) {
		e->metrics.healthy++;
		metrics_boot(&e->metrics, b->end_ms - b->begin_ms);
	} else if (b->state == STATE_FAIL || b->state == STATE_STALL)
		e->metrics.failed++;
	else if (strcmp(outcome, "false") != 0)
		e->metrics.over++;
	timeline_save(e, b);
}

struct boot *
timeline_begin(struct engine *e, struct machine *m)
{
	struct boot *b = mem_new(sizeof(*b));

	if (m->boot)
		timeline_end(e, m->boot, "over");
	if (m->boot && m->boot->id)
		records_save_boot(e, m->boot);
	timeline_free(e, m->former);
	m->former = m->boot;
	m->boot = b;
	b->machine = m;
	b->id = ++e->last_boot;
	b->begin_ms = b->phase_ms = clock_now_ms();
	b->heard_ms = clock_mono_ms();
	records_save_boot(e, b);	/* now: its events refer to it */
	db_run(&e->db, DB_BOOTS_PRUNE, "ii", m->id, (int64_t)BOOTS_KEPT);
	return b;
}

struct boot *
timeline_early(struct engine *e, struct machine *m)
{
	return m->boot && !m->boot->past && !m->boot->end_ms ? m->boot : timeline_begin(e, m);
}

void
timeline_revive(struct engine *e, struct boot *b)
{
	struct machine *m = b->machine;
	struct boot *other = m->boot;

	if (b != m->former)
		return;
	if (other->script_ms)
		log_warn("machine=%s boot=%lld text=\"asked for a script while it was running:"
			 " somebody else uses its MAC address\"", m->name, (long long)other->id);
	m->boot = b;
	m->former = NULL;
	if (other->script_ms) {
		timeline_end(e, other, "false");
		records_save_boot(e, other);
		m->former = other;
	} else {
		db_run(&e->db, DB_BOOT_DROP, "i", other->id);
		timeline_free(e, other);
	}
	if (!b->healthy) {
		b->end_ms = 0;
		b->outcome[0] = '\0';
	}
	timeline_save(e, b);
}

const char *
timeline_state(const struct machine *m)
{
	const struct boot *b = m->boot;

	if (!b)
		return "new";
	if (b->state == STATE_FAIL)
		return "failed";
	if (b->state == STATE_STALL)
		return "stalled";
	if (b->state == STATE_WAIT)
		return "waiting";
	if (b->healthy)
		return "healthy";
	return b->end_ms ? "away" : "booting";
}

static json_t *
live_event(const struct boot *b, const struct note *note)
{
	json_t *event = json_object();

	json_put_num(event, "id", 0);
	json_put_num(event, "at_ms", note->at_ms ? note->at_ms : clock_now_ms());
	json_put(event, "machine", b->machine->name);
	json_put_num(event, "boot", b->id);
	json_put(event, "phase", phase_name(note->phase));
	json_put(event, "state", phase_state_name(note->state));
	json_put(event, "text", note->text ? note->text : "");
	json_put(event, "from", note->from);
	json_put(event, "part", note->part);
	if (note->total > 0) {
		json_put_num(event, "done", note->done);
		json_put_num(event, "total", note->total);
	}
	return event;
}

static void
set_progress(struct boot *b, const struct note *note)
{
	str_copy(b->part, sizeof(b->part), note->part ? note->part : phase_name(note->phase));
	b->done = note->done;
	b->total = note->total;
}

static void
pass_progress(struct engine *e, struct boot *b, const struct note *note)
{
	json_t *event;

	if (note->phase == b->phase)
		set_progress(b, note);
	event = live_event(b, note);
	hub_pass(e, event);
	json_decref(event);
}

static void
store(struct engine *e, struct boot *b, const struct note *note, int64_t at_ms)
{
	const char *text = note->text ? note->text : "";

	db_run(&e->db, DB_EVENT_ADD, "iiissss", at_ms, b->machine->id, b->id,
	       phase_name(note->phase), phase_state_name(note->state), text, note->from);
	e->hub->news = true;
	e->metrics.events++;
	log_info("machine=%s phase=%s state=%s%s%s%s", b->machine->name, phase_name(note->phase),
		 phase_state_name(note->state), text[0] ? " text=\"" : "", text,
		 text[0] ? "\"" : "");
}

/* What the screens show moves forward only; a late word about an earlier phase is only kept. */
static void
move(struct boot *b, const struct note *note, int64_t at_ms)
{
	if (note->phase < b->phase)
		return;
	if (note->phase > b->phase) {
		b->phase = note->phase;
		b->phase_ms = at_ms;
		b->part[0] = '\0';
		b->done = b->total = 0;
	}
	if (note->total > 0)
		set_progress(b, note);
	b->state = note->state;
	str_set(&b->text, note->text);
}

void
timeline_note(struct engine *e, struct boot *b, const struct note *note)
{
	int64_t at_ms = note->at_ms ? note->at_ms : clock_now_ms();
	char text[EVENT_TEXT] = "";
	struct note clean = *note;

	if (note->text)
		str_copy(text, sizeof(text), note->text);
	signs_clean(text, ' ');
	for (char *c = text; *c; c++)	/* the log has it as text="…" */
		*c = *c == '"' ? '\'' : *c == '\t' ? ' ' : *c;
	clean.text = text;
	if (note->state == STATE_NOTE) {
		store(e, b, &clean, at_ms);
		return;
	}
	b->heard_ms = clock_mono_ms();
	if (note->state == STATE_PROGRESS) {
		pass_progress(e, b, &clean);
		return;
	}
	if (b->told && b->phase == note->phase && b->state == note->state &&
	    str_eq(b->text, text))
		return;
	b->told = true;
	store(e, b, &clean, at_ms);
	move(b, &clean, at_ms);
	timeline_save(e, b);
}

/* The agent of a healthy machine is silent. */
static bool
agent_silent(const struct engine *e, const struct machine *m, int64_t now)
{
	if (!m->polled_ms || now - m->polled_ms < AGENT_QUIET_MS)
		return false;
	for (size_t i = 0; i < e->npolls; i++)
		if (e->polls[i].machine == m)
			return false;
	return true;
}

static void
sweep_boot(struct engine *e, struct machine *m, int64_t now)
{
	struct boot *b = m->boot;
	struct note note = { .phase = b->phase, .state = STATE_STALL, .from = "engine" };
	char text[96];

	if (b->state != STATE_BEGIN && b->state != STATE_DONE)
		return;
	if (b->healthy) {
		if (!agent_silent(e, m, now))
			return;
		snprintf(text, sizeof(text), "no word from its agent for %d s",
			 AGENT_QUIET_MS / 1000);
	} else {
		if (b->end_ms || now - b->heard_ms < quiet_s[b->phase] * (int64_t)1000)
			return;
		snprintf(text, sizeof(text), "no word for %d s", quiet_s[b->phase]);
	}
	note.text = text;
	timeline_note(e, b, &note);
}

void
timeline_sweep(struct engine *e)
{
	int64_t now = clock_mono_ms();

	for (size_t i = 0; i < e->nmachines; i++)
		if (e->machines[i]->boot)
			sweep_boot(e, e->machines[i], now);
}
