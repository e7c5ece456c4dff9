/*
 * Joining: from an enrolled machine to a node.  Each act may be done twice; what fails begins with
 * the question to the engine again, since its answer may be another one by then.
 */
#include <stdio.h>

#include "cloud-init/agent/away.h"
#include "cloud-init/agent/cluster.h"
#include "cloud-init/agent/kubeadm.h"
#include "cloud-init/agent/member.h"
#include "cloud-init/agent/seed.h"
#include "cloud-init/agent/unit.h"
#include "cloud-init/agent/upkeep.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define KNOCK_MS 2000

static const char *
action(const struct agent *agent)
{
	return json_str(agent->cluster.answer, "action", "");
}

static int
bring_all(void *arg, struct err *err)
{
	const struct agent *agent = arg;
	const struct part_source source = { agent->input.url, agent->input.nonce };
	int r = 0;

	for (size_t i = 0; r == 0 && i < agent->cluster.nparts; i++)
		r = part_bring(&agent->cluster.parts[i], &source, err);
	return r;
}

static int
start_parts(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, bring_all, agent, err);
}

static enum step_word
parts_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = { .what = "parts", .start = start_parts };

	return cluster_work(agent, &work, text);
}

static int
seed(void *arg, struct err *err)
{
	const struct agent *agent = arg;
	const struct cluster *cluster = &agent->cluster;
	int r = 0;

	if (seed_needed(cluster->parts, cluster->nparts)) {
		r = unit_stop("kubelet.service", err);
		if (r == 0)
			r = unit_stop("containerd.service", err);
		if (r == 0)
			r = seed_containerd(cluster->parts, cluster->nparts, err);
	}
	return r < 0 ? r : unit_start("containerd.service", err);
}

static int
start_seed(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, seed, agent, err);
}

static enum step_word
seed_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = { .what = "containerd", .start = start_seed };

	return cluster_work(agent, &work, text);
}

static int
clean(void *arg, struct err *err)
{
	(void)arg;
	return kubeadm_clean(err);
}

static int
start_clean(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, clean, agent, err);
}

/* What another cluster, or a kubeadm that did not end well, has left here. */
static enum step_word
clean_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = {
		.what = "cleans away an earlier join", .start = start_clean,
	};

	if (!job_is(&agent->cluster.job) && (cluster_kept(agent) || !node_traces()))
		return STEP_DONE;
	return cluster_work(agent, &work, text);
}

/* kubeadm would wait for minutes, and then tell of it in its own words. */
static enum step_word
api_act(struct agent *agent, char text[AGENT_TEXT])
{
	if (cluster_kept(agent) || !str_starts(action(agent), "join") ||
	    away_knock(agent->cluster.answer))
		return STEP_DONE;
	agent->step_at_ms = clock_mono_ms() + KNOCK_MS;
	agent->outside = true;
	str_copy(text, AGENT_TEXT, "waits for the API server: nobody answers there");
	return STEP_WAIT;
}

static int
drop_member(void *arg, struct err *err)
{
	const struct agent *agent = arg;
	const struct member_wish wish = {
		.name = json_str(agent->cluster.answer, "node", agent->input.name),
		.address = json_str(agent->input.boot, "ip", ""),
		.hosts = json_object_get(agent->cluster.answer, "hosts"),
	};

	return member_clean(&wish, err);
}

static int
start_member(struct agent *agent, struct err *err)
{
	return job_call(&agent->cluster.job, drop_member, agent, err);
}

/* Whatever etcd member has this machine's name: its folder is empty now, so it is none any more. */
static enum step_word
member_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = { .what = "etcd member", .start = start_member };

	if (cluster_kept(agent) || !str_eq(action(agent), "join-control-plane"))
		return STEP_DONE;
	return cluster_work(agent, &work, text);
}

static int
start_renew(struct agent *agent, struct err *err)
{
	static const char *const argv[] = { "kubeadm", "certs", "renew", "all", NULL };

	return job_start(&agent->cluster.job, argv, KUBEADM_MS, err);
}

/* The control plane's own certificates, before it starts: their CAs are here. */
static enum step_word
renew_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = {
		.what = "renews the control plane's certificates", .start = start_renew,
		.take = kubeadm_phase, .reason = kubeadm_reason,
	};

	if (!job_is(&agent->cluster.job) &&
	    (!cluster_kept(agent) || !node_certs_due(clock_now_ms() / 1000)))
		return STEP_DONE;
	return cluster_work(agent, &work, text);
}

static int
start_kubeadm(struct agent *agent, struct err *err)
{
	const char *const *command = kubeadm_command(action(agent));

	if (!command)
		return err_set(err, -1, "the engine asks for \"%.32s\"", action(agent));
	return job_start(&agent->cluster.job, command, KUBEADM_MS, err);
}

/* A kept node needs nothing but its kubelet, and that a certificate. */
static int
start_kept(const struct agent *agent, struct err *err)
{
	int r = upkeep_kubelet(clock_now_ms() / 1000, err);

	if (r > 0)
		log_info("machine=%s the kubelet's certificate had ended: it has a new one",
			 agent->input.name);
	return r < 0 ? r : unit_begin("kubelet.service", err);
}

static enum step_word
kubeadm_act(struct agent *agent, char text[AGENT_TEXT])
{
	static const struct cluster_work work = {
		.what = "kubeadm", .start = start_kubeadm, .take = kubeadm_phase,
		.reason = kubeadm_reason, .awaits = kubeadm_awaits,
	};
	const struct node_id id = cluster_node_id(agent);
	enum step_word word;
	struct err err;
	int r;

	if (cluster_kept(agent)) {
		r = start_kept(agent, &err);
	} else {
		word = cluster_work(agent, &work, text);
		if (word != STEP_DONE)
			return word;
		r = upkeep_settings_note(&err);
		if (r == 0)
			r = node_mark(&id, action(agent), &err);
	}
	if (r == 0)
		return STEP_DONE;
	agent_later(agent);
	snprintf(text, AGENT_TEXT, "%.250s", err.text);
	return STEP_FAIL;
}

/* Also after a restart between the mark and this word: the engine takes it twice. */
static enum step_word
done_act(struct agent *agent, char text[AGENT_TEXT])
{
	const char *word = str_eq(action(agent), "init") ? "init" : "join";

	if (cluster_tell(agent, "done", json_string(word)) == 0) {
		agent->cluster.stale = true;	/* a node is told other things */
		return STEP_DONE;
	}
	str_copy(text, AGENT_TEXT, "waits for the boot server to hear that it has joined");
	agent->outside = true;
	return STEP_WAIT;
}

/* No roles: containerd is there for whoever wants it. */
static int
start_alone(struct err *err)
{
	int r = 0;

	if (where_systemd() && !seed_is())
		r = seed_containerd(NULL, 0, err);
	return r < 0 ? r : unit_begin("containerd.service", err);
}

enum step_word
join_step(struct agent *agent, char text[AGENT_TEXT])
{
	static const cluster_act acts[] = {
		cluster_ask, parts_act, seed_act, clean_act, cluster_place, api_act,
		member_act, renew_act, kubeadm_act, done_act, NULL,
	};
	enum step_word word = cluster_acts(agent, acts, text);
	struct err err;

	if (word != STEP_DONE)
		return word;
	if (!agent->cluster.none) {
		snprintf(text, AGENT_TEXT, "%.64s, Kubernetes %.32s, cluster %.8s",
			 json_str(agent->cluster.answer, "action", ""),
			 json_str(agent->cluster.answer, "kubernetes", "?"),
			 json_str(agent->cluster.answer, "cluster", ""));
		return STEP_DONE;
	}
	if (start_alone(&err) == 0)
		return STEP_DONE;
	agent_later(agent);
	snprintf(text, AGENT_TEXT, "%.250s", err.text);
	return STEP_FAIL;
}
