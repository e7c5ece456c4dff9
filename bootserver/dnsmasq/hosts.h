#ifndef DNSMASQ_HOSTS_H
#define DNSMASQ_HOSTS_H

#include "dnsmasq/dnsmasq.h"
#include "lib/str.h"

/* Adds what the configuration says of MACs, lines HOSTS_SET: a binary of the machine's own, and
 * whose they are when one line has no room for all of the machine's. */
#define HOSTS_SET "dhcp-mac=set:"
void hosts_add_tags(struct buf *text, const struct site *site,
		    const struct dnsmasq_learnt *learnt);

/* Adds a line for each machine with a MAC and each learnt host, `prefix` before it. */
void hosts_add(struct buf *text, const struct site *site, const struct dnsmasq_learnt *learnt,
	       const char *prefix);

/* The kind (struct dnsmasq_arch) of an iPXE binary, by its name. */
const char *hosts_kind(const char *file);

#endif
