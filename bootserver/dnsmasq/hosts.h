#ifndef DNSMASQ_HOSTS_H
#define DNSMASQ_HOSTS_H

#include "dnsmasq/dnsmasq.h"
#include "lib/str.h"

/* Adds a line for each machine with a MAC and each learnt host, `prefix` before it. */
void hosts_add(struct buf *text, const struct site *site, const struct dnsmasq_host *hosts,
	       size_t nhosts, const char *prefix);

/* The machine's own iPXE binary (its own word, else its profile's), or NULL: the table's. */
const char *hosts_firmware(const struct site *site, const struct site_machine *machine);

/* The kind (struct dnsmasq_arch) of an iPXE binary, by its name. */
const char *hosts_kind(const char *file);

#endif
