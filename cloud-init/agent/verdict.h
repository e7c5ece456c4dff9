#ifndef AGENT_VERDICT_H
#define AGENT_VERDICT_H

#include <jansson.h>

#include "cloud-init/agent/disk.h"
#include "lib/err.h"

/*
 * What `state` found, for `run` and for people: /run/bootserver/state.json
 * {result: "kept|new|ram|stalled", disk, by_id, reason, disks: [as in facts]}.
 */
enum verdict_result { VERDICT_KEPT, VERDICT_NEW, VERDICT_RAM, VERDICT_STALLED };

struct verdict {
	enum verdict_result result;
	char disk[32], by_id[256], reason[512];
	json_t *disks;		/* owned array */
};

const char *verdict_name(enum verdict_result result);

/* The disks as facts tell them; `system` (may be NULL) is the one that is used.  New reference. */
json_t *verdict_disks(const struct disk *disks, size_t count, const struct disk *system);

int verdict_write(const struct verdict *verdict, struct err *err);
int verdict_read(struct verdict *ret, struct err *err);	/* -ENOENT: `state` has not run */
void verdict_fini(struct verdict *verdict);

#endif
