/* Counts for monitoring, in the text format of Prometheus. */
#include "engine/metrics.h"

#include <string.h>

#include "engine/core.h"
#include "engine/report.h"
#include "engine/timeline.h"

static const double boot_limits[METRICS_BUCKETS] = { 10, 20, 30, 45, 60, 120, 300, 600, 1800 };
static const double decision_limits[METRICS_BUCKETS] = {
	0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1
};
static const char *const states[] = {
	"new", "waiting", "booting", "healthy", "stalled", "failed", "away"
};
#define STATES (sizeof(states) / sizeof(states[0]))

static void
observe(struct metrics_histogram *histogram, const double *limits, double value)
{
	size_t at = 0;

	while (at < METRICS_BUCKETS && value > limits[at])
		at++;
	histogram->buckets[at]++;
	histogram->count++;
	histogram->sum += value;
}

void
metrics_boot(struct metrics *metrics, int64_t ms)
{
	observe(&metrics->boot_s, boot_limits, (double)ms / 1e3);
}

void
metrics_decision(struct metrics *metrics, int64_t ms)
{
	observe(&metrics->decision_s, decision_limits, (double)ms / 1e3);
}

static void
head(struct buf *ret, const char *name, const char *type, const char *help)
{
	buf_format(ret, "# HELP bootserver_%s %s\n# TYPE bootserver_%s %s\n", name, help, name,
		   type);
}

static void
format_histogram(struct buf *ret, const char *name, const struct metrics_histogram *histogram,
		 const double *limits)
{
	uint64_t below = 0;

	for (int i = 0; i < METRICS_BUCKETS; i++) {
		below += histogram->buckets[i];
		buf_format(ret, "bootserver_%s_bucket{le=\"%g\"} %llu\n", name, limits[i],
			   (unsigned long long)below);
	}
	buf_format(ret, "bootserver_%s_bucket{le=\"+Inf\"} %llu\nbootserver_%s_sum %.6f\n"
		   "bootserver_%s_count %llu\n", name, (unsigned long long)histogram->count, name,
		   histogram->sum, name, (unsigned long long)histogram->count);
}

static void
format_machines(struct engine *e, struct buf *ret)
{
	uint64_t counts[STATES] = { 0 };

	for (size_t i = 0; i < e->nmachines; i++) {
		const char *state = timeline_state(e->machines[i]);

		for (size_t s = 0; s < STATES; s++)
			counts[s] += strcmp(state, states[s]) == 0;
	}
	head(ret, "machines", "gauge", "Machines by state.");
	for (size_t s = 0; s < STATES; s++)
		buf_format(ret, "bootserver_machines{state=\"%s\"} %llu\n", states[s],
			   (unsigned long long)counts[s]);
}

static void
format_transfer(struct engine *e, struct buf *ret, const char *name, const char *help, size_t place)
{
	head(ret, name, "gauge", help);
	for (size_t i = 0; i < e->nmachines; i++) {
		const struct boot *b = e->machines[i]->boot;

		if (!b || !b->part[0] || b->total <= 0 || b->state == STATE_DONE || b->end_ms)
			continue;
		buf_format(ret, "bootserver_%s{machine=\"%s\",part=\"%s\"} %lld\n", name,
			   e->machines[i]->name, b->part,
			   (long long)*(const int64_t *)(const void *)((const char *)b + place));
	}
}

static void
format_transfers(struct engine *e, struct buf *ret)
{
	format_transfer(e, ret, "transfer_done_bytes", "How far each transfer is.",
			offsetof(struct boot, done));
	format_transfer(e, ret, "transfer_size_bytes", "How long the file of each transfer is.",
			offsetof(struct boot, total));
}

/* What the keeper last said of the children that are not this one. */
static bool
is_ready(const struct engine *e, int child)
{
	return strcmp(e->children[child].state, "ready") == 0;
}

static void
format_children(const struct engine *e, struct buf *ret)
{
	head(ret, "child_up", "gauge", "1 if this child of the server is ready.");
	buf_format(ret,
		   "bootserver_child_up{child=\"dnsmasq\"} %d\n"
		   "bootserver_child_up{child=\"web\"} %d\n"
		   "bootserver_child_up{child=\"chrony\"} %d\n",
		   e->site->dhcp == SITE_DHCP_NONE || is_ready(e, CHILD_DNSMASQ),
		   is_ready(e, CHILD_WEB),
		   !e->site->services.serve_time || is_ready(e, CHILD_CHRONY));
}

void
metrics_format(struct engine *e, struct buf *ret)
{
	const struct metrics *m = &e->metrics;

	format_machines(e, ret);
	format_children(e, ret);
	format_transfers(e, ret);
	head(ret, "images", "gauge", "Images of the store, all generations.");
	buf_format(ret, "bootserver_images %zu\n", e->images.count);
	head(ret, "boots_total", "counter", "Boots that ended, by outcome.");
	buf_format(ret,
		   "bootserver_boots_total{outcome=\"healthy\"} %llu\n"
		   "bootserver_boots_total{outcome=\"over\"} %llu\n"
		   "bootserver_boots_total{outcome=\"failed\"} %llu\n",
		   (unsigned long long)m->healthy, (unsigned long long)m->over,
		   (unsigned long long)m->failed);
	head(ret, "decisions_total", "counter", "Scripts given, by plan.");
	for (int kind = PLAN_IMAGE; kind <= PLAN_FAILURE; kind++)
		buf_format(ret, "bootserver_decisions_total{plan=\"%s\"} %llu\n",
			   plan_kind_name((enum plan_kind)kind),
			   (unsigned long long)m->decisions[kind]);
	head(ret, "events_total", "counter", "Events stored.");
	buf_format(ret, "bootserver_events_total %llu\n", (unsigned long long)m->events);
	head(ret, "agent_refused_total", "counter", "Requests of agents that were refused.");
	buf_format(ret, "bootserver_agent_refused_total %llu\n", (unsigned long long)m->refused);
	if (e->started && cluster_is(e))
		report_metrics(e, ret);
	head(ret, "boot_duration_seconds", "histogram",
	     "From the first word of a boot to healthy.");
	format_histogram(ret, "boot_duration_seconds", &m->boot_s, boot_limits);
	head(ret, "decision_duration_seconds", "histogram",
	     "From a boot request to its answer, the commit included.");
	format_histogram(ret, "decision_duration_seconds", &m->decision_s, decision_limits);
}
