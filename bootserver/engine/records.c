/* Machines and boots as rows of the database; the order of the columns is the schema's (db.c). */
#include "engine/records.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/str.h"

void
records_save_machine(struct engine *e, const struct machine *m)
{
	const struct plan_claims *c = &m->claims;
	char *facts = m->facts ? json_text(m->facts, NULL) : NULL;

	db_run(&e->db, DB_MACHINE_SAVE, "issssssssississisissssississsiii", m->id, m->name, c->uuid,
	       c->serial, c->asset, c->manufacturer, c->product, c->buildarch, c->platform,
	       (int64_t)c->cpu64, m->lldp, m->version, (int64_t)m->approved, m->code,
	       m->kind_set ? plan_kind_name(m->kind) : NULL, (int64_t)m->once, m->image,
	       (int64_t)m->generation, m->tried, m->last_good, m->pin, m->pin_state, m->counter,
	       m->pending, m->pending_state, m->pending_counter, m->ip, m->ip_mac, facts,
	       m->first_ms, m->seen_ms, (int64_t)m->vouched);
	free(facts);
}

void
records_read_machine(sqlite3_stmt *row, struct machine *ret)
{
	struct plan_claims *c = &ret->claims;
	const char *facts = db_text(row, 28);
	struct err err;

	ret->id = db_num(row, 0);
	str_copy(ret->name, sizeof(ret->name), db_text(row, 1));
	str_copy(c->uuid, sizeof(c->uuid), db_text(row, 2));
	str_copy(c->serial, sizeof(c->serial), db_text(row, 3));
	str_copy(c->asset, sizeof(c->asset), db_text(row, 4));
	str_copy(c->manufacturer, sizeof(c->manufacturer), db_text(row, 5));
	str_copy(c->product, sizeof(c->product), db_text(row, 6));
	str_copy(c->buildarch, sizeof(c->buildarch), db_text(row, 7));
	str_copy(c->platform, sizeof(c->platform), db_text(row, 8));
	c->cpu64 = db_num(row, 9);
	str_set(&ret->lldp, db_text(row, 10));
	str_set(&ret->version, db_text(row, 11));
	ret->approved = db_num(row, 12);
	str_copy(ret->code, sizeof(ret->code), db_text(row, 13));
	ret->kind_set = plan_kind_parse(&ret->kind, db_text(row, 14)) == 0;
	ret->once = db_num(row, 15);
	str_copy(ret->image, sizeof(ret->image), db_text(row, 16));
	ret->generation = (int)db_num(row, 17);
	str_copy(ret->tried, sizeof(ret->tried), db_text(row, 18));
	str_copy(ret->last_good, sizeof(ret->last_good), db_text(row, 19));
	str_copy(ret->pin, sizeof(ret->pin), db_text(row, 20));
	str_copy(ret->pin_state, sizeof(ret->pin_state), db_text(row, 21));
	ret->counter = db_num(row, 22);
	str_copy(ret->pending, sizeof(ret->pending), db_text(row, 23));
	str_copy(ret->pending_state, sizeof(ret->pending_state), db_text(row, 24));
	ret->pending_counter = db_num(row, 25);
	str_copy(ret->ip, sizeof(ret->ip), db_text(row, 26));
	str_copy(ret->ip_mac, sizeof(ret->ip_mac), db_text(row, 27));
	if (facts[0])
		json_parse(&ret->facts, facts, strlen(facts), &err);
	ret->first_ms = db_num(row, 29);
	ret->seen_ms = db_num(row, 30);
	ret->vouched = db_num(row, 31);
}

void
records_save_boot(struct engine *e, const struct boot *b)
{
	struct buf nonces;

	buf_init(&nonces);
	for (int i = 0; i < BOOT_NONCES && b->nonces[i][0]; i++)
		buf_format(&nonces, i ? " %s" : "%s", b->nonces[i]);
	db_run(&e->db, DB_BOOT_SAVE, "iiiiisissssissiissis", b->id, b->machine->id, b->begin_ms,
	       b->script_ms, b->end_ms, b->outcome, (int64_t)b->past,
	       b->script_ms ? plan_kind_name(b->kind) : NULL, b->image, b->reason, nonces.text,
	       b->nonce_ms, b->ip, b->mac, (int64_t)b->enrolled, b->seq, phase_name(b->phase),
	       phase_state_name(b->state), b->phase_ms, b->text);
	buf_fini(&nonces);
}

static void
read_nonces(const char *text, struct boot *ret)
{
	for (int i = 0; i < BOOT_NONCES && strlen(text) >= BOOT_NONCE - 1; i++) {
		memcpy(ret->nonces[i], text, BOOT_NONCE - 1);
		text += BOOT_NONCE - 1;
		text += *text == ' ';
	}
}

void
records_read_boot(sqlite3_stmt *row, struct boot *ret, int64_t *ret_machine)
{
	ret->id = db_num(row, 0);
	*ret_machine = db_num(row, 1);
	ret->begin_ms = db_num(row, 2);
	ret->script_ms = db_num(row, 3);
	ret->end_ms = db_num(row, 4);
	str_copy(ret->outcome, sizeof(ret->outcome), db_text(row, 5));
	ret->healthy = strcmp(ret->outcome, "healthy") == 0;
	ret->past = db_num(row, 6);
	if (plan_kind_parse(&ret->kind, db_text(row, 7)) < 0)
		ret->kind = ret->script_ms ? PLAN_FAILURE : PLAN_IMAGE;
	str_copy(ret->image, sizeof(ret->image), db_text(row, 8));
	str_copy(ret->reason, sizeof(ret->reason), db_text(row, 9));
	read_nonces(db_text(row, 10), ret);
	ret->nonce_ms = db_num(row, 11);
	str_copy(ret->ip, sizeof(ret->ip), db_text(row, 12));
	str_copy(ret->mac, sizeof(ret->mac), db_text(row, 13));
	ret->enrolled = db_num(row, 14);
	ret->seq = db_num(row, 15);
	phase_parse(&ret->phase, db_text(row, 16));
	phase_state_parse(&ret->state, db_text(row, 17));
	ret->phase_ms = db_num(row, 18);
	str_set(&ret->text, db_text(row, 19));
}
