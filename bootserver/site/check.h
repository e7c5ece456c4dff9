#ifndef SITE_CHECK_H
#define SITE_CHECK_H

#include "site/findings.h"

/* The rules between things, which the schema cannot tell: adds to `findings`, and makes
 * site->index. */
void site_check(struct site *site, struct site_findings *findings);

/* Its part for machines, in a room of its own. */
void site_check_machines(struct site *site, struct site_findings *findings);

/* The profile or rack of that name, or NULL. */
const struct site_profile *site_profile_find(const struct site *site, const char *name);
const struct site_rack *site_rack_find(const struct site *site, const char *name);

#endif
