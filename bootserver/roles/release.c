/* Container images of the parts: see release.h. */
#include "roles/release.h"

#include <string.h>

#include "lib/str.h"

const char *
roles_tag(const struct roles_release *release, const char *name, const char *otherwise)
{
	size_t len = strlen(name);

	for (size_t i = 0; release->images != NULL && release->images[i] != NULL; i++) {
		const char *image = release->images[i];

		if (!str_starts(image, ROLES_REGISTRY "/"))
			continue;
		image += strlen(ROLES_REGISTRY "/");
		if (strncmp(image, name, len) == 0 && image[len] == ':')
			return image + len + 1;
	}
	return otherwise;
}
