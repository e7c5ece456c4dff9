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
	const struct site_store *store;
};

/* Does it hold the part for the architecture, or for any where that is not known? */
static bool
holds(const struct site_image *image, enum site_arch arch, enum site_part part)
{
	if (arch == SITE_ARCH_ANY)
		return (image->holds[SITE_ARCH_AMD64] | image->holds[SITE_ARCH_ARM64]) & part;
	return image->holds[arch] & part;
}

static bool
has_arch(const struct site_image *image, enum site_arch arch)
{
	return arch == SITE_ARCH_ANY || holds(image, arch, SITE_PART_BOOT);
}

/* The image that `ref` means: the generation it names, else the newest for `arch`, as a boot would
 * choose it; one of another architecture where there is no better, or NULL. */
static const struct site_image *
image_of(const struct wanted *w, const char *ref, enum site_arch arch)
{
	size_t len = strcspn(ref, "@");
	int generation = ref[len] ? atoi(ref + len + 1) : 0;
	const struct site_image *best = NULL;

	for (size_t i = 0; i < w->store->count; i++) {
		const struct site_image *image = &w->store->images[i];

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

	if (!*ref || (w->store->count == 0 && w->site->nmachines == 0))	/* a site just begun */
		return;
	image = image_of(w, *ref, arch);
	if (!image && w->store->count == 0)
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

/* The image that the machine boots, as far as can be told without the rules, or NULL. */
static const struct site_image *
image_for(const struct wanted *w, const struct site_machine *machine)
{
	const struct site_profile *profile = site_profile_find(w->site, machine->profile);
	const char *ref = machine->boot.image;

	if (!ref && w->site->nrules && !machine->profile)
		return NULL;
	if (!ref)
		ref = profile && profile->boot.image ? profile->boot.image : w->site->boot.image;
	return ref ? image_of(w, ref, machine->arch) : NULL;
}

/* A machine whose image is the profile's or the site's: only the architecture is its own. */
static void
want_for(const struct wanted *w, const struct site_machine *machine)
{
	const struct site_image *image = image_for(w, machine);

	if (!image || has_arch(image, machine->arch))
		return;
	site_find_error(w->findings,
			site_marks_find(w->site->marks, &machine->arch, &machine->place),
			"image %s@%d, which this machine boots, has no %s part", image->name,
			image->generation, site_arch_name(machine->arch));
}

/* "edge@2" and " for arm64" where that is known; fresh memory. */
static char *
image_text(const struct site_image *image, enum site_arch arch)
{
	return str_format("image %s@%d%s%s", image->name, image->generation,
			  arch == SITE_ARCH_ANY ? "" : " for ",
			  arch == SITE_ARCH_ANY ? "" : site_arch_name(arch));
}

/* What the machine's image must hold for its roles.  What only follows from defaults is a warning:
 * the machine then does without. */
static void
want_parts(const struct wanted *w, const struct site_machine *machine,
	   const struct site_image *image)
{
	const struct site_place *place =
		site_marks_find(w->site->marks, &machine->roles, &machine->place);
	int roles = site_machine_roles(w->site, machine);
	bool makes = roles & SITE_ROLE_CONTROL_PLANE;
	char *text = image_text(image, machine->arch);

	if (!holds(image, machine->arch, SITE_PART_KUBE)) {
		if (makes ? site_cluster_meant(w->site) : machine->roles != 0)
			site_find_either(w->findings, makes, place,
					 "%s has no part kube: this machine joins no cluster",
					 text);
	} else if (makes && !holds(image, machine->arch, SITE_PART_CONTROL_PLANE)) {
		site_find_error(w->findings, place,
				"%s has what a worker runs, not what a control plane runs: give "
				"that role to another machine",
				text);
	} else if (roles & SITE_ROLE_STORAGE && !holds(image, machine->arch, SITE_PART_CEPH)) {
		site_find_either(w->findings, machine->roles & SITE_ROLE_STORAGE, place,
				 "%s has no part ceph: this machine gives no storage", text);
	} else if (makes && w->site->storage.place.line &&
		   !holds(image, machine->arch, SITE_PART_CEPH)) {
		site_find_error(w->findings, place,
				"%s has no part ceph, by which the control plane sets up storage",
				text);
	}
	free(text);
}

/* The cluster's Kubernetes is the first control-plane machine's. */
static void
want_version(const struct wanted *w, const struct site_machine *machine,
	     const struct site_image *image, const struct site_image *first)
{
	if (!first || !first->kubernetes || !image->kubernetes ||
	    strcmp(first->kubernetes, image->kubernetes) == 0)
		return;
	site_find_warning(w->findings, &machine->place,
			  "image %s@%d has Kubernetes %s and the control plane %s: this machine "
			  "will not be let in",
			  image->name, image->generation, image->kubernetes, first->kubernetes);
}

static void
want_cluster(const struct wanted *w)
{
	const struct site *site = w->site;
	const struct site_image *first = NULL;

	for (size_t i = 0; site->kubernetes.enabled && i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];
		const struct site_image *image = image_for(w, machine);

		if (!image)
			continue;
		want_parts(w, machine, image);
		if (!first && site_machine_roles(site, machine) & SITE_ROLE_CONTROL_PLANE)
			first = image;
	}
	for (size_t i = 0; first && i < site->nmachines; i++) {
		const struct site_image *image = image_for(w, &site->machines[i]);

		if (image)
			want_version(w, &site->machines[i], image, first);
	}
	if (first && site->storage.place.line && holds(first, SITE_ARCH_ANY, SITE_PART_CEPH) &&
	    !holds(first, SITE_ARCH_ANY, SITE_PART_CSI))
		site_find_warning(w->findings, &site->storage.place,
				  "image %s@%d has no CSI drivers: pods get no volumes from Ceph, "
				  "the object store and RADOS alone",
				  first->name, first->generation);
}

void
site_check_images(const struct site *site, const struct site_store *store,
		  struct site_findings *findings)
{
	struct wanted w = { site, findings, store };

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
	if (!site->partial)
		want_cluster(&w);
}
