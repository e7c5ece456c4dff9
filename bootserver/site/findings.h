#ifndef SITE_FINDINGS_H
#define SITE_FINDINGS_H

#include <stdarg.h>

#include "site/parse.h"

/* How the rooms of this house collect what they find. */

/* `place` (borrowed; file is an index into `sources`) may have line 0: the whole file. */
void site_find_error(struct site_findings *findings, const struct site_place *place,
		     const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void site_find_warning(struct site_findings *findings, const struct site_place *place,
		       const char *fmt, ...) __attribute__((format(printf, 3, 4)));

void site_find_either(struct site_findings *findings, bool error, const struct site_place *place,
		      const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Puts them in the order of the files and fills in file names and, where `sources` is not NULL,
 * excerpts; `files` are the names by index. */
void site_findings_finish(struct site_findings *findings, char *const *files,
			  const struct site_source *sources);

#endif
