/*
 * What the site asks of the image store: are the images, generations and architectures there that
 * it names?  The store's content is handed in.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"

struct wanted {
	const struct site *site;
	struct site_findings *findings;
	const struct site_image *images;
	size_t nimages;
};

static bool
has_arch(const struct site_image *image, enum site_arch arch)
{
	return arch == SITE_ARCH_ANY || (arch == SITE_ARCH_AMD64 ? image->amd64 : image->arm64);
}

/* The image that `ref` means: the generation it names, else the newest for `arch`, as a boot would
 * choose it; one of another architecture where there is no better, or NULL. */
static const struct site_image *
image_of(const struct wanted *w, const char *ref, enum site_arch arch)
{
	size_t len = strcspn(ref, "@");
	int generation = ref[len] ? atoi(ref + len + 1) : 0;
	const struct site_image *best = NULL;

	for (size_t i = 0; i < w->nimages; i++) {
		const struct site_image *image = &w->images[i];

		if (strncmp(image->name, ref, len) != 0 || image->name[len])
			continue;
		if (generation ? image->generation != generation :
				 best && has_arch(best, arch) > has_arch(image, arch))
			continue;
		if (!best || has_arch(image, arch) > has_arch(best, arch) ||
		    image->generation > best->generation)
			best = image;
	}
	return best;
}

static void
want(const struct wanted *w, char *const *ref, enum site_arch arch)
{
	static const struct site_place whole = { .file = 0, .line = 1, .column = 1 };
	const struct site_place *place = site_marks_find(w->site->marks, ref, &whole);
	const struct site_image *image;

	if (!*ref || (w->nimages == 0 && w->site->nmachines == 0))	/* a site just begun */
		return;
	image = image_of(w, *ref, arch);
	if (!image && w->nimages == 0)
		site_find_warning(w->findings, place,
				  "the store holds no image yet: `bootserver image add FOLDER` "
				  "brings \"%s\" in",
				  *ref);
	else if (!image)
		site_find_error(w->findings, place,
				"there is no image \"%s\" in the store: `bootserver image ls` "
				"lists those there are",
				*ref);
	else if (!has_arch(image, arch))
		site_find_error(w->findings, place, "image %s@%d has no %s part", image->name,
				image->generation, site_arch_name(arch));
}

/* A machine whose image is the profile's or the site's: only the architecture is its own. */
static void
want_for(const struct wanted *w, const struct site_machine *machine)
{
	const struct site_profile *profile = site_profile_find(w->site, machine->profile);
	const char *ref =
		profile && profile->boot.image ? profile->boot.image : w->site->boot.image;
	const struct site_image *image = ref ? image_of(w, ref, machine->arch) : NULL;

	if (!image || (w->site->nrules && !machine->profile) || has_arch(image, machine->arch))
		return;
	site_find_error(w->findings,
			site_marks_find(w->site->marks, &machine->arch, &machine->place),
			"image %s@%d, which this machine boots, has no %s part", image->name,
			image->generation, site_arch_name(machine->arch));
}

void
site_check_images(const struct site *site, const struct site_image *images, size_t nimages,
		  const struct site_source *sources, struct site_findings *findings)
{
	struct wanted w = { site, findings, images, nimages };

	want(&w, &site->boot.image, SITE_ARCH_ANY);
	for (size_t i = 0; i < site->nprofiles; i++)
		want(&w, &site->profiles[i].boot.image, SITE_ARCH_ANY);
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];

		if (machine->boot.image)
			want(&w, &machine->boot.image, machine->arch);
		else
			want_for(&w, machine);
	}
	site_findings_finish(findings, site->files, sources);
}
