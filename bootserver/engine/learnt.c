/*
 * A machine that is away on its own disk tells nothing; so a way there is held to have worked when
 * the machine does not ask again soon.  And one whose firmware begins anew again and again after it
 * has fetched an iPXE binary, without a word from that, cannot start it: it is given the other one.
 */
#include "engine/learnt.h"

#include <stdio.h>
#include <string.h>

#include "engine/roll.h"
#include "engine/start.h"
#include "engine/timeline.h"
#include "lib/clock.h"
#include "lib/log.h"
#include "lib/str.h"
#include "plan/local.h"

#define AWAY_MS 60000		/* who is back sooner has found nothing to boot */
#define MISSES 2		/* one may be a person's who switched it off */

static void
save(struct engine *e, const struct machine *m)
{
	db_run(&e->db, DB_LEARNT_SAVE, "isiisi", m->id, m->learnt.way, (int64_t)m->learnt.good,
	       m->learnt.tried_ms, m->learnt.binary, (int64_t)m->learnt.locked);
}

void
learnt_load(struct engine *e)
{
	sqlite3_stmt *row;

	for (row = db_ask(&e->db, DB_LEARNT, ""); db_next(&e->db, row);) {
		struct machine *m = roll_of_row(e, db_num(row, 0));

		if (!m)
			continue;
		str_copy(m->learnt.way, sizeof(m->learnt.way), db_text(row, 1));
		m->learnt.good = db_num(row, 2);
		m->learnt.tried_ms = db_num(row, 3);
		str_copy(m->learnt.binary, sizeof(m->learnt.binary), db_text(row, 4));
		m->learnt.locked = db_num(row, 5);
	}
}

void
learnt_way(struct engine *e, struct machine *m, const char *way)
{
	if (way[0] && !local_is_way(way))
		return;
	if (way[0])
		str_copy(m->learnt.way, sizeof(m->learnt.way), way);
	m->learnt.good = false;
	m->learnt.tried_ms = way[0] ? clock_now_ms() : 0;
	save(e, m);
}

void
learnt_back(struct engine *e, struct machine *m)
{
	if (!m->learnt.tried_ms)
		return;
	m->learnt.good = clock_now_ms() - m->learnt.tried_ms >= AWAY_MS;
	m->learnt.tried_ms = 0;
	save(e, m);
}

const char *
learnt_way_state(const struct machine *m)
{
	if (!m->learnt.way[0])
		return NULL;
	if (!m->learnt.tried_ms)
		return m->learnt.good ? "works" : "failed";
	return clock_now_ms() - m->learnt.tried_ms >= AWAY_MS ? "works" : "trying";
}

/* The binary is changed by a tag of the machine's MACs, for which dnsmasq is restarted. */
static void
change(struct engine *e, struct boot *b, const char *file, const char *other)
{
	struct note note = { .phase = PHASE_TFTP, .state = STATE_WAIT, .from = "engine" };
	struct machine *m = b->machine;
	const char *given = e->site->dhcp == SITE_DHCP_NONE ?
			    "have the site's DHCP server give it" : "from now on it is given";
	char text[220];
	struct err err;

	/* what it was given before, and not the first one again */
	m->learnt.locked = str_eq(m->learnt.binary, file) && !m->started;
	str_copy(m->learnt.binary, sizeof(m->learnt.binary), other);
	if (m->learnt.locked) {
		note.state = STATE_STALL;
		snprintf(text, sizeof(text), "it fetched %s and %s and started neither: Secure "
			 "Boot is on, and must be off", file, other);
	} else if (m->started)
		snprintf(text, sizeof(text), "it started %s %d times and never got to ask for its "
			 "script: %s %s", file, MISSES, given, other);
	else
		snprintf(text, sizeof(text), "it fetched %s %d times and did not start it: %s %s; "
			 "if that does not start either, Secure Boot is on", file, MISSES, given,
			 other);
	note.text = text;
	timeline_note(e, b, &note);
	save(e, m);
	if (start_again(e, &err) < 0)
		log_error("text=\"%s\"", err.text);
}

/* Firmware may fetch a file twice, for its size and then for its bytes. */
void
learnt_fetched(struct machine *m, const char *file)
{
	if (strcmp(file, "autoexec.ipxe") == 0)
		m->started = true;	/* what the binary itself does first */
	if (!local_other_binary(file))
		return;
	str_copy(m->fetched, sizeof(m->fetched), file);
	m->started = false;
}

void
learnt_again(struct engine *e, struct boot *b)
{
	struct machine *m = b->machine;
	struct site_boot boot;
	char file[sizeof(m->fetched)];

	if (!m->fetched[0])
		return;
	str_copy(file, sizeof(file), m->fetched);
	m->fetched[0] = '\0';
	if (++m->misses < MISSES)
		return;
	m->misses = 0;
	/* a person's word for this machine is not changed */
	plan_settings(e->site, m->site, &m->claims, &boot);
	if (!boot.firmware && m->nmacs)
		change(e, b, file, local_other_binary(file));
}

void
learnt_asked(struct engine *e, struct machine *m)
{
	m->fetched[0] = '\0';
	m->misses = 0;
	if (!m->learnt.locked)
		return;
	m->learnt.locked = false;
	save(e, m);
}
