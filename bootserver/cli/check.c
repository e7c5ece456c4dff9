/*
 * `check`: every fault of the site's files, and of what they ask of the image store.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/findings.h"
#include "lib/str.h"
#include "sitedir/images.h"
#include "sitedir/sources.h"

static bool
part_has(const struct image_part *part, const char *name)
{
	size_t len = strlen(name);
	bool any = part && !part->images;	/* it does not say */

	for (size_t i = 0; part && part->images && part->images[i]; i++) {
		const char *base = strrchr(part->images[i], '/');

		base = base ? base + 1 : part->images[i];
		any |= strncmp(base, name, len) == 0 && (base[len] == ':' || !base[len]);
	}
	return any;
}

/* What the image holds for the architecture: bits of enum site_part. */
static int
parts_of(const struct image *image, enum site_arch arch)
{
	const struct image_part *kube = image_part(image, "kube", arch);
	const struct image_part *ceph = image_part(image, "ceph", arch);
	int parts = image_has_arch(image, arch) ? SITE_PART_BOOT : 0;

	if (kube)
		parts |= SITE_PART_KUBE;
	if (part_has(kube, "etcd") && part_has(kube, "kube-apiserver"))
		parts |= SITE_PART_CONTROL_PLANE;
	if (ceph)
		parts |= SITE_PART_CEPH;
	if (ceph && (part_has(ceph, "cephcsi") || (kube && part_has(kube, "cephcsi"))))
		parts |= SITE_PART_CSI;
	return parts;
}

static struct site_image
image_told(const struct image *image)
{
	const struct image_part *kube = image_part(image, "kube", SITE_ARCH_AMD64);

	if (!kube)
		kube = image_part(image, "kube", SITE_ARCH_ARM64);
	return (struct site_image){
		.name = image->name, .generation = image->generation,
		.holds = { [SITE_ARCH_AMD64] = parts_of(image, SITE_ARCH_AMD64),
			   [SITE_ARCH_ARM64] = parts_of(image, SITE_ARCH_ARM64) },
		.kubernetes = kube ? kube->version : NULL,
	};
}

/* Site and store; of a store that cannot be read there is its sentence, beside all findings. */
static int
examine(const struct sitedir_sources *sources, struct site_findings *findings, struct err *err)
{
	struct images images = { NULL, 0 };
	struct site_store store = { NULL, 0 };
	int r = images_list(AT_FDCWD, &images, err);
	struct site_image *known = mem_new((images.count + 1) * sizeof(*known));

	store.images = known;
	for (size_t i = 0; i < images.count; i++)
		if (!images.items[i].fault)
			known[store.count++] = image_told(&images.items[i]);
	site_examine(sources->items, sources->count, r == 0 ? &store : NULL, findings);
	free(known);
	images_fini(&images);
	return r;
}

int
cli_check(struct cli *cli, int argc, char **argv)
{
	struct sitedir_sources sources;
	struct site_findings findings;
	struct err err = { "" };
	int r;

	if (argc > 1)
		return cli_usage(cli, "check takes no arguments, not \"%s\"", argv[1]);
	r = sitedir_sources_read(AT_FDCWD, &sources, &err);
	if (r < 0)
		return cli_fail_err(&err);
	r = examine(&sources, &findings, &err);
	cli_findings_print(cli, &findings);
	if (r < 0)
		cli_fail_err(&err);
	if (findings.errors)
		r = -1;
	site_findings_fini(&findings);
	sitedir_sources_fini(&sources);
	return r < 0 ? CLI_FAULT : CLI_GOOD;
}
