#ifndef AGENT_PROBE_H
#define AGENT_PROBE_H

#include "cloud-init/agent/disk.h"
#include "lib/err.h"

/*
 * Looks at disks by reading alone: libblkid for partition tables, file systems, LVM, LUKS and
 * RAID; our own eyes for BlueStore labels beyond the first (at 1, 10, 100 and 1000 GiB), for
 * our mark, and for bytes that are not zero.
 */

/* Fills in what the bytes of `path` (a disk, or a file in tests) say: size, signs, state_part (as a
 * partition number's device name after disk->name), data …; what cannot be read sets `failed`. */
void probe_bytes(const char *path, struct disk *disk);

/* All disks of the machine (below /sys/block; no loop, RAM, optical, removable or stacked
 * devices) in the order of their names, at most `most`; `system_disk` (NULL: none) sets
 * `named`.  Returns how many. */
size_t probe_all(const char *system_disk, struct disk *ret, size_t most);

/* True when udev has given all of these disks their names. */
bool probe_named(void);

/* The device name of partition `number` of disk `name`: vda2, nvme0n1p2. */
void probe_partition_name(char ret[32], const char *name, int number);

#endif
