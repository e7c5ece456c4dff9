#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/sha256.h"
#include "site/site.h"

/*
 * What a machine boots: decided from the machine, the site and the machine's history alone.  No
 * clock, no chance, no descriptor: the engine gathers the input and carries the answer out.
 */

enum plan_kind { PLAN_IMAGE, PLAN_LOCAL, PLAN_WAIT, PLAN_RESCUE, PLAN_MEMTEST, PLAN_FAILURE };

/* What the machine said of itself in its request (claims), each possibly "". */
struct plan_claims {
	char mac[NET_MAC_TEXT];
	char uuid[40], serial[129], asset[129], manufacturer[129], product[129];
	char buildarch[17];	/* iPXE's ${buildarch}: i386, x86_64, arm64 */
	char platform[17];	/* iPXE's ${platform}: pcbios, efi */
	bool cpu64;		/* i386 builds: `cpuid --ext 29` succeeded */
};

/* The generations there are of one image, newest last; borrowed from the caller. */
struct plan_part {
	char sha256[SHA256_TEXT];	/* "" when the image has no such part */
	uint64_t size;			/* bytes */
};
struct plan_image {
	const char *name;
	int generation;
	enum site_arch arch;
	struct plan_part kernel, initrd, root;
	const char *args;	/* the manifest's kernel arguments for this architecture */
	const char *fault;	/* why it may not be booted (signature, manifest), or NULL */
};

/* What the engine remembers of the machine. */
struct plan_history {
	bool approved;		/* by a person or a rule; machines in the site file always are */
	enum plan_kind kind;	/* what the operator asked for; PLAN_IMAGE by default */
	bool kind_set;
	const char *image;	/* the operator's reimage: NAME; NULL: the site's choice */
	int generation;		/* 0: newest */
	const char *code;	/* "ABCD-2345" shown while it waits */
	const char *last_good;	/* "edge@1", which was healthy here last; NULL: none was */
	const char *abandoned;	/* "edge@2", whose trial is over (trial.h); NULL: none */
};

struct plan {
	enum plan_kind kind;
	enum site_arch arch;
	const struct plan_image *image;		/* PLAN_IMAGE */
	bool fell_back;				/* to the last good one */
	const char *args;			/* borrowed from the site, may be NULL */
	char reason[160];	/* one sentence for timeline and screen */
};

/* Effective settings of a machine: machine over profile (by name or first fitting rule) over site
 * over the defaults (64 GiB of state, rest unused).  `machine` NULL: an unknown machine.  Strings
 * are borrowed from `site`. */
void plan_settings(const struct site *site, const struct site_machine *machine,
		   const struct plan_claims *claims, struct site_boot *ret);

/* The rule that takes in an unknown machine, or NULL. */
const struct site_rule *plan_rule(const struct site *site, const struct site_machine *machine,
				  const struct plan_claims *claims);

enum site_arch plan_arch(const struct plan_claims *claims);

/* All that a choice is made from; everything is borrowed. */
struct plan_ask {
	const struct site *site;
	const struct site_machine *machine;	/* NULL: not in the site file */
	const struct plan_claims *claims;
	const struct plan_history *history;
	const struct plan_image *images; /* all generations in the store, each architecture */
	size_t nimages;
};

/* Chooses; always gives a plan (PLAN_FAILURE with a reason at worst). */
void plan_choose(const struct plan_ask *ask, struct plan *ret);

const char *plan_kind_name(enum plan_kind kind); /* "image", "local", … = the script's name */
int plan_kind_parse(enum plan_kind *ret, const char *name);	/* 0 or -EINVAL */

#endif
