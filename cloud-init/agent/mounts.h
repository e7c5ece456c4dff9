#ifndef AGENT_MOUNTS_H
#define AGENT_MOUNTS_H

#include <stdbool.h>

#include "lib/err.h"

/*
 * Mounts the state partition and puts what must outlive a boot onto it: a table of folders, each
 * bound over its place in the root.  Doing it twice does it once.
 */

/*
 * Keeps udev from a disk: it reads the partition table anew when somebody who could write closes
 * the disk, and for that moment no partition of it is there. By systemd's «Locking Block Device
 * Access»: waits until udev has done with /dev/<disk>. Returns a descriptor, whose close() lets go.
 */
int mounts_hold(const char *disk, struct err *err);

/* Checks (e2fsck -p, where that program is) and mounts /dev/<part> at WHERE_STATE. */
int mounts_state(const char *part, struct err *err);

/* Is another file system mounted at `place`? */
bool mounts_is(const char *place);

/* Without a state partition: memory at /var/lib/containerd, since an overlay cannot stand on the
 * root, which is one. */
int mounts_ram(struct err *err);

/* Binds all folders of the table. */
int mounts_bind(struct err *err);

#endif
