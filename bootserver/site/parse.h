#ifndef SITE_PARSE_H
#define SITE_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "site/site.h"

/* One finding: FILE:LINE:COLUMN: error|warning: sentence. */
struct site_finding {
	bool error;		/* else a warning */
	char *file;
	int line, column;	/* from 1; 0: the whole file */
	char *text;		/* the sentence: what is wrong and what to do */
	char *excerpt;		/* the line of the file at fault, of a long one a part; or NULL */
	int excerpt_column;	/* where in it the fault is, in signs from 1 */
	int source;		/* index of the file in the sources; -1: none */
};

struct site_findings {
	struct site_finding *items;
	size_t count;
	size_t errors;		/* how many of them are errors */
};

/* "FILE:LINE:COLUMN: error|warning: sentence", no newline; fresh memory, the caller frees. */
char *site_finding_format(const struct site_finding *finding);

void site_findings_fini(struct site_findings *findings);

struct site_source {
	const char *name;	/* as shown: "site.yaml", "machines.d/n4.yaml" */
	const char *text;	/* YAML, need not end in a newline */
	size_t len;
	const char *fault;	/* why there is no text: a finding; else NULL */
};

/*
 * Reads the site: sources[0] is the whole site file, the others may hold `machines:` alone.  All
 * findings of syntax, schema and the rules between things (site/check.c) are collected, in the
 * order of the files; where a file of machines cannot be read, those of the others. Returns a site
 * (site_free()) if no finding is an error, else NULL; ret_findings is always set.
 */
struct site *site_parse(const struct site_source *sources, size_t count,
			struct site_findings *ret_findings);

/* What the image store holds. */
enum site_part {	/* bits */
	SITE_PART_BOOT = 1,		/* kernel and initrd */
	SITE_PART_KUBE = 2,		/* what a worker runs */
	SITE_PART_CONTROL_PLANE = 4,	/* the control plane's container images too */
	SITE_PART_CEPH = 8, SITE_PART_CSI = 16
};
struct site_image {
	const char *name;
	int generation;
	int holds[3];			/* enum site_part by enum site_arch; [0] is not used */
	const char *kubernetes;		/* "v1.36.4"; NULL: not said */
};
struct site_store {
	const struct site_image *images;
	size_t count;
};

/*
 * The findings alone, together with what only the store can tell (NULL: it is not looked at):
 * machines, profiles and the site name images and generations that are there, for the
 * architectures they are asked for.  An empty store is a warning (nothing at all while the site has
 * no machines), no error.  Machines of the cluster need the image's further parts.
 */
void site_examine(const struct site_source *sources, size_t count, const struct site_store *store,
		  struct site_findings *ret_findings);

/*
 * What cannot change once the cluster is made (API server's name, ranges of pods and services), as
 * lines "KEY VALUE"; fresh memory, the caller frees.  Who makes the cluster keeps it, and asks
 * site_check_frozen() of every later site: it adds an error for each that differs to the findings
 * of site_parse(); `sources` are those the site came from.  Unknown lines are passed over.
 */
char *site_cluster_frozen(const struct site *site);
void site_check_frozen(const struct site *site, const char *frozen,
		       const struct site_source *sources, struct site_findings *findings);

/* What the schema table writes: the commented sample (`init` fills in the five values; NULL: the
 * sample's own), the reference page (Markdown) and bootserver-site(5).  Fresh memory, the caller
 * frees. */
char *site_sample(const char *name, const char *domain, const char *interface, const char *address,
		  const char *range);
char *site_reference(void);
char *site_manual(void);

#endif
