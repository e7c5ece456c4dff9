#ifndef NETWORKD_NETWORKD_H
#define NETWORKD_NETWORKD_H

#include <stddef.h>

#include "site/site.h"

/* What a machine's files are made of; all is borrowed. */
struct networkd_ask {
	const struct site_boot *boot;	/* whose `links` count */
	const char *mac;		/* of the card it booted by, normal form */
	const char *ip;			/* the address that card was given, "" unknown */
};

/* Is told of each file: its name below /run/systemd/network, and its text (borrowed). */
typedef void networkd_take(void *user, const char *name, const char *text);

/* Tells each file of the machine's network once, in the order of the site file; none where the site
 * says nothing of it. */
void networkd_render(const struct networkd_ask *ask, networkd_take *take, void *user);

#endif
