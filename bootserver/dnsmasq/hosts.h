#ifndef DNSMASQ_HOSTS_H
#define DNSMASQ_HOSTS_H

#include "dnsmasq/dnsmasq.h"
#include "lib/str.h"

/* Adds a line for each machine with a MAC and each learnt host, `prefix` before it. */
void hosts_add(struct buf *text, const struct site *site, const struct dnsmasq_learnt *learnt,
	       const char *prefix);

/* The kind (struct dnsmasq_arch) of an iPXE binary, by its name. */
const char *hosts_kind(const char *file);

#endif
