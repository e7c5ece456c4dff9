/*
 * Where the agent was, for its next life in the same boot: /run/bootserver/agent.json {nonce,
 * phase, enrolled, queue, orders, taken, results}.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define FILE_PATH WHERE_RUN "/agent.json"

static enum phase
parse_phase(const json_t *o)
{
	const char *name = json_str(o, "phase", "");
	enum phase phase = PHASE_FACTS;

	if (str_eq(name, "end"))
		return PHASE_COUNT;
	phase_parse(&phase, name);
	return phase < PHASE_FACTS ? PHASE_FACTS : phase;
}

static void
take_list(json_t **to, const json_t *o, const char *key)
{
	json_t *list = json_object_get(o, key);

	if (!json_is_array(list))
		return;
	json_decref(*to);
	*to = json_deep_copy(list);
}

static void
take(struct agent *agent, const json_t *o)
{
	struct err err;

	if (queue_parse(&agent->queue, json_object_get(o, "queue"), &err) < 0) {
		log_warn("machine=%s agent.json: %s", agent->input.name, err.text);
		return;
	}
	steps_init(&agent->steps, parse_phase(o), clock_mono_ms());
	agent->enrolled = json_flag(o, "enrolled", false);
	take_list(&agent->orders, o, "orders");
	take_list(&agent->taken, o, "taken");
	take_list(&agent->results, o, "results");
}

void
progress_load(struct agent *agent)
{
	char path[WHERE_MAX], *text;
	struct err err;
	json_t *o;
	size_t len;

	if (file_read(AT_FDCWD, where(path, FILE_PATH), &text, &len, &err) < 0)
		return;
	if (json_parse(&o, text, len, &err) == 0) {
		if (str_eq(json_str(o, "nonce", ""), agent->input.nonce))
			take(agent, o);
		json_decref(o);
	}
	free(text);
}

void
progress_save(struct agent *agent)
{
	json_t *o = json_object();
	char path[WHERE_MAX], *text;
	struct err err;
	size_t len;

	json_put(o, "nonce", agent->input.nonce);
	json_put(o, "phase", steps_all_done(&agent->steps) ? "end"
							   : phase_name(agent->steps.phase));
	json_put_flag(o, "enrolled", agent->enrolled);
	json_object_set_new(o, "queue", queue_format(&agent->queue));
	json_object_set(o, "orders", agent->orders);
	json_object_set(o, "taken", agent->taken);
	json_object_set(o, "results", agent->results);
	text = json_text(o, &len);
	if (file_update((struct file_new){ AT_FDCWD, where(path, FILE_PATH), 0600 }, text, len,
			&err) < 0)
		log_warn("machine=%s %s", agent->input.name, err.text);
	free(text);
	json_decref(o);
	agent->dirty = false;
}
