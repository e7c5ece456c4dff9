#ifndef STAGE1_CMDLINE_H
#define STAGE1_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/sha256.h"

#define CMDLINE_DNS 2		/* the kernel's ip= has two places for name servers */

/* ip=<client>:<server>:<gw>:<mask>:<host>:<dev>:<autoconf>:<dns0>:<dns1>, as the kernel's
 * Documentation/admin-guide/nfs/nfsroot.rst has it.  Addresses are host-order, 0 when not given. */
struct cmdline_ip {
	uint32_t client, server, gateway;
	uint8_t prefix;		/* 1..32 */
	char host[64], device[16];
	uint32_t dns[CMDLINE_DNS];
	size_t ndns;
};

struct cmdline {
	char url[256];		/* http://…, no slash at the end */
	char machine[64];	/* empty: the server knows no name yet */
	char nonce[65];
	char root[SHA256_TEXT];	/* empty for `none`: stage 1 stays and starts the agent */
	uint64_t size;		/* of the root, bytes */
	uint64_t deadline_s;	/* without progress for so long, stage 1 reboots; 0: policy.c's */
	bool has_mac, has_ip;
	uint8_t mac[6];		/* of the interface iPXE booted through (BOOTIF) */
	struct cmdline_ip ip;
};

/* Reads /proc/cmdline's text: a later word wins over an earlier one of the same name, words that
 * are not ours are passed over.  -EINVAL with the sentence for a value that cannot be used or a
 * needed one that is missing; *ret is then untouched. */
int cmdline_parse(struct cmdline *ret, const char *text, struct err *err);

#endif
