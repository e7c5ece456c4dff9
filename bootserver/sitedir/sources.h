#ifndef SITEDIR_SOURCES_H
#define SITEDIR_SOURCES_H

#include <stddef.h>

#include "lib/err.h"
#include "site/parse.h"

/* `dirfd` is the site directory throughout this house (AT_FDCWD: the working directory is it). */

/* The site's files in the order they are read: "site.yaml", then machines.d/NAME.yaml by name; a
 * NULL-terminated list, the caller frees with sitedir_names_free(). */
int sitedir_names(int dirfd, char ***ret, size_t *ret_count, struct err *err);
void sitedir_names_free(char **names);

/* The files with their text, ready for site_parse(), or with why one cannot be read (for the folder
 * machines.d, under its own name).  Only where there is no site.yaml at all it fails: -ENOENT. */
struct sitedir_sources {
	struct site_source *items;
	size_t count;
};
int sitedir_sources_read(int dirfd, struct sitedir_sources *ret, struct err *err);
void sitedir_sources_fini(struct sitedir_sources *sources);

/* Reads and parses.  0 with a site; -EINVAL when findings hold an error (*ret untouched); -ENOENT
 * with the sentence where there is no site.yaml.  ret_findings is always set. */
int sitedir_load(int dirfd, struct site **ret, struct site_findings *ret_findings, struct err *err);

#endif
