#ifndef DNSMASQ_EXPORT_H
#define DNSMASQ_EXPORT_H

#include "site/site.h"

/*
 * What another DHCP server must be told, so that its clients boot from here (`dhcp: {mode: none}`):
 * for each kind of server the settings to copy, out of the same table of firmware.
 */

/* "isc", "kea", "dnsmasq", "windows", "mikrotik"; ends with NULL. */
extern const char *const export_kinds[];

/* The settings for one kind, comments included; NULL: there is no such kind.  Fresh memory, the
 * caller frees. */
char *export_dhcp(const struct site *site, const char *kind);

#endif
