#ifndef KEEPER_PROBE_H
#define KEEPER_PROBE_H

#include <stdbool.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

/* A process that looks from outside, as a machine would, whether something of ours serves. */

struct keeper;

struct probe {
	struct keeper *keeper;
	bool (*serves)(const struct keeper *keeper);	/* looks once, within a second or two */
	void (*seen)(struct keeper *keeper);		/* it does */
	pid_t pid;		/* 0: none */
	sd_event_source *exit;
};

void probe_init(struct keeper *keeper);	/* keeper->served: TFTP and web */
void probe_start(struct probe *probe);	/* looks until it is served */
void probe_stop(struct probe *probe);

#endif
