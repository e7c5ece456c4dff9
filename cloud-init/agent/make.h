#ifndef AGENT_MAKE_H
#define AGENT_MAKE_H

#include "cloud-init/agent/disk.h"
#include "cloud-init/agent/repart.h"
#include "lib/err.h"

/*
 * Partitions a disk that disk_choose() said to make: renders /run/bootserver/repart.d, lets
 * systemd-repart try it dry, marks the disk (claim.h), lets systemd-repart do it, makes sure that
 * the kernel has seen the partitions, takes the mark away.  On success disk->state_part names the
 * new state partition and disk->signs is what is there now.
 */
int make_disk(struct disk *disk, const struct repart_wish *wish, struct err *err);

/* Takes away a mark that was left on a disk which turned out to be whole. */
void make_finish(const struct disk *disk);

#endif
