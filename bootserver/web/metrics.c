/*
 * What web counts: see metrics.h.  Counters of route × code are rows of a small list, histograms
 * are cumulative when they are written, as the text format has them.
 */
#include "web/metrics.h"

#include <inttypes.h>
#include <stdlib.h>

#include "web/queue.h"
#include "web/routes.h"

static const int64_t edges_ms[] = { 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 20000, 60000 };
#define EDGES (sizeof(edges_ms) / sizeof(edges_ms[0]))

struct histogram {
	uint64_t count[EDGES + 1];
	uint64_t sum_ms, total;
};

struct row {
	const struct route *route;	/* NULL: no such route */
	unsigned status;
	uint64_t count;
};

struct per_route {
	const struct route *route;
	struct histogram time;
};

struct metrics {
	struct row *rows;
	size_t nrows;
	struct per_route *routes;
	size_t nroutes;
	struct histogram engine;
	uint64_t engine_silent, sent, sent_away, still;
};

static void
observe(struct histogram *histogram, int64_t ms)
{
	size_t i = 0;

	while (i < EDGES && ms > edges_ms[i])
		i++;
	histogram->count[i]++;
	histogram->total++;
	histogram->sum_ms += ms > 0 ? (uint64_t)ms : 0;
}

struct metrics *
metrics_new(void)
{
	return mem_new(sizeof(struct metrics));
}

void
metrics_free(struct metrics *metrics)
{
	if (!metrics)
		return;
	free(metrics->rows);
	free(metrics->routes);
	free(metrics);
}

static struct row *
row_of(struct metrics *metrics, const struct route *route, unsigned status)
{
	struct row *row;

	for (size_t i = 0; i < metrics->nrows; i++)
		if (metrics->rows[i].route == route && metrics->rows[i].status == status)
			return &metrics->rows[i];
	metrics->rows = mem_grow(metrics->rows, metrics->nrows + 1, sizeof(*row));
	row = &metrics->rows[metrics->nrows++];
	*row = (struct row){ .route = route, .status = status };
	return row;
}

static struct histogram *
time_of(struct metrics *metrics, const struct route *route)
{
	struct per_route *one;

	for (size_t i = 0; i < metrics->nroutes; i++)
		if (metrics->routes[i].route == route)
			return &metrics->routes[i].time;
	metrics->routes = mem_grow(metrics->routes, metrics->nroutes + 1, sizeof(*one));
	one = &metrics->routes[metrics->nroutes++];
	*one = (struct per_route){ .route = route };
	return &one->time;
}

void
metrics_request(struct metrics *metrics, const struct route *route, unsigned status, int64_t ms)
{
	row_of(metrics, route, status)->count++;
	observe(time_of(metrics, route), ms);
}

void
metrics_sent(struct metrics *metrics, uint64_t bytes)
{
	metrics->sent += bytes;
}

void
metrics_sent_away(struct metrics *metrics)
{
	metrics->sent_away++;
}

void
metrics_still(struct metrics *metrics)
{
	metrics->still++;
}

void
metrics_engine(struct metrics *metrics, int64_t ms, bool answered)
{
	observe(&metrics->engine, ms);
	metrics->engine_silent += !answered;
}

static void
head(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void
single(struct buf *out, const char *name, const char *type, const char *help, uint64_t value)
{
	head(out, name, type, help);
	buf_format(out, "%s %" PRIu64 "\n", name, value);
}

/* `label` is `route="…"` or empty. */
static void
histogram_lines(struct buf *out, const char *name, const char *label,
		const struct histogram *histogram)
{
	const char *comma = *label ? "," : "";
	const char *open = *label ? "{" : "", *close = *label ? "}" : "";
	uint64_t sum = 0;

	for (size_t i = 0; i < EDGES; i++) {
		sum += histogram->count[i];
		buf_format(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, label, comma,
			   (double)edges_ms[i] / 1000, sum);
	}
	buf_format(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, label, comma,
		   histogram->total);
	buf_format(out, "%s_sum%s%s%s %g\n", name, open, label, close,
		   (double)histogram->sum_ms / 1000);
	buf_format(out, "%s_count%s%s%s %" PRIu64 "\n", name, open, label, close,
		   histogram->total);
}

static const char *
route_label(const struct route *route)
{
	return route ? route->pattern : "other";
}

static uint64_t
peers_of(const struct web *web)
{
	uint64_t count = 0;

	for (const struct peer *peer = web->peers; peer; peer = peer->next)
		count++;
	return count;
}

static void
render_queue(const struct web *web, struct buf *out)
{
	struct queue_figures now = queue_figures(web->queue);
	static const char waiting[] = "bootserver_transfers_waiting";

	single(out, "bootserver_transfer_slots", "gauge", "Large blobs that may be sent at once.",
	       now.slots);
	single(out, "bootserver_transfer_slots_used", "gauge", "Slots that are taken.",
	       now.running);
	head(out, waiting, "gauge", "Requests for large blobs that wait for a slot.");
	buf_format(out, "%s{where=\"held\"} %u\n%s{where=\"away\"} %u\n", waiting, now.held,
		   waiting, now.away);
	single(out, "bootserver_transfers_standing_still", "gauge",
	       "Transfers that move no more; their slots were given to others.", now.still);
	single(out, "bootserver_transfers_still_total", "counter",
	       "Transfers that stood still.", web->metrics->still);
	single(out, "bootserver_transfers_sent_away_total", "counter",
	       "Answers 503 with a place in the queue.", web->metrics->sent_away);
}

void
metrics_render(const struct web *web, struct buf *out)
{
	const struct metrics *metrics = web->metrics;
	static const char requests[] = "bootserver_http_requests_total";
	static const char time[] = "bootserver_http_request_duration_seconds";
	static const char engine[] = "bootserver_engine_answer_seconds";
	char label[128];

	head(out, requests, "counter", "Requests answered.");
	for (size_t i = 0; i < metrics->nrows; i++)
		buf_format(out, "%s{route=\"%s\",code=\"%u\"} %" PRIu64 "\n", requests,
			   route_label(metrics->rows[i].route), metrics->rows[i].status,
			   metrics->rows[i].count);
	head(out, time, "histogram", "From the whole request to the answer handed to the kernel.");
	for (size_t i = 0; i < metrics->nroutes; i++) {
		snprintf(label, sizeof(label), "route=\"%s\"",
			 route_label(metrics->routes[i].route));
		histogram_lines(out, time, label, &metrics->routes[i].time);
	}
	single(out, "bootserver_http_sent_bytes_total", "counter",
	       "Bytes that clients have acknowledged.", metrics->sent);
	single(out, "bootserver_http_connections", "gauge", "Open connections.", peers_of(web));
	single(out, "bootserver_http_transfers", "gauge", "Blobs being sent now.",
	       (uint64_t)web->in_flight);
	render_queue(web, out);
	head(out, engine, "histogram", "Time until the engine's answer.");
	histogram_lines(out, engine, "", &metrics->engine);
	single(out, "bootserver_engine_silent_total", "counter",
	       "Questions that the engine did not answer in time.", metrics->engine_silent);
}
