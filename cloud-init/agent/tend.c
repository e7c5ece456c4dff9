/*
 * After `healthy`: the engine's answer is asked for again when it has changed, files and objects
 * are put right by it without a reboot; a control-plane node tells the engine how the cluster is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud-init/agent/cluster.h"
#include "cloud-init/agent/report.h"
#include "cloud-init/agent/upkeep.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define POLL_S 60
#define REPORT_S 15
#define CERTS_MS 30000

/* What only the engine may read goes sealed to its certificate. */
static void
put_sealed(struct agent *agent, json_t *report, const json_t *rook)
{
	unsigned char *der;
	struct err err;
	size_t len, der_len;
	char *text;

	if (!json_is_object(rook))
		return;
	text = json_text(rook, &len);
	if (cms_seal(agent->wire.engine, (struct cms_bytes){ text, len }, &der, &der_len, &err)
	    == 0) {
		json_put_bytes(report, "sealed", der, der_len);
		free(der);
	} else {
		log_warn("machine=%s %s", agent->input.name, err.text);
	}
	free(text);
}

/* Told when it is another one than the engine has. */
static void
tell_report(struct agent *agent, const char *text)
{
	struct cluster *cluster = &agent->cluster;
	json_t *o, *report;
	struct err err;

	if (str_eq(text, cluster->report))
		return;
	if (json_parse(&o, text, strlen(text), &err) < 0) {
		log_warn("machine=%s report: %s", agent->input.name, err.text);
		return;
	}
	report = json_incref(json_object_get(o, "report"));
	put_sealed(agent, report, json_object_get(o, "rook"));
	if (cluster_tell(agent, "report", report) == 0) {
		free(cluster->report);
		cluster->report = str_dup(text);
	}
	json_decref(o);
}

static int
print_here(void *arg, struct err *err)
{
	const struct agent *agent = arg;

	return report_print(report_kinds(json_object_get(agent->cluster.answer, "stages")), err);
}

/* True while it looks. */
static bool
look(struct agent *agent)
{
	struct job *job = &agent->cluster.job;
	struct err err;

	if (!job_is(job)) {
		if (clock_mono_ms() < agent->cluster.look_at_ms)
			return false;
		agent->cluster.look_at_ms = clock_mono_ms() + REPORT_S * 1000;
		if (job_call(job, print_here, agent, &err) < 0)
			log_warn("machine=%s report: %s", agent->input.name, err.text);
	}
	if (job_runs(job, NULL, NULL))
		return true;
	if (job->status == 0)
		tell_report(agent, job_last(job));
	else
		log_warn("machine=%s report: %s", agent->input.name, job_last(job));
	job_drop(job);
	return false;
}

/* A control plane that runs for a year.  True while its certificates are renewed. */
static bool
renews(struct agent *agent)
{
	struct cluster *cluster = &agent->cluster;
	struct job *job = &cluster->job;
	struct err err;

	if (!cluster->renews) {
		if (job_is(job) || clock_mono_ms() < cluster->certs_at_ms)
			return false;
		cluster->certs_at_ms = clock_mono_ms() + CERTS_MS;
		if (!upkeep_certs_due(agent->input.name, clock_now_ms() / 1000))
			return false;
		cluster->renews = job_call(job, upkeep_certs, NULL, &err) == 0;
	}
	if (cluster->renews && job_runs(job, NULL, NULL))
		return true;
	if (cluster->renews && job->status == 0)
		agent_tell(agent, PHASE_ROLES, STATE_DONE,
			   "renewed the control plane's certificates", NULL);
	else
		log_warn("machine=%s the control plane's certificates are not renewed: %s",
			 agent->input.name, cluster->renews ? job_last(job) : err.text);
	job_drop(job);
	cluster->renews = false;
	return false;
}

int
tend(struct agent *agent)
{
	struct cluster *cluster = &agent->cluster;

	if (!steps_all_done(&agent->steps))
		return 0;
	if (cluster->stale || (!cluster->answer && !cluster->none)) {
		cluster_again(agent, cluster->stale ? "the site has changed" : "");
		return 0;
	}
	if (!cluster_has_role(agent, "control-plane"))
		return POLL_S;
	return renews(agent) || look(agent) ? 0 : REPORT_S;
}
