#ifndef FLEET_SCENARIO_H
#define FLEET_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/err.h"
#include "probe/firmware.h"

/*
 * A scenario: who the machines are and what lies between them and the server.  A file of lines
 * "key value", '#' for comments; the keys are in scenario.c.
 */

#define SCENARIO_KINDS 8

struct scenario {
	uint32_t machines;
	struct {
		const struct firmware *firmware;
		uint32_t weight;
	} kinds[SCENARIO_KINDS];
	uint32_t weights;	/* their sum */
	uint32_t seed;
	uint32_t spread_ms;	/* power-on: within so long */
	uint32_t patience_ms;	/* who has not booted by then is lost */
	uint32_t power_cut_ms;	/* all lose their power then, and get it back; 0: never */
	uint32_t loss_ppm, reorder_ppm;		/* of the frames, each way */
	uint32_t delay_ms;			/* each way */
	uint32_t rate_mbit;	/* of a machine's own link */
	uint32_t ring;		/* frames its card holds; 0: any number */
	uint32_t service_ns;	/* to take one frame out of the ring */
	bool stops;		/* an overrun ring stops for good (a model: bnxt) */
	uint32_t no_proxy, only_4011, bad_class;	/* one machine in so many; 0: none */
};

int scenario_read(struct scenario *ret, const char *path, struct err *err);

/* What machine `index` is. */
const struct firmware *scenario_firmware(const struct scenario *scenario, uint32_t index);

#endif
