#ifndef STAGE1_ROOT_H
#define STAGE1_ROOT_H

#include <stdint.h>

#include "lib/err.h"

/* Mounts the EROFS in the file `image` read-only by a loop device, and over it an overlay in RAM of
 * at most `limit` bytes, as STAGE1_NEWROOT.  Needs the modules loop, erofs and overlay. */
int root_mount(const char *image, uint64_t limit, struct err *err);

/* Moves /dev, /proc, /sys and /run over, deletes the initrd, makes STAGE1_NEWROOT the root and
 * becomes its /sbin/init.  Only PID 1 may; returns only on failure. */
int root_switch(char **argv, struct err *err);

#endif
