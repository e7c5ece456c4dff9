/*
 * Talking with the server after enrolment: events go up until they are acknowledged, orders come
 * down.  A server that is away is met again with growing patience; nothing is lost meanwhile.
 */
#include <errno.h>
#include <stdlib.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/order.h"
#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define BATCH 100
#define ASK_MS 20000L
#define POLL_MS 5000		/* from one poll to the next while the server does not hold them */

static int64_t
patience(unsigned int *tries)
{
	uint8_t chance;

	chance_bytes(&chance, 1);
	return clock_mono_ms() + steps_backoff_ms((*tries)++, chance);
}

void
agent_later(struct agent *agent)
{
	agent->step_at_ms = patience(&agent->tries);
}

/* The server no longer knows this key (restored from a backup, machine deleted): enrol again. */
static bool
forgotten(struct agent *agent, const char *path, long status)
{
	if (status != 401 && status != 403 && (status != 404 || str_eq(path, PATH_CLUSTER)))
		return false;
	log_warn("machine=%s the boot server does not know this machine's key: enrolling again",
		 agent->input.name);
	agent->enrolled = false;
	agent->dirty = true;
	steps_back(&agent->steps, PHASE_ENROL, clock_mono_ms());
	agent_later(agent);
	return true;
}

int
talk_ask(struct agent *agent, const struct wire_question *question, json_t **ret)
{
	struct wire_answer answer;
	struct err err;
	int r;

	if (!agent->enrolled || clock_mono_ms() < agent->send_at_ms)
		return -EAGAIN;
	r = wire_ask(&agent->wire, question, &answer, &err);
	if (r == 0 && answer.status != 200) {
		json_decref(answer.body);
		r = err_set(&err, -EPROTO, "status %ld", answer.status);
	}
	if (r == 0) {
		agent->sends = 0;
		*ret = answer.body;
		return 0;
	}
	if (answer.status != 409)	/* 409: the counter was moved, ask again at once */
		agent->send_at_ms = patience(&agent->sends);
	if (!forgotten(agent, question->path, answer.status))
		log_warn("machine=%s %s: %s", agent->input.name, question->path, err.text);
	return answer.status == 404 ? -ENOENT : r;
}

/* Sends the oldest events; true if some of them are now in store at the server. */
static bool
send_batch(struct agent *agent, json_t *batch)
{
	size_t before = json_array_size(agent->queue.events);
	json_t *body = json_object(), *answer;
	const struct wire_question question = { "/v1/self/events", body, ASK_MS };
	bool good = false;

	json_object_set_new(body, "events", batch);
	if (talk_ask(agent, &question, &answer) == 0) {
		queue_ack(&agent->queue, json_num(answer, "ack", 0));
		good = json_array_size(agent->queue.events) < before;
		agent->dirty = true;
		json_decref(answer);
		if (!good)
			agent->send_at_ms = patience(&agent->sends);
	}
	json_decref(body);
	return good;
}

void
talk_send(struct agent *agent)
{
	json_t *batch;

	while (agent->enrolled && clock_mono_ms() >= agent->send_at_ms &&
	       (batch = queue_batch(&agent->queue, BATCH)))
		if (!send_batch(agent, batch))
			break;
}

/* Something that concerns us has changed in the cluster. */
static void
notice(struct agent *agent, const json_t *answer)
{
	const char *now = json_str(answer, "cluster_digest", "");
	struct cluster *cluster = &agent->cluster;

	if (cluster->none && !cluster->digest[0])
		str_copy(cluster->digest, sizeof(cluster->digest), now);
	else if (now[0] && !str_eq(now, cluster->digest) && !cluster->stale) {
		cluster->stale = true;
		agent->step_at_ms = 0;	/* what was waited for may have come */
	}
}

/* The server's answer: what we told is in store there, and what is new. */
static void
take_answer(struct agent *agent, const json_t *answer, int64_t began)
{
	json_t *order;
	size_t i;

	notice(agent, answer);
	if (json_array_size(agent->taken) + json_array_size(agent->results) > 0)
		agent->dirty = true;
	json_array_clear(agent->taken);
	json_array_clear(agent->results);
	json_array_foreach(json_object_get(answer, "orders"), i, order)
		order_take(agent, order);
	agent->poll_at_ms = json_array_size(agent->taken) > 0 ? 0 : began + POLL_MS;
}

/* How far this machine's clock is from the server's, as the last exchange showed. */
static void
put_clock(const struct wire_clock *clock, json_t *body)
{
	if (clock->known)
		json_object_set_new(body, "clock",
				    json_pack("{s:I, s:I}", "offset_ms",
					      (json_int_t)clock->offset_ms, "within_ms",
					      (json_int_t)clock->within_ms));
}

void
talk_poll(struct agent *agent, int wait_s)
{
	int64_t began = clock_mono_ms();
	json_t *body, *answer;
	struct wire_question question = { "/v1/self/poll" };
	bool news = json_array_size(agent->taken) + json_array_size(agent->results) > 0;

	if (!agent->enrolled || began < agent->send_at_ms ||
	    (began < agent->poll_at_ms && !news))
		return;
	if (news || order_busy(agent))
		wait_s = 0;
	body = json_object();
	json_put_num(body, "wait_s", wait_s);
	json_object_set_new(body, "taken", json_copy(agent->taken));
	json_object_set_new(body, "results", json_copy(agent->results));
	json_put_flag(body, "outside", agent->outside);
	put_clock(&agent->wire.clock, body);
	question.body = body;
	question.timeout_ms = wait_s * 1000L + ASK_MS;
	if (talk_ask(agent, &question, &answer) == 0) {
		take_answer(agent, answer, began);
		json_decref(answer);
	}
	json_decref(body);
}
