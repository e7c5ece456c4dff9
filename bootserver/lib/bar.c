/* The progress bar of a transfer, as lines.  Pure: `now_ms` is a parameter. */
#include "lib/bar.h"

#include <stdio.h>

#define SOONEST_MS 500
#define LATEST_MS 15000
#define MIB 1048576.0

void
bar_init(struct bar *p, uint64_t total, uint64_t from, int64_t now_ms)
{
	unsigned tenth = total > 0 && from <= total ? (unsigned)(from * 10 / total) : 0;

	*p = (struct bar){ .total = total, .from = from, .began_ms = now_ms, .said_ms = now_ms,
				.tenth = tenth };
}

static void
format(const struct bar *p, uint64_t got, int64_t now_ms, char ret[BAR_LINE])
{
	static const char bar[] = "##########..........";
	double seconds = now_ms > p->began_ms ? (double)(now_ms - p->began_ms) / 1000 : 0.001;
	double speed = got > p->from ? (double)(got - p->from) / MIB / seconds : 0;

	if (p->total == 0) {
		snprintf(ret, BAR_LINE, "%.1f MiB  %.1f MiB/s", (double)got / MIB, speed);
		return;
	}
	snprintf(ret, BAR_LINE, "[%.10s] %3u %%  %.1f of %.1f MiB  %.1f MiB/s",
		 bar + 10 - p->tenth, (unsigned)((double)got * 100 / (double)p->total),
		 (double)got / MIB, (double)p->total / MIB, speed);
}

bool
bar_step(struct bar *p, uint64_t got, int64_t now_ms, char ret[BAR_LINE])
{
	bool all = p->total > 0 && got >= p->total;
	double part = p->total > 0 ? (double)got / (double)p->total : 0;
	unsigned tenth = all ? 10 : (unsigned)(part * 10);
	bool due = tenth > p->tenth && now_ms - p->said_ms >= SOONEST_MS;
	bool last = all && p->tenth < 10;

	if (!due && !last && (now_ms - p->said_ms < LATEST_MS || p->tenth == 10))
		return false;
	p->tenth = tenth;
	p->said_ms = now_ms;
	format(p, got, now_ms, ret);
	return true;
}
