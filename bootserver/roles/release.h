#ifndef ROLES_RELEASE_H
#define ROLES_RELEASE_H

#include "roles/roles.h"

/* Container images of the parts, by name. */

#define ROLES_REGISTRY "bootserver.local"

/* The tag of the image `name` (borrowed), or `otherwise` when the parts do not name it. */
const char *roles_tag(const struct roles_release *release, const char *name,
		      const char *otherwise);

#endif
