/* What the agent knows of its cluster: see cluster.h. */
#include "cloud-init/agent/cluster.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/away.h"
#include "cloud-init/agent/cache.h"
#include "cloud-init/agent/place.h"
#include "cloud-init/agent/tune.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define ASK_MS 30000L
#define RETRY_S 5
#define REFUSED_MS 30000
#define AWAITED_MS 3000

/* Takes over a «go». */
static int
take_go(struct agent *agent, json_t *answer, struct err *err)
{
	struct cluster *cluster = &agent->cluster;
	struct part parts[PARTS_MOST];
	size_t count;
	int r;

	if (!json_str(answer, "cluster", NULL) || !json_str(answer, "digest", NULL))
		return err_set(err, -EBADMSG, "the engine's answer names no cluster");
	r = part_parse(json_object_get(answer, "parts"), parts, &count, err);
	if (r < 0)
		return r;
	memcpy(cluster->parts, parts, sizeof(parts));
	cluster->nparts = count;
	for (size_t i = 0; i < count; i++)
		cache_keep(parts[i].sha256);
	json_decref(cluster->answer);
	cluster->answer = json_incref(answer);
	cluster->none = false;
	cluster->stage = 0;
	return 0;
}

static enum step_word
take_answer(struct agent *agent, json_t *answer, char text[AGENT_TEXT])
{
	const char *status = json_str(answer, "status", ""), *why = json_str(answer, "text", "");
	int64_t retry_s = json_num(answer, "retry_s", RETRY_S);
	struct err err;

	snprintf(text, AGENT_TEXT, "%.250s", why);
	str_copy(agent->cluster.digest, sizeof(agent->cluster.digest),
		 json_str(answer, "digest", ""));
	agent->cluster.stale = false;
	if (str_eq(status, "go")) {
		if (take_go(agent, answer, &err) == 0)
			return STEP_DONE;
		agent_later(agent);
		snprintf(text, AGENT_TEXT, "%.250s", err.text);
		return STEP_FAIL;
	}
	if (str_eq(status, "none")) {
		agent->cluster.none = true;
		return STEP_DONE;
	}
	if (str_eq(status, "wait")) {
		retry_s = retry_s < 1 || retry_s > 300 ? RETRY_S : retry_s;
		agent->step_at_ms = clock_mono_ms() + retry_s * 1000;
		agent->outside = true;	/* another machine, or a person, is to come first */
		return STEP_WAIT;
	}
	agent->step_at_ms = clock_mono_ms() + REFUSED_MS;
	if (!why[0])
		str_copy(text, AGENT_TEXT, "the engine refuses and gives no reason");
	return STEP_STALL;
}

enum step_word
cluster_ask(struct agent *agent, char text[AGENT_TEXT])
{
	json_t *body = json_object(), *answer;
	const struct wire_question question = { PATH_CLUSTER, body, ASK_MS };
	enum step_word word = STEP_WAIT;
	struct err err;
	int r;
	char *csr = node_csr(agent->input.name, &err);

	if (!csr) {
		json_decref(body);
		agent_later(agent);
		snprintf(text, AGENT_TEXT, "the kubelet's key: %.200s", err.text);
		return STEP_FAIL;
	}
	json_put(body, "csr", csr);
	json_object_set_new(body, "have", node_have());
	str_copy(text, AGENT_TEXT, "waits for the boot server");
	agent->outside = true;
	r = talk_ask(agent, &question, &answer);
	if (r == 0) {
		agent->outside = false;
		word = take_answer(agent, answer, text);
		json_decref(answer);
	} else if (r == -ENOENT) {
		agent->cluster.none = true;
		str_copy(text, AGENT_TEXT, "no roles: the boot server knows of no clusters");
		word = STEP_DONE;
	}
	json_decref(body);
	free(csr);
	return word;
}

int
cluster_tell(struct agent *agent, const char *key, json_t *value)
{
	json_t *body = json_object(), *answer;
	const struct wire_question question = { PATH_CLUSTER, body, ASK_MS };
	int r;

	json_object_set_new(body, key, value);
	r = talk_ask(agent, &question, &answer);
	if (r == 0)
		json_decref(answer);
	json_decref(body);
	return r;
}

/* What only this machine's key can open. */
static int
place_sealed(struct agent *agent, struct err *err)
{
	/* Whichever certificate of its key the engine has sealed it to. */
	const struct cms_who who = { agent->key.pkey, NULL };
	const json_t *answer = agent->cluster.answer;
	json_t *inside = NULL;
	char *text = NULL;
	void *der = NULL;
	size_t len;
	int r;

	if (!json_is_string(json_object_get(answer, "sealed")))
		return 0;
	r = json_bytes(answer, "sealed", &der, &len);
	if (r < 0)
		err_set(err, r, "the engine's sealed files are no base64");
	if (r == 0)
		r = cms_unseal(&who, (struct cms_bytes){ der, len }, &text, &len, err);
	if (r == 0)
		r = json_parse(&inside, text, len, err);
	if (r == 0)
		r = place_files(json_object_get(inside, "files"), err);
	if (text)
		memset(text, 0, len);
	json_decref(inside);
	free(text);
	free(der);
	return r;
}

enum step_word
cluster_place(struct agent *agent, char text[AGENT_TEXT])
{
	const json_t *answer = agent->cluster.answer;
	struct err err;
	int r = place_files(json_object_get(answer, "files"), &err);

	if (r == 0)
		r = place_sealed(agent, &err);
	if (r == 0)
		r = place_hosts(json_object_get(answer, "hosts"), &err);
	if (r == 0) {
		tune_kernel(agent->input.name, json_str(agent->input.boot, "ip", ""));
		return STEP_DONE;
	}
	agent_later(agent);
	snprintf(text, AGENT_TEXT, "%.250s", err.text);
	return STEP_FAIL;
}

bool
cluster_has_role(const struct agent *agent, const char *role)
{
	json_t *roles = json_object_get(agent->cluster.answer, "roles"), *one;
	size_t i;

	json_array_foreach(roles, i, one)
		if (str_eq(json_string_value(one), role))
			return true;
	return false;
}

struct node_id
cluster_node_id(const struct agent *agent)
{
	const json_t *answer = agent->cluster.answer;

	return (struct node_id){ json_str(answer, "cluster", ""),
				 json_str(answer, "node", agent->input.name) };
}

bool
cluster_kept(const struct agent *agent)
{
	const struct node_id id = cluster_node_id(agent);

	return node_kept(&id);
}

void
cluster_again(struct agent *agent, const char *why)
{
	struct cluster *cluster = &agent->cluster;

	job_drop(&cluster->job);
	cluster->renews = false;
	cluster->act = 0;
	cluster->none = false;
	steps_back(&agent->steps, PHASE_JOIN, clock_mono_ms());
	agent_tell(agent, PHASE_JOIN, STATE_BEGIN, why, NULL);
}

struct telling {
	struct agent *agent;
	const struct cluster_work *work;
};

static void
tell_line(void *arg, const char *line)
{
	const struct telling *telling = arg;
	char *said = telling->agent->cluster.said;

	log_info("machine=%s %s: %s", telling->agent->input.name, telling->work->what, line);
	if (!telling->work->take)
		snprintf(said, AGENT_TEXT, "%.250s", line);
	else
		telling->work->take(line, said, AGENT_TEXT);
}

static enum step_word
await(struct agent *agent, const char *what, char text[AGENT_TEXT])
{
	job_drop(&agent->cluster.job);
	agent->cluster.act = 0;
	agent->step_at_ms = clock_mono_ms() + AWAITED_MS;
	agent->outside = true;
	str_copy(text, AGENT_TEXT, what);
	return STEP_WAIT;
}

static enum step_word
failed(struct agent *agent, const struct cluster_work *work, char text[AGENT_TEXT])
{
	struct job *job = &agent->cluster.job;
	const char *awaited = work->awaits ? work->awaits(job->out.text) : NULL;
	char why[AGENT_TEXT - 50];

	if (awaited)
		return await(agent, awaited, text);
	if (work->reason)
		work->reason(job->out.text, why, sizeof(why));
	else
		str_copy(why, sizeof(why), job_last(job));
	agent->outside = away_others(agent->cluster.answer) && away_word(job->out.text);
	snprintf(text, AGENT_TEXT, "%.40s: %s", work->what, why);
	job_drop(job);
	agent_later(agent);
	return STEP_FAIL;
}

/* Its beginning stands in the timeline; the first look has nothing to add to that. */
static void
begin(struct agent *agent, const struct cluster_work *work)
{
	agent_tell(agent, agent->steps.phase, STATE_BEGIN, work->what, NULL);
	agent->steps.state = work->outside ? STATE_WAIT : STATE_PROGRESS;
	str_copy(agent->steps.text, sizeof(agent->steps.text), work->what);
}

enum step_word
cluster_work(struct agent *agent, const struct cluster_work *work, char text[AGENT_TEXT])
{
	struct cluster *cluster = &agent->cluster;
	struct telling telling = { agent, work };
	struct err err;

	if (!job_is(&cluster->job)) {
		cluster->said[0] = '\0';
		if (work->start(agent, &err) < 0) {
			agent_later(agent);
			snprintf(text, AGENT_TEXT, "%.250s", err.text);
			return STEP_FAIL;
		}
		begin(agent, work);
	}
	if (job_runs(&cluster->job, tell_line, &telling)) {
		snprintf(text, AGENT_TEXT, "%.40s%s%.200s", work->what,
			 cluster->said[0] ? ": " : "", cluster->said);
		agent->outside = away_others(cluster->answer) && away_word(cluster->said);
		return work->outside ? STEP_WAIT : STEP_BUSY;
	}
	if (cluster->job.status != 0)
		return failed(agent, work, text);
	job_drop(&cluster->job);
	return STEP_DONE;
}

enum step_word
cluster_acts(struct agent *agent, const cluster_act *acts, char text[AGENT_TEXT])
{
	struct cluster *cluster = &agent->cluster;
	enum step_word word = STEP_DONE;

	while (acts[cluster->act] && !cluster->none) {
		word = acts[cluster->act](agent, text);
		if (word == STEP_FAIL)
			cluster->act = 0;
		if (word != STEP_DONE)
			return word;
		cluster->act++;
	}
	cluster->act = 0;
	return STEP_DONE;
}
