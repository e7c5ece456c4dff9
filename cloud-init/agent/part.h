#ifndef AGENT_PART_H
#define AGENT_PART_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/err.h"
#include "lib/sha256.h"

/*
 * The image's further parts (docs/CLUSTER.md): EROFS files, fetched by digest, kept in the image
 * cache of the state partition (without one: in memory) and mounted at WHERE_RUN/<name>.
 */
#define PARTS_MOST 4
#define PART_PATH "/run/bootserver/kube/bin"	/* the programs of the part kube */

struct part {
	char name[16];		/* "kube", "ceph" */
	char sha256[SHA256_TEXT];
	uint64_t size;		/* bytes */
};

/* The engine's list; -EBADMSG for a part that we do not know or that is ill-formed.  Pure. */
int part_parse(const json_t *list, struct part ret[PARTS_MOST], size_t *ret_count,
	       struct err *err);

struct part_source {
	const char *url;	/* of the boot server: "http://10.9.0.1" */
	const char *nonce;
};

/* Fetches and mounts one that is not mounted yet; prints how far it is.  Takes its time. */
int part_bring(const struct part *part, const struct part_source *source, struct err *err);

#endif
