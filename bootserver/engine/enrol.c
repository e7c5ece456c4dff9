/*
 * Whose key this is.  A key that is pinned is recognised.  A first key is pinned if the site's
 * policy takes it: `listed` wants a machine that was taken in, a fresh nonce of its present boot,
 * and a request from the address leased to that boot's MAC (where another server leases: from the
 * address that fetched the nonce's script).  Everything else waits for a person, with a code.
 */
#include "engine/enrol.h"

#include <stdio.h>
#include <string.h>

#include "engine/ceph.h"
#include "engine/cluster.h"
#include "engine/decide.h"
#include "engine/machines.h"
#include "engine/timeline.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"

#define NONCE_FRESH_MS (30 * 60 * 1000)
#define PENDING_RETRY_S 10

static int
refuse(struct engine *e, const char *reason, json_t **ret_answer)
{
	*ret_answer = json_pack("{s:s, s:s}", "status", "refused", "reason", reason);
	e->metrics.refused++;
	return 403;
}

/* Why this request may not bring a first key of the boot, or NULL. */
static const char *
listed_fault(const struct engine *e, const struct agent_ask *ask)
{
	const struct boot *b = ask->boot;
	const char *leased = index_find(&e->leases, ask->ip);

	if (clock_now_ms() - b->nonce_ms > NONCE_FRESH_MS)
		return "the script of this boot is older than 30 minutes: reboot";
	if (e->site->dhcp != SITE_DHCP_AUTHORITATIVE)
		return strcmp(b->ip, ask->ip) == 0 ? NULL :
		       "the request does not come from the address that fetched this boot's script";
	if (!leased)
		return "the request comes from an address that is not leased";
	if (strcmp(leased, b->mac) != 0)
		return "the request comes from an address leased to another MAC";
	return NULL;
}

static bool
diskless(const struct engine *e, const struct machine *m)
{
	struct site_boot boot;

	machines_settings(e, m, &boot);
	return boot.diskless == 1 || strcmp(m->pin_state, "ram") == 0;
}

static void
take_facts(struct engine *e, struct machine *m, const json_t *said)
{
	json_t *facts = json_object_get(said, "facts");

	if (!json_is_object(facts))
		return;
	ceph_own(e, facts);
	if (cluster_is(e) && !json_equal(m->facts, facts))
		cluster_changed(e);
	json_decref(m->facts);
	m->facts = json_incref(facts);
	machines_touch(e, m);
}

static int
welcome(struct engine *e, const struct agent_ask *ask, json_t **ret_answer)
{
	struct boot *b = ask->boot;
	struct machine *m = b->machine;

	if (b != m->boot)
		timeline_revive(e, b);
	take_facts(e, m, ask->said);
	b->enrolled = true;
	timeline_save(e, b);
	m->polled_ms = clock_mono_ms();
	*ret_answer = json_pack("{s:s, s:s, s:I}", "status", "enrolled", "name", m->name, "counter",
				(json_int_t)m->counter);
	return 200;
}

static int
pend(struct engine *e, const struct agent_ask *ask, const char *state, json_t **ret_answer)
{
	struct boot *b = ask->boot;
	struct machine *m = b->machine;
	char text[128];
	struct note note = { .phase = PHASE_ENROL, .state = STATE_STALL, .from = "engine",
			     .text = text };

	if (strcmp(m->pending, ask->pin) != 0) {
		index_drop(&e->codes, m->code, m);
		m->code[0] = '\0';
	}
	machines_pending(e, m, ask->pin, state, ask->counter);
	machines_code(e, m);
	snprintf(text, sizeof(text), "its %skey waits for a person: bootserver approve %s",
		 m->pin[0] ? "new " : "", m->code);
	timeline_note(e, b, &note);
	*ret_answer = json_pack("{s:s, s:s, s:i}", "status", "pending", "code", m->code, "retry_s",
				PENDING_RETRY_S);
	return 202;
}

/* A key that is to hold the cluster's CAs is a person's to take, unless the site says otherwise. */
static bool
of_control_plane(const struct engine *e, const struct machine *m)
{
	return e->site->enrolment_control_plane != SITE_ENROL_LISTED && cluster_is(e) &&
	       (cluster_roles(e, m) & SITE_ROLE_CONTROL_PLANE) && decide_has_kube(e, m);
}

/* A key that is not the machine's pinned one. */
static int
new_key(struct engine *e, const struct agent_ask *ask, json_t **ret_answer)
{
	struct boot *b = ask->boot;
	struct machine *m = b->machine;
	const char *state = json_str(ask->said, "state", "new");
	struct note note = { .phase = PHASE_ENROL, .state = STATE_FAIL, .from = "engine" };

	if (b == m->former && !m->boot->script_ms)
		timeline_revive(e, b);
	if (b != m->boot || b->end_ms)
		return refuse(e, "this boot is over: reboot", ret_answer);
	if (index_find(&e->pins, ask->pin))
		return refuse(e, "this key is another machine's", ret_answer);
	note.text = listed_fault(e, ask);
	if (note.text) {
		timeline_note(e, b, &note);
		return refuse(e, note.text, ret_answer);
	}
	if (b->enrolled)
		return refuse(e, "another key has enrolled in this boot", ret_answer);
	if (e->site->enrolment == SITE_ENROL_APPROVE || of_control_plane(e, m))
		return pend(e, ask, state, ret_answer);
	if (m->pin[0] && !(strcmp(state, "ram") == 0 && diskless(e, m)))
		return pend(e, ask, state, ret_answer);
	machines_key(e, m, ask->pin, state, ask->counter);
	return welcome(e, ask, ret_answer);
}

int
enrol(struct engine *e, const struct agent_ask *ask, json_t **ret_answer)
{
	struct boot *b = ask->boot;

	if (!b)
		return refuse(e, "this boot's nonce is not known here: reboot", ret_answer);
	if (!machines_approved(e, b->machine))
		return refuse(e, "this machine was not taken in", ret_answer);
	if (strcmp(b->machine->pin, ask->pin) == 0)
		return welcome(e, ask, ret_answer);
	return new_key(e, ask, ret_answer);
}
