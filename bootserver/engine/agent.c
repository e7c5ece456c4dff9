/*
 * The agents' side of the engine.  A request is SignedData (RFC 5652); the key that signed it says
 * who speaks, its counter that nobody says it again.  Polls without an order are held until there
 * is one or their time is over.
 */
#include "engine/agent.h"

#include <stdlib.h>
#include <string.h>

#include "engine/cluster.h"
#include "engine/enrol.h"
#include "engine/machines.h"
#include "engine/timeline.h"
#include "engine/trial.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "site/signs.h"

#define POLL_MOST_S 60
#define EVENTS_MOST 200		/* of one request */

/* Signs and queues an answer; the reference is taken. */
static void
answer(struct engine *e, int64_t id, int status, json_t *body)
{
	json_t *message = json_object();
	unsigned char *der = NULL;
	struct err err;
	size_t len;
	char *text;
	struct cms_who who = { e->key, e->cert };

	json_put_num(body, "time_ms", clock_now_ms());
	text = json_text(body, &len);
	json_put(message, "type", "answer");
	json_put_num(message, "id", id);
	if (cms_sign(&who, (struct cms_bytes){ text, len }, &der, &len, &err) < 0) {
		log_error("text=\"%s\"", err.text);
		status = 500;
		json_put(message, "text", "the engine cannot sign\n");
	} else
		json_put_bytes(message, "der", der, len);
	json_put_num(message, "status", status);
	engine_send(e, e->web, message);
	free(der);
	free(text);
	json_decref(body);
}

static void
refuse(struct engine *e, int64_t id, int status, const char *reason)
{
	json_t *body = json_object();

	e->metrics.refused++;
	json_put(body, "status", "refused");
	json_put(body, "reason", reason);
	answer(e, id, status, body);
}

/* The pending orders and what the machine would boot now. */
static json_t *
poll_answer(struct engine *e, struct machine *m)
{
	json_t *plan = json_object(), *body = json_object();
	struct plan choice;

	machines_plan(e, m, &choice);
	if (choice.kind == PLAN_IMAGE) {
		json_put(plan, "image", choice.image->name);
		json_put_num(plan, "generation", choice.image->generation);
	}
	json_object_set_new(body, "orders", order_list(e, m));
	json_object_set_new(body, "plan", plan);
	str_copy(m->told, sizeof(m->told), cluster_digest(e, m));
	json_put(body, "cluster_digest", m->told);
	return body;
}

static void
release(struct engine *e, size_t at)
{
	struct held_poll poll = e->polls[at];
	json_t *body;

	e->polls[at] = e->polls[--e->npolls];
	if (poll.machine) {
		body = poll_answer(e, poll.machine);
		json_put_num(body, "received_ms", poll.received_ms);
		answer(e, poll.id, 200, body);
	} else
		refuse(e, poll.id, 403, "this machine is not known here any more");
}

static void
release_of(struct engine *e, const struct machine *m)
{
	for (size_t i = 0; i < e->npolls; i++)
		if (e->polls[i].machine == m) {
			release(e, i);
			return;
		}
}

/* Is there another answer about the cluster than the one that the agent knows? */
static bool
has_news(struct engine *e, struct machine *m)
{
	return m->told[0] && strcmp(m->told, cluster_digest(e, m)) != 0;
}

void
agent_tick(struct engine *e)
{
	bool changed = e->cluster && e->cluster->swept != e->cluster->changes;
	int64_t now = clock_mono_ms();

	for (size_t i = e->npolls; i-- > 0;)
		if (!e->polls[i].machine || now >= e->polls[i].until_ms ||
		    (changed && has_news(e, e->polls[i].machine)))
			release(e, i);
	if (changed)
		e->cluster->swept = e->cluster->changes;
}

void
agent_order(struct engine *e, struct machine *m, const struct order *order)
{
	order_add(e, m, order);
	release_of(e, m);
}

/* What a poll says of the machine's own state. */
static void
take_state(struct machine *m, const struct agent_ask *ask)
{
	const json_t *clock = json_object_get(ask->said, "clock");

	if (ask->boot)
		ask->boot->outside = json_flag(ask->said, "outside", false);
	if (!json_is_object(clock))
		return;
	m->clock.known = true;
	m->clock.offset_ms = json_num(clock, "offset_ms", 0);
	m->clock.within_ms = json_num(clock, "within_ms", 0);
}

static void
take_poll(struct engine *e, int64_t id, const struct agent_ask *ask, struct machine *m)
{
	int64_t wait_s = json_num(ask->said, "wait_s", 0);

	order_words(e, m, ask->said);
	take_state(m, ask);
	release_of(e, m);	/* an older request that its agent gave up */
	if (wait_s <= 0 || order_waits(e, m) || has_news(e, m)) {
		answer(e, id, 200, poll_answer(e, m));
		return;
	}
	if (wait_s > POLL_MOST_S)
		wait_s = POLL_MOST_S;
	e->polls = engine_room(e->polls, e->npolls, &e->polls_size, sizeof(*e->polls));
	e->polls[e->npolls++] = (struct held_poll){
		.machine = m, .id = id, .until_ms = clock_mono_ms() + wait_s * 1000,
		.received_ms = clock_now_ms() };
}

/* The agent's clock may be off: what counts is how long before this request it was. */
static int64_t
event_time(const struct boot *b, const json_t *event, int64_t sent_ms)
{
	int64_t now = clock_now_ms(), at = json_num(event, "at_ms", sent_ms);
	int64_t when = now - (sent_ms - at);

	if (sent_ms <= 0 || at <= 0 || when > now)
		return now;
	return when < b->begin_ms ? b->begin_ms : when;
}

static void
healthy(struct engine *e, struct boot *b)
{
	struct machine *m = b->machine;

	if (b->healthy)
		return;
	b->healthy = true;
	if (b->kind == PLAN_IMAGE && b->image[0]) {
		str_copy(m->last_good, sizeof(m->last_good), b->image);
		trial_passed(e, b);
		machines_touch(e, m);
	}
	timeline_end(e, b, "healthy");
}

static void
take_event(struct engine *e, struct boot *b, const json_t *event, int64_t sent_ms)
{
	const json_t *data = json_object_get(event, "data");
	int64_t seq = json_num(event, "seq", 0);
	struct note note = {.from = "agent",
			    .text = json_str(event, "text", ""),
			    .part = json_str(data, "part", NULL),
			    .done = json_num(data, "done", 0),
			    .total = json_num(data, "total", 0)};

	if (seq <= b->seq)
		return;
	b->seq = seq;
	timeline_save(e, b);
	if (phase_parse(&note.phase, json_str(event, "phase", "")) < 0 ||
	    phase_state_parse(&note.state, json_str(event, "state", "")) < 0)
		return;
	note.at_ms = event_time(b, event, sent_ms);
	timeline_note(e, b, &note);
	if (note.phase == PHASE_HEALTHY && note.state == STATE_DONE)
		healthy(e, b);
}

static void
take_events(struct engine *e, int64_t id, const struct agent_ask *ask, struct machine *m)
{
	const json_t *events = json_object_get(ask->said, "events");
	int64_t sent_ms = json_num(ask->said, "time_ms", 0);
	size_t count = json_array_size(events);

	(void)m;
	if (!ask->boot) {
		refuse(e, id, 403, "this boot's nonce is not known here");
		return;
	}
	for (size_t i = 0; i < count && i < EVENTS_MOST; i++)
		take_event(e, ask->boot, json_array_get(events, i), sent_ms);
	answer(e, id, 200, json_pack("{s:I}", "ack", (json_int_t)ask->boot->seq));
}

static void
take_enrol(struct engine *e, int64_t id, const struct agent_ask *ask)
{
	json_t *body = NULL;
	int status = enrol(e, ask, &body);

	answer(e, id, status, body);
}

/* The counter of a pinned key must grow, whatever is asked with it. */
static bool
counter_grows(struct engine *e, struct machine *m, int64_t counter)
{
	if (counter <= m->counter)
		return false;
	m->counter = counter;
	machines_touch(e, m);
	return true;
}

/* Its agent is heard again after silence. */
static void
heard(struct engine *e, struct machine *m)
{
	struct boot *b = m->boot;
	struct note note = { .phase = PHASE_HEALTHY, .state = STATE_DONE, .from = "engine",
			     .text = "its agent is heard again" };

	m->polled_ms = clock_mono_ms();
	if (b && b->healthy && b->state == STATE_STALL && b->text && str_starts(b->text, "no word"))
		timeline_note(e, b, &note);
}

static void
take_cluster(struct engine *e, int64_t id, const struct agent_ask *ask, struct machine *m)
{
	json_t *body = NULL;
	int status;

	if (!ask->boot) {
		refuse(e, id, 403, "this boot's nonce is not known here");
		return;
	}
	status = cluster_request(e, ask, m, &body);
	answer(e, id, status, body);
}

static void
take_known(struct engine *e, int64_t id, const struct agent_ask *ask, const char *path)
{
	struct machine *m = index_find(&e->pins, ask->pin);

	if (!m || (ask->boot && ask->boot->machine != m) || !machines_approved(e, m)) {
		refuse(e, id, 403, "this key is not enrolled");
		return;
	}
	if (ask->boot && ask->boot != m->boot)
		timeline_revive(e, ask->boot);
	heard(e, m);
	if (strcmp(path, "poll") == 0)
		take_poll(e, id, ask, m);
	else if (strcmp(path, "events") == 0)
		take_events(e, id, ask, m);
	else if (strcmp(path, "cluster") == 0)
		take_cluster(e, id, ask, m);
	else
		refuse(e, id, 404, "there is no such request");
}

/* What it tells of itself, of its orders and of the cluster is shown to people. */
static void
clean(json_t *said)
{
	static const char *const told[] = { "events", "facts", "report", "results" };

	for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
		signs_clean_json(json_object_get(said, told[i]));
}

/* Opens the SignedData: 0, or the HTTP status with the reason. */
static int
open_request(struct engine *e, const json_t *body, struct agent_ask *ret, struct err *err)
{
	char *data = NULL;
	void *der = NULL;
	size_t len;
	int r = 0;

	if (json_bytes(body, "der", &der, &len) < 0)
		return err_set(err, 400, "the request is not base64");
	if (cms_open((struct cms_bytes){ der, len }, &data, &len, &ret->cert, err) < 0)
		r = 400;
	else if (json_parse(&ret->said, data, len, err) < 0 || !json_is_object(ret->said))
		r = err_set(err, 400, "what was signed is no JSON object");
	else
		pki_cert_pin(ret->cert, ret->pin);
	free(data);
	free(der);
	if (r)
		return r;
	clean(ret->said);
	ret->ip = json_str(body, "ip", "");
	ret->counter = json_num(ret->said, "counter", 0);
	ret->boot = index_find(&e->nonces, json_str(ret->said, "nonce", ""));
	return 0;
}

static void
refuse_replay(struct engine *e, int64_t id, const struct machine *m)
{
	e->metrics.refused++;
	answer(e, id, 409, json_pack("{s:s, s:s, s:I}", "status", "refused", "reason",
				     "the counter does not grow", "counter",
				     (json_int_t)m->counter));
}

void
agent_request(struct engine *e, const json_t *body)
{
	const char *path = json_str(body, "path", "");
	int64_t id = json_num(body, "id", 0);
	struct agent_ask ask = { .boot = NULL };
	struct machine *m;
	struct err err = { .line = 0 };
	int status = open_request(e, body, &ask, &err);

	if (status) {
		refuse(e, id, status, err.text);
		goto out;
	}
	m = index_find(&e->pins, ask.pin);
	if (m && !counter_grows(e, m, ask.counter))
		refuse_replay(e, id, m);
	else if (strcmp(path, "enrol") == 0)
		take_enrol(e, id, &ask);
	else
		take_known(e, id, &ask, path);
out:
	X509_free(ask.cert);
	json_decref(ask.said);
}
