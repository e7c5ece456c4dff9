#ifndef ENGINE_METRICS_H
#define ENGINE_METRICS_H

#include <stdint.h>

#include "lib/str.h"

/* Counts for monitoring (Prometheus text format 0.0.4). */

#define METRICS_BUCKETS 9

struct metrics_histogram {
	uint64_t buckets[METRICS_BUCKETS + 1];	/* the last: beyond all limits */
	uint64_t count;
	double sum;
};

struct metrics {
	uint64_t healthy, over, failed;		/* boots by outcome */
	uint64_t decisions[6];			/* by enum plan_kind */
	uint64_t events, refused;		/* events kept; agents' requests refused */
	struct metrics_histogram boot_s;	/* power-on to healthy */
	struct metrics_histogram decision_s;	/* request read to answer sent */
};

struct engine;

void metrics_boot(struct metrics *metrics, int64_t ms);
void metrics_decision(struct metrics *metrics, int64_t ms);

/* All of it, the machines by state included. */
void metrics_format(struct engine *e, struct buf *ret);

#endif
