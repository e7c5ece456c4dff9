#ifndef STAGE1_MODULES_H
#define STAGE1_MODULES_H

#include "lib/err.h"

/* Kernel modules by libkmod, from /lib/modules/<release> of the initrd.  There is no udev: devices
 * there at the start are found by walking /sys/bus, later ones by the kernel's uevents. */
struct modules;

int modules_open(struct modules **ret, struct err *err);

/* Loads what the devices that are there ask for, again while that brings new ones (buses).
 * Returns how many modules were loaded. */
unsigned modules_cold(struct modules *m);

/* Descriptor that is readable when devices came, and what to do then. */
int modules_fd(const struct modules *m);
unsigned modules_hot(struct modules *m);

/* Loads one by name; 0 also when it is there already or built in. */
int modules_load(struct modules *m, const char *name, struct err *err);

void modules_close(struct modules *m);

#endif
