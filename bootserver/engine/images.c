/*
 * The images of the store, as plan_choose() wants them: one entry a generation and architecture.
 * Manifests and signatures are read and checked by sitedir/; parts are never opened here.
 */
#include "engine/images.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cluster.h"
#include "lib/log.h"
#include "lib/str.h"

static void
set_part(struct plan_part *ret, const struct image *image, const char *name, enum site_arch arch)
{
	const struct image_part *part = image_part(image, name, arch);

	if (!part)
		return;
	str_copy(ret->sha256, sizeof(ret->sha256), part->sha256);
	ret->size = part->size;
}

static void
choices_of(const struct image *image, struct plan_image *choices, size_t *count)
{
	static const enum site_arch archs[] = { SITE_ARCH_AMD64, SITE_ARCH_ARM64 };

	for (size_t i = 0; i < 2; i++) {
		struct plan_image *choice = &choices[*count];

		/* one at fault stands for both, so that the reason is told */
		if (!image->fault && !image_has_arch(image, archs[i]))
			continue;
		choice->name = image->name;
		choice->generation = image->generation;
		choice->arch = archs[i];
		choice->args = image->args[archs[i]];
		choice->fault = image->fault;
		set_part(&choice->kernel, image, "kernel", archs[i]);
		set_part(&choice->initrd, image, "initrd", archs[i]);
		set_part(&choice->root, image, "root", archs[i]);
		(*count)++;
	}
}

int
engine_images_load(struct engine *e, struct err *err)
{
	struct images images = { .items = NULL };
	struct plan_image *choices;
	size_t count = 0;
	int r = images_list(AT_FDCWD, &images, err);

	if (r < 0)
		return r;
	choices = mem_new((2 * images.count + 1) * sizeof(*choices));
	for (size_t i = 0; i < images.count; i++) {
		if (images.items[i].fault)
			log_warn("image=%s@%d text=\"may not be booted: %s\"", images.items[i].name,
				 images.items[i].generation, images.items[i].fault);
		choices_of(&images.items[i], choices, &count);
	}
	engine_images_fini(e);
	e->images = images;
	e->choices = choices;
	e->nchoices = count;
	cluster_changed(e);
	return 0;
}

void
engine_images_fini(struct engine *e)
{
	images_fini(&e->images);
	free(e->choices);
	e->choices = NULL;
	e->nchoices = 0;
}
