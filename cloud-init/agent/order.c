/*
 * Orders of the server.  One is taken when its poll brings it, and done when the server has
 * acknowledged that: so none is given twice, and none is lost with the agent.  What takes its time
 * is a job beside the wheel, one order after the other; the ways to leave wait for nobody.
 */
#include "cloud-init/agent/order.h"

#include <errno.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "cloud-init/agent/aside.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/identify.h"
#include "cloud-init/agent/say.h"
#include "cloud-init/agent/where.h"
#include "cloud-init/agent/wipe.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define CHILD_MS 60000

/* How each kind is done.  `run` is called in a process of its own: the last line that it prints
 * says how it went, its error why not; then `after` in this one, however that was.  `how` is for
 * reboot(2). */
static const struct order_kind {
	const char *name;
	int (*run)(const struct agent *agent, const json_t *order, struct err *err);
	int how;
	void (*after)(struct agent *agent);
} kinds[] = {
	{ "reboot", NULL, RB_AUTOBOOT },
	{ "poweroff", NULL, RB_POWER_OFF },
	{ "identify", identify_run },
	{ "wipe", wipe_run, .after = wipe_after },
};

static const struct order_kind *
find_kind(const json_t *order)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++)
		if (str_eq(kinds[i].name, json_str(order, "kind", "")))
			return &kinds[i];
	return NULL;
}

/* Its place among those that are not over, or -1. */
static int
find_order(const struct agent *agent, int64_t id)
{
	for (size_t i = 0; i < json_array_size(agent->orders); i++)
		if (json_num(json_array_get(agent->orders, i), "id", 0) == id)
			return (int)i;
	return -1;
}

/* It is over; the server hears it with the next poll. */
static void
finish(struct agent *agent, size_t at, bool good, const char *text)
{
	json_t *order = json_array_get(agent->orders, at);

	say("order", "%s %s: %s", json_str(order, "kind", "?"), good ? "done" : "failed", text);
	json_array_append_new(agent->results,
			      json_pack("{s:O, s:b, s:s}", "id", json_object_get(order, "id"),
					"good", good, "text", text));
	json_array_remove(agent->orders, at);
	agent->dirty = true;
}

void
order_take(struct agent *agent, const json_t *order)
{
	if (find_order(agent, json_num(order, "id", 0)) < 0)
		json_array_append_new(agent->orders, json_deep_copy(order));
	json_array_append(agent->taken, json_object_get(order, "id"));
	agent->dirty = true;
}

bool
order_busy(const struct agent *agent)
{
	return json_array_size(agent->orders) > 0;
}

/* Without systemd nobody else holds a file open. */
static int
leave(const struct order_kind *kind, struct err *err)
{
	const char *argv[] = { "systemctl", kind->name, NULL };

	say("order", "%s, as the boot server asks", kind->name);
	if (where_trial())
		return err_set(err, -EPERM, "not done below --root");
	if (where_systemd())
		return child_must(argv, CHILD_MS, err);
	sync();
	return reboot(kind->how) == 0 ? 0 : err_errno(err, -errno, "reboot(2)");
}

/* One of the ways to leave, wherever it stands in the list, since what comes before it may take
 * long: was there one? */
static bool
leave_if(struct agent *agent)
{
	for (size_t i = 0; i < json_array_size(agent->orders); i++) {
		const struct order_kind *kind = find_kind(json_array_get(agent->orders, i));
		struct err err;

		if (!kind || kind->run)
			continue;
		progress_save(agent);
		aside_set(agent);
		if (leave(kind, &err) < 0)
			finish(agent, i, false, err.text);
		else
			json_array_remove(agent->orders, i);
		return true;
	}
	return false;
}

struct call {
	const struct agent *agent;
	const json_t *order;
};

static int
run(void *arg, struct err *err)
{
	const struct call *call = arg;

	return find_kind(call->order)->run(call->agent, call->order, err);
}

static void
begin(struct agent *agent)
{
	const json_t *order = json_array_get(agent->orders, 0);
	struct call call = { agent, order };
	char text[AGENT_TEXT];
	struct err err;

	if (!find_kind(order)) {
		snprintf(text, sizeof(text), "this image's agent knows no order \"%.64s\"",
			 json_str(order, "kind", ""));
		finish(agent, 0, false, text);
		return;
	}
	say("order", "%s, as the boot server asks", json_str(order, "kind", ""));
	if (job_call(&agent->order_job, run, &call, &err) < 0)
		finish(agent, 0, false, err.text);
}

/* The job of the first order has ended. */
static void
end(struct agent *agent)
{
	const struct order_kind *kind = find_kind(json_array_get(agent->orders, 0));

	finish(agent, 0, agent->order_job.status == 0, job_last(&agent->order_job));
	job_drop(&agent->order_job);
	if (kind && kind->after)
		kind->after(agent);
}

void
order_step(struct agent *agent)
{
	struct job *job = &agent->order_job;

	if (json_array_size(agent->taken) > 0 || !order_busy(agent))
		return;
	if (leave_if(agent))
		return;		/* there may be another */
	if (job_is(job)) {
		if (job_runs(job, NULL, NULL))
			return;
		end(agent);
	} else {
		begin(agent);
	}
}
