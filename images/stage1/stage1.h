#ifndef STAGE1_STAGE1_H
#define STAGE1_STAGE1_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "images/stage1/cmdline.h"
#include "images/stage1/nic.h"

/*
 * What is known of this boot.  It lies in memory that PID 1 shares with the worker that fills it
 * in, so it holds no pointers, `modules` excepted, which means something in the worker only.
 */
struct stage1 {
	struct cmdline args;
	struct nic nic;			/* the one we boot through, once it is up */
	uint64_t memory;		/* MemTotal, bytes */
	bool cached;			/* the root came from the state partition */
	bool person;			/* the last failure needs a person: phase state `stall` */
	atomic_llong alive_ms;		/* clock_mono_ms() of the last progress */
	struct modules *modules;
};

#define STAGE1_DIR "/run/bootserver"
#define STAGE1_ROOT STAGE1_DIR "/root.erofs"
#define STAGE1_NEWROOT "/newroot"	/* where the root stands until switch_root() */

#endif
