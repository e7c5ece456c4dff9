/*
 * `check`: every fault of the site's files, and of what they ask of the image store.
 */
#include <fcntl.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/findings.h"
#include "lib/str.h"
#include "sitedir/images.h"
#include "sitedir/sources.h"

/* Adds what only the store can tell. */
static int
check_store(const struct site *site, const struct sitedir_sources *sources,
	    struct site_findings *findings, struct err *err)
{
	struct images images;
	struct site_image *known;
	size_t count = 0;
	int r = images_list(AT_FDCWD, &images, err);

	if (r < 0)
		return r;
	known = mem_new(images.count * sizeof(*known));
	for (size_t i = 0; i < images.count; i++) {
		const struct image *image = &images.items[i];

		if (image->fault)
			continue;
		known[count++] = (struct site_image){
			.name = image->name, .generation = image->generation,
			.amd64 = image_has_arch(image, SITE_ARCH_AMD64),
			.arm64 = image_has_arch(image, SITE_ARCH_ARM64),
		};
	}
	site_check_images(site, known, count, sources->items, findings);
	free(known);
	images_fini(&images);
	return 0;
}

int
cli_check(struct cli *cli, int argc, char **argv)
{
	struct sitedir_sources sources;
	struct site_findings findings;
	struct err err = { "" };
	struct site *site;
	int r;

	if (argc > 1)
		return cli_usage(cli, "check takes no arguments, not \"%s\"", argv[1]);
	r = sitedir_sources_read(AT_FDCWD, &sources, &err);
	if (r < 0)
		return cli_fail_err(&err);
	site = site_parse(sources.items, sources.count, &findings);
	if (site)
		r = check_store(site, &sources, &findings, &err);
	cli_findings_print(cli, &findings);
	if (r < 0)
		cli_fail_err(&err);
	if (findings.errors)
		r = -1;
	site_free(site);
	site_findings_fini(&findings);
	sitedir_sources_fini(&sources);
	return r < 0 ? CLI_FAULT : CLI_GOOD;
}
