/*
 * Enrolment: the machine shows its key and its facts, and waits until the engine takes it: at once
 * (policy `listed`), or when a person has confirmed the code that stands on the console.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/box.h"
#include "cloud-init/agent/mend.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define ASK_MS 20000L
#define REFUSED_MS 30000

int
enrol_open_key(struct agent *agent, struct err *err)
{
	char folder[WHERE_MAX];
	bool disk = agent->verdict.result <= VERDICT_NEW;
	int r;

	if (agent->has_key)
		return 0;
	where(folder, "%s", disk ? WHERE_KEY_DISK : WHERE_KEY_RAM);
	r = key_open(&agent->key, folder, agent->input.name, err);
	if (r < 0)
		return r;
	r = wire_open(&agent->wire, &agent->input, &agent->key, err);
	if (r < 0)
		key_fini(&agent->key);
	agent->has_key = r == 0;
	return r;
}

/* The clock, if a certificate cannot be checked with it; told in the timeline. */
static void
mend(struct agent *agent)
{
	int64_t delta = 0;
	char text[AGENT_TEXT];
	struct err err;

	if (mend_clock(&agent->input, agent->doubt, &delta, &err) < 0) {
		log_warn("machine=%s clock: %s", agent->input.name, err.text);
		return;
	}
	if (delta == 0)
		return;
	queue_shift(&agent->queue, delta);
	snprintf(text, sizeof(text), "clock moved by %lld s, on the boot server's word",
		 (long long)(delta / 1000));
	agent_tell(agent, PHASE_ENROL, STATE_BEGIN, text, NULL);
}

static int
ask(struct agent *agent, struct wire_answer *ret, struct err *err)
{
	enum verdict_result state = agent->verdict.result;
	json_t *o = json_object();
	const struct wire_question question = { "/v1/enrol", o, ASK_MS };
	int r;

	if (state == VERDICT_STALLED)
		state = VERDICT_RAM;
	json_put(o, "mac", agent->input.mac);
	json_object_set(o, "facts", agent->facts);
	json_put(o, "state", verdict_name(state));
	r = wire_ask(&agent->wire, &question, ret, err);
	json_decref(o);
	return r;
}

static void
show_code(struct agent *agent, const char *code)
{
	char machine[128], line[128];
	const char *lines[] = { "", "This machine waits for approval.", "", machine, line, "",
				"On the boot server:  bootserver approve CODE", "", NULL };
	struct buf text;

	if (str_eq(agent->code, code))
		return;
	str_copy(agent->code, sizeof(agent->code), code);
	snprintf(machine, sizeof(machine), "Machine:  %s", agent->input.name);
	snprintf(line, sizeof(line), "Code:     %s", code);
	buf_init(&text);
	box_render(&text, lines);
	printf("\n%s\n", text.text);
	fflush(stdout);
	buf_fini(&text);
}

static enum step_word
take_answer(struct agent *agent, const struct wire_answer *answer, char text[AGENT_TEXT])
{
	const char *status = json_str(answer->body, "status", "");
	int64_t retry_s = json_num(answer->body, "retry_s", 5);

	if (str_eq(status, "enrolled")) {
		key_jump(&agent->key, json_num(answer->body, "counter", 0));
		agent->enrolled = agent->dirty = true;
		agent->code[0] = '\0';
		snprintf(text, AGENT_TEXT, "%.64s approved",
			 json_str(answer->body, "name", agent->input.name));
		return STEP_DONE;
	}
	if (str_eq(status, "pending")) {
		if (retry_s < 1 || retry_s > 300)
			retry_s = 5;
		agent->step_at_ms = clock_mono_ms() + retry_s * 1000;
		show_code(agent, json_str(answer->body, "code", "?"));
		snprintf(text, AGENT_TEXT, "waits for approval of code %.31s", agent->code);
		agent->outside = true;
		return STEP_WAIT;
	}
	agent->step_at_ms = clock_mono_ms() + REFUSED_MS;
	snprintf(text, AGENT_TEXT, "refused: %.200s",
		 json_str(answer->body, "reason", "the engine gives no reason"));
	return STEP_STALL;
}

enum step_word
enrol_step(struct agent *agent, char text[AGENT_TEXT])
{
	struct wire_answer answer;
	enum step_word word;
	struct err err;
	int r;

	r = enrol_open_key(agent, &err);
	if (r < 0) {
		agent_later(agent);
		snprintf(text, AGENT_TEXT, "the machine's key: %.200s", err.text);
		return STEP_FAIL;
	}
	mend(agent);
	r = ask(agent, &answer, &err);
	agent->doubt = r == -EACCES;
	if (r < 0) {
		agent_later(agent);
		snprintf(text, AGENT_TEXT, "waits for the boot server: %.200s", err.text);
		agent->outside = true;
		return STEP_WAIT;
	}
	agent->tries = 0;
	word = take_answer(agent, &answer, text);
	json_decref(answer.body);
	return word;
}

void
enrol_refresh(struct agent *agent)
{
	struct wire_answer answer;
	struct err err;
	int r;

	if (!agent->enrolled || clock_mono_ms() < agent->send_at_ms)
		return;
	r = ask(agent, &answer, &err);
	json_decref(answer.body);
	agent->stale = r < 0;
	if (r < 0)
		agent->send_at_ms = clock_mono_ms() + REFUSED_MS / 10;
}
