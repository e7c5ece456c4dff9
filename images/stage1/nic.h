#ifndef STAGE1_NIC_H
#define STAGE1_NIC_H

#include <stddef.h>
#include <stdint.h>

#include "images/stage1/cmdline.h"
#include "lib/err.h"

struct modules;

/* The network interface we boot through. */
struct nic {
	int index;
	char name[16];		/* the kernel's; udev renames it later */
	uint8_t mac[6];
};

struct nic_options {
	int64_t wait_ms;		/* for the interface to appear, and again for its carrier */
	struct modules *modules;	/* loads drivers of devices that come late; may be NULL */
	void (*say)(const char *line);	/* what is being waited for */
};

/* Finds the interface that iPXE used (BOOTIF's MAC, else ip='s device, else the first with a
 * carrier), sets it and `lo` up, waits for its carrier and gives it address and default route. */
int nic_start(const struct cmdline *args, const struct nic_options *options, struct nic *ret,
	      struct err *err);

/* The text of a resolv.conf; `dns` host-order. */
char *nic_resolv_conf(const uint32_t *dns, size_t count);

#endif
