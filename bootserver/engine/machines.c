/*
 * Who is who.  A machine is known by what the site file says of it (MAC, UUID, serial), else by
 * what it says of itself: then it is recorded as unknown, "m-" and its MAC, and waits for a person.
 * All machines are in memory, found through indexes, and written back when a turn ends.
 */
#include "engine/machines.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cluster.h"
#include "engine/learnt.h"
#include "engine/records.h"
#include "engine/roll.h"
#include "engine/timeline.h"
#include "engine/trial.h"
#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/str.h"

/* UUIDs that makers of boards leave in by the thousand, beside all zeros and all ones. */
static const char *const junk_uuids[] = {
	"", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
	"03000200-0400-0500-0006-000700080009", "12345678-1234-5678-90ab-cddeefaabbcc",
};

/* The keys under which a machine's UUID, serial or board stand in e->uuids. */
static const char *
key_of(char *ret, size_t size, char kind, const char *text)
{
	if (!text || !text[0])
		return NULL;
	snprintf(ret, size, "%c %s", kind, text);
	return ret;
}

/* A board is told apart by UUID, serial and product together, and only if its UUID is its own. */
static const char *
board_key(char *ret, size_t size, const struct plan_claims *claims)
{
	for (size_t i = 0; i < sizeof(junk_uuids) / sizeof(junk_uuids[0]); i++)
		if (strcmp(claims->uuid, junk_uuids[i]) == 0)
			return NULL;
	snprintf(ret, size, "b %s %s %s", claims->uuid, claims->serial, claims->product);
	return ret;
}

void
machines_stale(struct engine *e, struct machine *m)
{
	if (m->stale)
		return;
	m->stale = true;
	e->stale = engine_room(e->stale, e->nstale, &e->stale_size, sizeof(*e->stale));
	e->stale[e->nstale++] = m;
}

void
machines_touch(struct engine *e, struct machine *m)
{
	m->changed = true;
	machines_stale(e, m);
}

bool
machines_known(const struct machine *m)
{
	return m->site || m->approved;
}

bool
machines_approved(const struct engine *e, const struct machine *m)
{
	const struct site_rule *rule;

	if (machines_known(m))
		return true;
	rule = plan_rule(e->site, NULL, &m->claims);
	return rule && rule->approve;
}

static void
add_mac(struct engine *e, struct machine *m, const char *mac)
{
	m->macs = mem_grow(m->macs, m->nmacs + 1, sizeof(*m->macs));
	m->macs[m->nmacs++] = str_dup(mac);
	index_put(&e->macs, mac, m);
}

static void
forget_mac(struct machine *m, const char *mac)
{
	for (size_t i = 0; i < m->nmacs; i++)
		if (strcmp(m->macs[i], mac) == 0) {
			free(m->macs[i]);
			m->macs[i] = m->macs[--m->nmacs];
			return;
		}
}

/* The MAC is this machine's from now on. */
static void
give_mac(struct engine *e, struct machine *m, const char *mac)
{
	struct machine *owner = index_find(&e->macs, mac);

	if (owner == m)
		return;
	if (owner)
		forget_mac(owner, mac);
	add_mac(e, m, mac);
	db_run(&e->db, DB_MAC_SAVE, "si", mac, m->id);
}

/* Into the indexes. */
static void
enlist(struct engine *e, struct machine *m)
{
	if (e->last_machine < m->id)
		e->last_machine = m->id;
	index_put(&e->names, m->name, m);
	index_put(&e->pins, m->pin, m);
	index_put(&e->pendings, m->pending, m);
	index_put(&e->codes, m->code, m);
	index_put(&e->ips, m->ip, m);
}

static struct machine *
add(struct engine *e, const char *name)
{
	struct machine *m = mem_new(sizeof(*m));

	m->id = e->last_machine + 1;
	str_copy(m->name, sizeof(m->name), name);
	m->first_ms = clock_now_ms();
	roll_add(e, m);
	enlist(e, m);
	records_save_machine(e, m);	/* now: its MACs and boots refer to it */
	return m;
}

static void
machine_free(struct engine *e, struct machine *m)
{
	timeline_free(e, m->boot);
	timeline_free(e, m->former);
	for (size_t i = 0; i < m->nmacs; i++)
		free(m->macs[i]);
	free(m->macs);
	json_decref(m->facts);
	free(m->lldp);
	free(m->version);
	free(m->wipe);
	free(m);
}

/* Nothing of it is to be saved any more. */
static void
forget_stale(struct engine *e, const struct machine *m)
{
	for (size_t i = 0; i < e->nstale; i++)
		if (e->stale[i] == m) {
			e->stale[i] = e->stale[--e->nstale];
			return;
		}
}

static void
drop(struct engine *e, struct machine *m)
{
	char key[512];

	db_run(&e->db, DB_MACHINE_DROP, "i", m->id);
	index_drop(&e->names, m->name, m);
	index_drop(&e->pins, m->pin, m);
	index_drop(&e->pendings, m->pending, m);
	index_drop(&e->codes, m->code, m);
	index_drop(&e->ips, m->ip, m);
	index_drop(&e->uuids, board_key(key, sizeof(key), &m->claims), m);
	for (size_t i = 0; i < m->nmacs; i++)
		index_drop(&e->macs, m->macs[i], m);
	for (size_t i = 0; i < e->npolls; i++)
		if (e->polls[i].machine == m)
			e->polls[i].machine = NULL;
	roll_drop(e, m);
	forget_stale(e, m);
	machine_free(e, m);
}

static void
rename_to(struct engine *e, struct machine *m, const char *name)
{
	index_drop(&e->names, m->name, m);
	roll_drop(e, m);
	str_copy(m->name, sizeof(m->name), name);
	roll_add(e, m);
	index_put(&e->names, m->name, m);
	records_save_machine(e, m);
}

static void
count_unknown(struct engine *e)
{
	e->unknown = 0;
	for (size_t i = 0; i < e->nmachines; i++)
		e->unknown += !machines_known(e->machines[i]);
}

void
machines_forget(struct engine *e, struct machine *m)
{
	drop(e, m);
	count_unknown(e);
}

/* A machine that asks to boot as it did before changes nothing but its boot. */
static int64_t
last_seen(const struct boot *b)
{
	int64_t boot_ms = b->script_ms > b->begin_ms ? b->script_ms : b->begin_ms;

	return boot_ms > b->machine->seen_ms ? boot_ms : b->machine->seen_ms;
}

int
machines_load(struct engine *e, struct err *err)
{
	sqlite3_stmt *row;

	for (row = db_ask(&e->db, DB_MACHINES, ""); db_next(&e->db, row);) {
		struct machine *m = mem_new(sizeof(*m));

		records_read_machine(row, m);
		roll_read(e, m);
		enlist(e, m);
		if (m->ip_mac[0])
			machines_lease(e, m->ip, m->ip_mac);
	}
	for (row = db_ask(&e->db, DB_MACS, ""); db_next(&e->db, row);) {
		struct machine *m = roll_of_row(e, db_num(row, 1));

		if (m)
			add_mac(e, m, db_text(row, 0));
	}
	for (row = db_ask(&e->db, DB_BOOTS_OPEN, ""); db_next(&e->db, row);) {
		struct boot *b = mem_new(sizeof(*b));
		int64_t machine;

		records_read_boot(row, b, &machine);
		b->machine = roll_of_row(e, machine);
		b->heard_ms = clock_mono_ms();
		b->told = true;
		b->machine->boot = b;
		b->machine->seen_ms = last_seen(b);
		if (e->last_boot < b->id)
			e->last_boot = b->id;
		for (int i = 0; i < BOOT_NONCES; i++)
			index_put(&e->nonces, b->nonces[i], b);
	}
	learnt_load(e);
	trials_load(e);
	roll_end(e);
	return e->db.fault ? err_set(err, e->db.fault, "the database cannot be read") : 0;
}

void
machines_fini(struct engine *e)
{
	for (size_t i = 0; i < e->nmachines; i++)
		machine_free(e, e->machines[i]);
	free(e->machines);
	free(e->stale);
	e->nmachines = e->nstale = 0;
}

/* The row of a machine of the site file: by name, else one whose MAC it now says is its own. */
static struct machine *
adopt(struct engine *e, const struct site_machine *s)
{
	struct machine *m = index_find(&e->names, s->name);

	for (size_t i = 0; !m && i < s->macs.count; i++) {
		m = index_find(&e->macs, s->macs.items[i]);
		if (m && (m->site || site_find_name(e->site, m->name)))
			m = NULL;
		if (m)
			rename_to(e, m, s->name);
	}
	return m ? m : add(e, s->name);
}

static void
drop_code(struct engine *e, struct machine *m)
{
	index_drop(&e->codes, m->code, m);
	m->code[0] = '\0';
	machines_touch(e, m);
}

static void
claim_site_keys(struct engine *e, struct machine *m)
{
	const struct site_machine *s = m->site;
	char key[512];

	for (size_t i = 0; i < s->macs.count; i++)
		give_mac(e, m, s->macs.items[i]);
	index_put(&e->uuids, key_of(key, sizeof(key), 'u', s->uuid), m);
	index_put(&e->uuids, key_of(key, sizeof(key), 's', s->serial), m);
	if (m->code[0] && !m->pending[0])
		drop_code(e, m);
}

void
machines_reconcile(struct engine *e)
{
	char key[512];

	index_fini(&e->uuids);
	for (size_t i = 0; i < e->nmachines; i++)
		e->machines[i]->site = NULL;
	for (size_t i = 0; i < e->site->nmachines; i++) {
		struct machine *m = adopt(e, &e->site->machines[i]);

		m->site = &e->site->machines[i];
	}
	for (size_t i = 0; i < e->nmachines; i++)
		if (e->machines[i]->site)
			claim_site_keys(e, e->machines[i]);
	for (size_t i = e->nmachines; i-- > 0;) {
		struct machine *m = e->machines[i];

		if (m->site)
			continue;
		if (!m->approved && m->nmacs == 0)
			drop(e, m);
		else
			index_put(&e->uuids, board_key(key, sizeof(key), &m->claims), m);
	}
	count_unknown(e);
}

/* Makes room for one more unknown machine: the one unseen for longest goes. */
static void
evict(struct engine *e)
{
	struct machine *oldest = NULL;

	for (size_t i = 0; i < e->nmachines; i++) {
		struct machine *m = e->machines[i];

		if (!machines_known(m) && !m->pin[0] && (!oldest || m->seen_ms < oldest->seen_ms))
			oldest = m;
	}
	if (oldest) {
		drop(e, oldest);
		e->unknown--;
	}
}

static struct machine *
add_unknown(struct engine *e, const char *mac)
{
	struct machine *m;
	char name[16];
	size_t len = 2;

	strcpy(name, "m-");
	for (const char *c = mac; *c && len < sizeof(name) - 1; c++)
		if (*c != ':')
			name[len++] = *c;
	name[len] = '\0';
	if (e->unknown >= UNKNOWN_MOST)
		evict(e);
	m = index_find(&e->names, name);
	if (m)
		return m;
	m = add(e, name);
	e->unknown++;
	return m;
}

static struct machine *
find_claimed(struct engine *e, const struct plan_claims *claims)
{
	struct machine *m = index_find(&e->macs, claims->mac);
	char key[512];

	if (!m)
		m = index_find(&e->uuids, key_of(key, sizeof(key), 'u', claims->uuid));
	if (!m)
		m = index_find(&e->uuids, key_of(key, sizeof(key), 's', claims->serial));
	if (!m)
		m = index_find(&e->uuids, board_key(key, sizeof(key), claims));
	return m;
}

/* A code is there as long as something of the machine waits for a person. */
static void
settle_code(struct engine *e, struct machine *m)
{
	if (!machines_approved(e, m))
		machines_code(e, m);
	else if (m->code[0] && !m->pending[0])
		drop_code(e, m);
}

struct machine *
machines_claim(struct engine *e, const struct plan_claims *claims)
{
	struct machine *m = find_claimed(e, claims);
	char key[512];

	if (!m)
		m = add_unknown(e, claims->mac);
	if (!index_find(&e->macs, claims->mac))
		give_mac(e, m, claims->mac);
	if (!m->site)
		index_drop(&e->uuids, board_key(key, sizeof(key), &m->claims), m);
	/* both are zero behind each text */
	if (claims->buildarch[0] && memcmp(&m->claims, claims, sizeof(*claims)) != 0) {
		m->claims = *claims;
		machines_touch(e, m);
	}
	if (!m->site)
		index_put(&e->uuids, board_key(key, sizeof(key), &m->claims), m);
	settle_code(e, m);
	m->seen_ms = clock_now_ms();	/* kept by the boot that begins or goes on with this */
	return m;
}

struct machine *
machines_find(struct engine *e, const char *text)
{
	struct machine *m = index_find(&e->names, text);
	char mac[NET_MAC_TEXT], code[10];
	size_t i;

	if (!m && net_mac_normal(mac, text) == 0)
		m = index_find(&e->macs, mac);
	if (m)
		return m;
	for (i = 0; text[i] && i < sizeof(code) - 1; i++)
		code[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
	code[i] = '\0';
	return text[i] ? NULL : index_find(&e->codes, code);
}

void
machines_code(struct engine *e, struct machine *m)
{
	while (!m->code[0]) {
		chance_code(m->code);
		if (index_find(&e->codes, m->code))
			m->code[0] = '\0';
	}
	index_put(&e->codes, m->code, m);
	machines_touch(e, m);
}

void
machines_key(struct engine *e, struct machine *m, const char *pin, const char *state,
	     int64_t counter)
{
	index_drop(&e->pins, m->pin, m);
	str_copy(m->pin, sizeof(m->pin), pin);
	str_copy(m->pin_state, sizeof(m->pin_state), state);
	m->vouched = false;
	m->counter = counter;
	index_put(&e->pins, m->pin, m);
	machines_touch(e, m);
}

void
machines_pending(struct engine *e, struct machine *m, const char *pin, const char *state,
		 int64_t counter)
{
	index_drop(&e->pendings, m->pending, m);
	str_copy(m->pending, sizeof(m->pending), pin);
	str_copy(m->pending_state, sizeof(m->pending_state), state);
	m->pending_counter = counter;
	index_put(&e->pendings, m->pending, m);
	machines_touch(e, m);
}

static int
check_name(struct engine *e, const struct machine *m, const char *name, struct err *err)
{
	struct machine *other = index_find(&e->names, name);

	if (!str_is_label(name))
		return err_set(err, -EINVAL, "\"%.64s\" is no name for a machine:"
			       " 1 to 63 of a-z, 0-9 and '-', not at the ends", name);
	if (site_needs_name(e->site, name))
		return err_set(err, -EINVAL, "\"%s\" is a name the site needs itself: give the "
			       "machine another", name);
	if (m->site)
		return err_set(err, -EEXIST, "%s has its name from the site file", m->name);
	if (other && other != m)
		return err_set(err, -EEXIST, "there is a machine %s already", name);
	return 0;
}

int
machines_approve(struct engine *e, struct machine *m, const char *name, struct err *err)
{
	int r = name ? check_name(e, m, name, err) : 0;

	if (r < 0)
		return r;
	if (machines_known(m) && !m->pending[0])
		return err_set(err, -EALREADY, "%s does not wait for approval", m->name);
	if (name && strcmp(name, m->name) != 0)
		rename_to(e, m, name);
	if (!machines_known(m)) {
		m->approved = true;
		e->unknown--;
	}
	if (m->pending[0]) {
		/* else it is the key that it has, which is to be vouched for */
		if (strcmp(m->pending, m->pin) != 0)
			machines_key(e, m, m->pending, m->pending_state, m->pending_counter);
		machines_pending(e, m, "", "", 0);
		m->vouched = true;
		cluster_changed(e);
	}
	drop_code(e, m);
	return 0;
}

void
machines_address(struct engine *e, struct machine *m, const char *ip, const char *mac)
{
	if (strcmp(m->ip, ip) == 0 && strcmp(m->ip_mac, mac) == 0)
		return;
	index_drop(&e->ips, m->ip, m);
	str_copy(m->ip, sizeof(m->ip), ip);
	str_copy(m->ip_mac, sizeof(m->ip_mac), mac);
	index_put(&e->ips, m->ip, m);
	e->names_stale = true;
	if (cluster_is(e))
		cluster_changed(e);
	machines_touch(e, m);
}

void
machines_lease(struct engine *e, const char *ip, const char *mac)
{
	char *old = index_find(&e->leases, ip);

	if (mac && old && strcmp(old, mac) == 0)
		return;
	if (mac)
		index_put(&e->leases, ip, str_dup(mac));
	else
		index_drop(&e->leases, ip, NULL);
	free(old);
}

void
machines_plan(const struct engine *e, const struct machine *m, struct plan *ret)
{
	struct plan_history history = {
		.approved = m->approved, .kind = m->kind, .kind_set = m->kind_set,
		.image = m->image[0] ? m->image : NULL, .generation = m->generation,
		.code = m->code, .last_good = m->last_good[0] ? m->last_good : NULL,
		.abandoned = m->trial.over ? m->trial.image : NULL,
	};
	struct plan_ask ask = {
		.site = e->site, .machine = m->site, .claims = &m->claims, .history = &history,
		.images = e->choices, .nimages = e->nchoices,
	};

	plan_choose(&ask, ret);
}

void
machines_plan_as(const struct engine *e, const struct machine *m, enum site_arch arch,
		 struct plan *ret)
{
	struct machine guess = *m;

	if (!m->claims.buildarch[0])
		str_copy(guess.claims.buildarch, sizeof(guess.claims.buildarch),
			 arch == SITE_ARCH_ARM64 ? "arm64" : "x86_64");
	machines_plan(e, &guess, ret);
}

void
machines_settings(const struct engine *e, const struct machine *m, struct site_boot *ret)
{
	plan_settings(e->site, m->site, &m->claims, ret);
}
