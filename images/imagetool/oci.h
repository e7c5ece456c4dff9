#ifndef IMAGETOOL_OCI_H
#define IMAGETOOL_OCI_H

#include <time.h>

#include <jansson.h>

#include "images/imagetool/store.h"

/*
 * Container images as the OCI image specification has them: configuration, manifest and the line of
 * index.json by which containerd takes the image in under its reference.
 */
struct oci_image {
	const char *reference;		/* "bootserver.local/pause:3.10.2" */
	const char *arch;		/* "amd64", "arm64" */
	const char *entry;		/* the entry point, NULL for none */
	time_t created;			/* seconds since 1970 */
	const struct blob *layers;	/* the lowest first */
	size_t nlayers;
};

/* Puts configuration and manifest; *ret is the image's line of the index, the caller's. */
int oci_image_put(int dirfd, const struct oci_image *image, json_t **ret, struct err *err);

/* Writes index.json and oci-layout; `lines` is an array of what oci_image_put() gave. */
int oci_index_write(int dirfd, json_t *lines, struct err *err);

#endif
