#ifndef SITE_PARTS_H
#define SITE_PARTS_H

#include <stddef.h>
#include <stdint.h>

/* The small parts that the structs of site.h are made of. */

enum site_arch { SITE_ARCH_ANY, SITE_ARCH_AMD64, SITE_ARCH_ARM64 };
enum site_dhcp { SITE_DHCP_AUTHORITATIVE, SITE_DHCP_PROXY, SITE_DHCP_RELAY, SITE_DHCP_NONE };
enum site_enrolment { SITE_ENROL_LISTED, SITE_ENROL_APPROVE };
enum site_rest { SITE_REST_UNUSED, SITE_REST_STORAGE };

/* Where in the site's files something was said; for findings after parsing. */
struct site_place {
	int file;		/* index into site.files */
	int line, column;
};

struct site_list {
	char **items;		/* NULL-terminated; never NULL after parsing */
	size_t count;
};

struct site_pair {
	char *key, *value;
};

/* What a profile (by rule), then the machine, may say; NULL or -1 means "not said here". */
struct site_boot {
	char *image;		/* NAME or NAME@GENERATION */
	char *args;		/* more kernel arguments */
	char *system_disk;	/* name under /dev/disk/by-id/ */
	int64_t state_size;	/* bytes; default 64 GiB */
	int64_t trial_s;	/* seconds; default 30 minutes */
	int rest;		/* enum site_rest */
	int diskless;		/* 0, 1 */
	char *firmware;		/* iPXE binary instead of the table's */
	char *user_data;	/* cloud-init's */
	struct site_link *links;	/* links.h; with nlinks 0 and no NULL: none, whatever the
					 * profile says */
	size_t nlinks;
};

#endif
