#ifndef AGENT_BLUESTORE_H
#define AGENT_BLUESTORE_H

#include <stddef.h>

#include "lib/err.h"

/*
 * The label of a Ceph OSD's block device: whose it is.  Ceph's bluestore_bdev_label_t (encoding 2,
 * compatible with 1): two lines of text, then its members in Ceph's own encoding, little-endian.
 */
#define BLUESTORE_LABEL 4096	/* bytes it is given on the disk */
#define BLUESTORE_LINE "bluestore block device\n"

struct bluestore {
	char osd_uuid[37];
	char fsid[37];		/* of the Ceph cluster; empty: the label does not say */
	char whoami[12];	/* the OSD's number, likewise */
};

/* 0, or -EINVAL: it is no such label, or one that cannot be read to its end.  Pure. */
int bluestore_parse(struct bluestore *ret, const void *data, size_t len, struct err *err);

#endif
