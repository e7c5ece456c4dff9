#ifndef DNSMASQ_DNSMASQ_H
#define DNSMASQ_DNSMASQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "site/site.h"

/*
 * dnsmasq's configuration as a pure function of the site (dnsmasq(8)).  Rendered text is compared,
 * checked by `dnsmasq --test`, and never edited by hand.
 */

struct dnsmasq_paths {
	const char *tftp;	/* folder served */
	const char *leases;	/* lease file */
	const char *script;	/* program told of leases and transfers */
	const char *hosts;	/* --dhcp-hostsfile, of dnsmasq_hosts(); NULL: within the text */
	const char *names;	/* --addn-hosts (dnsmasq_names() writes it) */
	const char *user;	/* runs as, and the script too */
};

/* Where the keeper's namespace shows dnsmasq the site's run/ folder (keeper/namespace.c). */
extern const struct dnsmasq_paths dnsmasq_paths;

/* An extra reservation learnt by the engine (an approved machine that is not in the site file). */
struct dnsmasq_host {
	const char *mac, *name;
	uint32_t address;	/* 0: name only */
	const char *firmware;	/* the iPXE binary that a rule gives it; NULL: the usual one */
};

/* What the engine knows beside the site file; everything is borrowed and may be NULL. */
struct dnsmasq_learnt {
	const struct dnsmasq_host *hosts;
	size_t nhosts;
	const char *const *firmware;	/* by rule too, of the site's machines in their order */
};

/* Fresh memory, the caller frees.  A change of this text wants a restart of dnsmasq. */
char *dnsmasq_render(const struct site *site, const struct dnsmasq_paths *paths,
		     const struct dnsmasq_learnt *learnt);

/* The reservations alone, as --dhcp-hostsfile has them: dnsmasq reads them anew upon SIGHUP, which
 * cuts no TFTP transfer.  "" without DHCP.  Fresh memory, the caller frees. */
char *dnsmasq_hosts(const struct site *site, const struct dnsmasq_learnt *learnt);

/* dnsmasq's lease file without the leases of addresses that `hosts` (of dnsmasq_hosts(), beside
 * `conf` of dnsmasq_render()) reserves for others than those that have them.  Fresh memory, the
 * caller frees. */
char *dnsmasq_leases(const char *leases, const char *hosts, const char *conf);

/* A machine's address as the engine knows it: reserved, else where it was seen last. */
struct dnsmasq_name {
	const char *name;
	uint32_t address;	/* 0: none yet */
	bool reserved;
	bool api;		/* a control-plane machine: the API server's name leads here too */
};

/* Names and addresses as hosts(5) has them; read anew upon SIGHUP too.  Fresh memory, the caller
 * frees. */
char *dnsmasq_names(const struct site *site, const struct dnsmasq_name *names, size_t count);

/* One row of firmware/architectures: what a client of this option-93 number is given. */
struct dnsmasq_arch {
	int number;		/* RFC 4578 / IANA processor architecture types */
	const char *tag;	/* dnsmasq's tag; rows of one tag follow each other */
	const char *kind;	/* of binary that runs there: bios, x86_64, arm64 */
	const char *file;	/* TFTP file name, or the name below /ipxe/ for HTTP boot */
	const char *csa;	/* its name in --pxe-service (proxy), or NULL */
	bool http;		/* UEFI HTTP Boot */
	const char *what;	/* comment */
};
extern const struct dnsmasq_arch dnsmasq_archs[];	/* ends with file NULL */

#endif
