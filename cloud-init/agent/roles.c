/*
 * Roles: on control-plane machines the cluster gets its objects, stage by stage; every node waits
 * until it is Ready.
 */
#include <stdio.h>

#include "cloud-init/agent/apply.h"
#include "cloud-init/agent/cluster.h"
#include "cloud-init/agent/upkeep.h"
#include "lib/json.h"
#include "lib/str.h"

/* After a restart of the agent the answer is gone. */
static enum step_word
know_act(struct agent *agent, char text[AGENT_TEXT])
{
	enum step_word word;

	if (agent->cluster.answer && !agent->cluster.stale)
		return STEP_DONE;
	word = cluster_ask(agent, text);
	if (word == STEP_DONE && !agent->cluster.none)
		return cluster_place(agent, text);
	return word;
}

/* While it was waited for Ready, the control plane may have lost its disks. */
static enum step_word
kept_act(struct agent *agent, char text[AGENT_TEXT])
{
	if (cluster_kept(agent))
		return STEP_DONE;
	cluster_again(agent, "the cluster was made anew");
	str_copy(text, AGENT_TEXT, "joins the cluster that was made anew");
	return STEP_BUSY;
}

static const json_t *
stage_now(const struct agent *agent)
{
	return json_array_get(json_object_get(agent->cluster.answer, "stages"),
			      agent->cluster.stage);
}

static int
apply_here(void *arg, struct err *err)
{
	return apply_stage(stage_now(arg), err);
}

static int
start_stage(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, apply_here, agent, err);
}

/* One node that joins changes one stage: the others need not be gone through for it. */
static bool
is_applied(const struct agent *agent, const json_t *stage)
{
	return json_equal(json_object_get(agent->cluster.applied, json_str(stage, "name", "")),
			  stage);
}

static void
note_applied(struct agent *agent, const json_t *stage)
{
	if (!agent->cluster.applied)
		agent->cluster.applied = json_object();
	json_object_set(agent->cluster.applied, json_str(stage, "name", ""),
			(json_t *)(uintptr_t)stage);
}

/* Rook's stages wait for disks of all machines. */
static bool
is_storage(const json_t *stage)
{
	const char *name = json_str(stage, "name", "");

	return str_eq(name, "storage") || str_starts(name, "rook");
}

static enum step_word
stages_act(struct agent *agent, char text[AGENT_TEXT])
{
	char what[48];
	const struct cluster_work work = {
		.what = what, .outside = true, .start = start_stage,
	};
	const json_t *stage;
	enum step_word word;

	for (; (stage = stage_now(agent)); agent->cluster.stage++) {
		if (is_applied(agent, stage))
			continue;
		snprintf(what, sizeof(what), "objects %.32s", json_str(stage, "name", ""));
		word = cluster_work(agent, &work, text);
		if (word != STEP_DONE) {
			agent->outside |= is_storage(stage);
			return word;
		}
		note_applied(agent, stage);
	}
	return STEP_DONE;
}

static int
start_settings(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, upkeep_settings, NULL, err);
}

/* Before Ready is waited for: what a wrong setting has broken, the next one mends. */
static enum step_word
settings_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = {
		.what = "gives the kubelet the site's settings", .start = start_settings,
	};

	if (!job_is(&agent->cluster.job) && !upkeep_settings_due())
		return STEP_DONE;
	return cluster_work(agent, &work, text);
}

static int
ready_here(void *arg, struct err *err)
{
	const struct agent *agent = arg;

	return apply_ready(json_str(agent->cluster.answer, "node", agent->input.name), err);
}

static int
start_ready(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, ready_here, agent, err);
}

static enum step_word
ready_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = {
		.what = "waits for the node to be Ready", .outside = true, .start = start_ready,
	};

	return cluster_work(agent, &work, text);
}

static void
name_roles(const struct agent *agent, char text[AGENT_TEXT])
{
	json_t *roles = json_object_get(agent->cluster.answer, "roles"), *role;
	struct buf all;
	size_t i;

	buf_init(&all);
	json_array_foreach(roles, i, role)
		buf_format(&all, "%s%s", i > 0 ? ", " : "",
			   json_is_string(role) ? json_string_value(role) : "?");
	snprintf(text, AGENT_TEXT, "Ready: %.240s", all.len > 0 ? all.text : "worker");
	buf_fini(&all);
}

enum step_word
roles_step(struct agent *agent, char text[AGENT_TEXT])
{
	static const cluster_act acts[] = {
		know_act, kept_act, stages_act, settings_act, ready_act, NULL,
	};
	enum step_word word;

	if (agent->cluster.none) {
		str_copy(text, AGENT_TEXT, "no roles");
		return STEP_DONE;
	}
	if (agent->cluster.stale) {	/* by the time it is applied it would be old */
		job_drop(&agent->cluster.job);
		agent->cluster.act = 0;
	}
	word = cluster_acts(agent, acts, text);
	if (word == STEP_DONE && agent->cluster.none)
		str_copy(text, AGENT_TEXT, "no roles");
	else if (word == STEP_DONE)
		name_roles(agent, text);
	return word;
}
