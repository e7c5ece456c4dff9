/*
 * The steps of the agent, one function a row.  A step says DONE, or why not; it is asked again a
 * little later, in this process or, after a crash, in the next one, so each may be done twice.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/facts.h"
#include "cloud-init/agent/health.h"
#include "cloud-init/agent/state.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/str.h"

#define STORAGE_MS 2000
#define HEALTH_MS 200

/* `state` has run before us; in recipe tiny nobody but us starts it. */
static int
have_verdict(struct agent *agent, struct err *err)
{
	int r;

	if (agent->has_verdict)
		return 0;
	r = verdict_read(&agent->verdict, err);
	if (r < 0 && !where_systemd()) {
		r = state_run(err);
		if (r == 0)
			r = verdict_read(&agent->verdict, err);
	}
	agent->has_verdict = r == 0;
	return r;
}

static enum step_word
facts_step(struct agent *agent, char text[AGENT_TEXT])
{
	struct err err;

	if (have_verdict(agent, &err) < 0) {
		snprintf(text, AGENT_TEXT, "waits for bootserver-state.service: %.150s", err.text);
		return STEP_WAIT;
	}
	ears_read(&agent->ears);
	json_decref(agent->facts);
	agent->facts = facts_collect(agent->input.mac, &agent->ears, agent->verdict.disks);
	facts_summary(agent->facts, text, AGENT_TEXT);
	return STEP_DONE;
}

/* The verdict is read again and again, so that a person can put things right on the machine and run
 * `bootserver-agent state` once more. */
static enum step_word
storage_step(struct agent *agent, char text[AGENT_TEXT])
{
	struct verdict now;
	struct err err;

	if (agent->verdict.result == VERDICT_STALLED && verdict_read(&now, &err) == 0) {
		verdict_fini(&agent->verdict);
		agent->verdict = now;
	}
	if (agent->verdict.result == VERDICT_STALLED) {
		agent->step_at_ms = clock_mono_ms() + STORAGE_MS;
		snprintf(text, AGENT_TEXT, "%.250s", agent->verdict.reason);
		return STEP_STALL;
	}
	snprintf(text, AGENT_TEXT, "state %s: %.230s", verdict_name(agent->verdict.result),
		 agent->verdict.reason);
	return STEP_DONE;
}

static enum step_word
healthy_step(struct agent *agent, char text[AGENT_TEXT])
{
	if (health_look(text, AGENT_TEXT))
		return STEP_DONE;
	agent->step_at_ms = clock_mono_ms() + HEALTH_MS;
	return STEP_WAIT;
}

static const struct doing doings[] = {
	{ PHASE_FACTS, facts_step },
	{ PHASE_ENROL, enrol_step },
	{ PHASE_STORAGE, storage_step },
	{ PHASE_JOIN, join_step },
	{ PHASE_ROLES, roles_step },
	{ PHASE_HEALTHY, healthy_step },
};

const struct doing *
doing_find(enum phase phase)
{
	for (size_t i = 0; i < sizeof(doings) / sizeof(*doings); i++)
		if (doings[i].phase == phase)
			return &doings[i];
	return NULL;
}
