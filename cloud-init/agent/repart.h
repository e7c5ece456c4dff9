#ifndef AGENT_REPART_H
#define AGENT_REPART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What systemd-repart is told (repart.d(5)): one definition a partition, rendered from the size of
 * the disk and the wishes of the site file.  Pure.
 */
#define REPART_FILES 3

struct repart_wish {
	uint64_t disk;		/* bytes */
	uint64_t state;		/* wanted bytes of the state partition */
	bool rest;		/* make a partition of what is left */
};

struct repart_file {
	const char *name;	/* 10-esp.conf */
	char text[512];
};

/* Fills ret[0..n) and returns n, or 0 when the disk is too small (DISK_LEAST).  The state partition
 * gets what was wanted or what fits; the rest gets a partition if at least 1 GiB is left over
 * (`rest` takes at most what the wanted state leaves, never the state's own). */
size_t repart_render(const struct repart_wish *wish, struct repart_file ret[REPART_FILES]);

#endif
