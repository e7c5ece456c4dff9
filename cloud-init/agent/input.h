#ifndef AGENT_INPUT_H
#define AGENT_INPUT_H

#include <jansson.h>

#include "lib/err.h"
#include "lib/net.h"
#include "lib/sha256.h"

/*
 * What the agent is told from outside: /run/bootserver/site.json (docs/INTERFACES.md) and what
 * stage 1 knows of this boot, /run/bootserver/boot.json {url, machine, nonce, root, mac, ip};
 * without that file the kernel's command line says the same.
 */
struct input {
	json_t *site;			/* site.json, owned */
	json_t *boot;			/* boot.json or the like of it, owned */
	const json_t *machine;		/* site.json's machine */
	const char *name;		/* the machine's */
	const char *nonce, *url, *https, *ca, *engine, *root;	/* borrowed; never NULL */
	char mac[NET_MAC_TEXT];		/* of the boot NIC, empty if unknown */
};

/* -ENOENT without site.json, -EINVAL when something needed is missing in it. */
int input_read(struct input *ret, struct err *err);
void input_fini(struct input *input);

/* bootserver.* and BOOTIF of a command line as the members of boot.json (new reference).  Pure. */
json_t *input_cmdline(const char *text);

#endif
