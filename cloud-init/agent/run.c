/*
 * `bootserver-agent run`: turns the wheel.  Each turn asks the present step, tells what is new,
 * sends what is unsent, polls for orders, keeps agent.json true, and rests a moment; after
 * `healthy` the poll at the server is the rest.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/cache.h"
#include "cloud-init/agent/facts.h"
#include "cloud-init/agent/notify.h"
#include "cloud-init/agent/order.h"
#include "cloud-init/agent/say.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define REST_MS 200

void
agent_tell(struct agent *agent, enum phase phase, enum phase_state state, const char *text,
	   json_t *data)
{
	const struct queue_event event = { phase, state, text, clock_now_ms(), data };

	queue_add(&agent->queue, &event);
	agent->dirty = true;
	if (state == STATE_STALL || state == STATE_FAIL)
		say(phase_name(phase), "%s: %s", phase_state_name(state), text);
	else if (text[0])
		say(phase_name(phase), "%s", text);
}

static void
tell_news(struct agent *agent, const struct steps_news *news, const char *text)
{
	if (!news->tell)
		return;
	agent_tell(agent, news->phase, news->state, text, NULL);
	if (news->entered && !steps_all_done(&agent->steps))
		agent_tell(agent, agent->steps.phase, STATE_BEGIN, "", NULL);
}

/* Asks the present step, and the next ones as long as they are done at once. */
static void
step(struct agent *agent)
{
	const struct doing *doing;
	char text[AGENT_TEXT];
	struct steps_news news;
	enum step_word word;

	while (!steps_all_done(&agent->steps) && clock_mono_ms() >= agent->step_at_ms) {
		doing = doing_find(agent->steps.phase);
		text[0] = '\0';
		agent->outside = false;
		word = doing ? doing->step(agent, text) : STEP_DONE;
		steps_step(&agent->steps, word, text, clock_mono_ms(), &news);
		tell_news(agent, &news, text);
		if (word != STEP_DONE)
			break;
		agent->tries = 0;
		agent->step_at_ms = 0;
		progress_save(agent);
	}
}

/* A switch spoke after the facts were sent: the server gets them again. */
static void
listen(struct agent *agent)
{
	if (ears_read(&agent->ears) && agent->facts) {
		json_object_set_new(agent->facts, "nics",
				    facts_nics(agent->input.mac, &agent->ears));
		agent->stale = true;
	}
	if (agent->stale)
		enrol_refresh(agent);
}

/* Once, when the server has stored the word healthy. */
static void
settle(struct agent *agent)
{
	struct err err;
	int r;

	if (!steps_all_done(&agent->steps) || where_is(WHERE_RUN "/healthy") ||
	    json_array_size(agent->queue.events) > 0)
		return;
	say("healthy", "%s is healthy, the boot server knows", agent->input.name);
	if (where_write(WHERE_RUN "/healthy", 0644, "", &err) < 0)
		log_warn("machine=%s %s", agent->input.name, err.text);
	r = agent->verdict.result <= VERDICT_NEW ? cache_root(agent->input.root, &err) : 0;
	if (r < 0)
		log_warn("machine=%s image cache: %s", agent->input.name, err.text);
	else if (r > 0)
		say("storage", "root image kept on the state partition");
}

static void
rest(const struct agent *agent)
{
	const struct timespec pause = { REST_MS / 1000, REST_MS % 1000 * 1000000L };

	if (!steps_all_done(&agent->steps) || order_busy(agent) ||
	    agent->send_at_ms > clock_mono_ms() ||
	    agent->poll_at_ms > clock_mono_ms())
		nanosleep(&pause, NULL);
}

static void
turn(struct agent *agent)
{
	static void (*const parts[])(struct agent *agent) = { step, listen, talk_send, settle };
	int poll_s;
	bool calm;

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		parts[i](agent);
		notify_alive();
	}
	poll_s = tend(agent);
	if (agent->dirty)
		progress_save(agent);
	calm = steps_all_done(&agent->steps) && json_array_size(agent->queue.events) == 0;
	talk_poll(agent, calm ? notify_patience_s(poll_s) : 0);
	notify_alive();
	order_step(agent);
	if (agent->dirty)
		progress_save(agent);
	rest(agent);
}

/* A later life in the same boot: the facts and the key are needed whatever the phase. */
static void
resume(struct agent *agent)
{
	struct err err;

	progress_load(agent);
	if (agent->steps.phase == PHASE_FACTS) {
		if (agent->queue.last == 0)
			agent_tell(agent, PHASE_FACTS, STATE_BEGIN, "", NULL);
		return;
	}
	agent->has_verdict = verdict_read(&agent->verdict, &err) == 0;
	if (!agent->has_verdict || enrol_open_key(agent, &err) < 0) {
		log_warn("machine=%s beginning again: %s", agent->input.name, err.text);
		steps_init(&agent->steps, PHASE_FACTS, clock_mono_ms());
		agent->enrolled = false;
		return;
	}
	agent->facts = facts_collect(agent->input.mac, &agent->ears, agent->verdict.disks);
	say(phase_name(PHASE_FACTS), "going on where the agent was");
}

int
agent_run(struct err *err)
{
	static struct agent agent;
	int r;

	notify_init();
	r = input_read(&agent.input, err);
	if (r < 0)
		return r;
	queue_init(&agent.queue);
	agent.orders = json_array();
	agent.taken = json_array();
	agent.results = json_array();
	steps_init(&agent.steps, PHASE_FACTS, clock_mono_ms());
	ears_open(&agent.ears);
	resume(&agent);
	notify_ready();
	for (;;)
		turn(&agent);
}
