#ifndef SITEDIR_IMAGES_H
#define SITEDIR_IMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"
#include "lib/sha256.h"
#include "site/site.h"

/*
 * The image store of a site directory: store/images/NAME/GENERATION.json (manifest), .json.cms (its
 * signature), store/sha256/<hex> (parts).  `dirfd` is the site directory.
 */

struct image_part {
	char *part;		/* "kernel", "initrd", "root", "kube", "ceph", … */
	enum site_arch arch;
	char sha256[SHA256_TEXT];
	uint64_t size;		/* bytes */
	char *version;		/* of what it brings: "v1.36.4"; NULL: not said */
	char **images;		/* container images in it, NULL-ended; NULL: not said */
};

struct image {
	char *name;
	int generation;		/* 0: not in a store (a built folder) */
	char *version;
	char identity[SHA256_TEXT];	/* SHA-256 of the manifest's bytes */
	struct image_part *parts;
	size_t nparts;
	char *args[3];		/* kernel arguments by enum site_arch; NULL: no such architecture */
	char *signer; /* common name of the trusted certificate that signed; NULL: none did */
	char *fault;		/* why the image may not be booted (signature, manifest), or NULL */
};

struct images {
	struct image *items;	/* by name, then generation */
	size_t count;
};

/* Reads a manifest; -EINVAL with the sentence if it is not as docs/INTERFACES.md says. */
int image_parse(struct image *ret, const char *text, size_t len, struct err *err);
void image_fini(struct image *image);

/* The part of that name for that architecture, or NULL. */
const struct image_part *image_part(const struct image *image, const char *part,
				    enum site_arch arch);
bool image_has_arch(const struct image *image, enum site_arch arch);	/* a kernel and an initrd */

/* All generations in the store; one whose manifest or signature is at fault is listed with `fault`
 * (signature by pki/engine.crt or one of pki/signers/).  A store that is not there is empty. */
int images_list(int dirfd, struct images *ret, struct err *err);
void images_fini(struct images *images);

/* NAME (generation 0: the newest without fault) or NULL. */
const struct image *images_find(const struct images *images, const char *name, int generation);

/* Reads NAME or NAME@GENERATION (then *ret_generation > 0, else 0); `ret_name` holds 64 bytes. */
int image_ref_parse(char ret_name[64], int *ret_generation, const char *text);

#endif
