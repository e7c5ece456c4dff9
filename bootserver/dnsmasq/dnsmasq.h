#ifndef DNSMASQ_DNSMASQ_H
#define DNSMASQ_DNSMASQ_H

#include "site/site.h"

/*
 * dnsmasq's configuration as a pure function of the site (dnsmasq(8)).  Rendered text is compared,
 * checked by `dnsmasq --test`, and never edited by hand.
 */

struct dnsmasq_paths {
	const char *tftp;	/* folder served */
	const char *leases;	/* lease file */
	const char *script;	/* program told of leases and transfers */
	const char *hosts;	/* --dhcp-hostsdir folder, or NULL */
	const char *user;	/* runs as, "dnsmasq" */
};

/* An extra reservation learnt by the engine (an approved machine that is not in the site file). */
struct dnsmasq_host {
	const char *mac, *name;
	uint32_t address;	/* 0: name only */
};

/* Fresh memory, the caller frees. */
char *dnsmasq_render(const struct site *site, const struct dnsmasq_paths *paths,
		     const struct dnsmasq_host *hosts, size_t nhosts);

/* One row of firmware/architectures: what a client of this option-93 number is given. */
struct dnsmasq_arch {
	int number;		/* RFC 4578 / IANA processor architecture types */
	const char *file;	/* TFTP file name, or the name below /ipxe/ for HTTP boot */
	bool http;		/* UEFI HTTP Boot */
	const char *what;	/* comment */
};
extern const struct dnsmasq_arch dnsmasq_archs[];	/* ends with file NULL */

#endif
