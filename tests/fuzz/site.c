/*
 * Site files: whatever they hold, each finding has a place and a sentence; a site comes out exactly
 * when no finding is an error, and then its machines can be found by what they are known by.  A
 * line
 * "%%" begins a second file, as of machines.d/.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "site/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_findings(const struct site_findings *findings)
{
	size_t errors = 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct site_finding *f = &findings->items[i];
		char *line = site_finding_format(f);

		assert(f->file && f->text && f->text[0] && f->line > 0 && f->column > 0);
		assert(!strchr(line, '\n'));
		errors += f->error;
		free(line);
	}
	assert(errors == findings->errors);
}

static void
check_site(const struct site *site)
{
	assert(site->name && site->domain && site->interface && site->address.address);
	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];

		assert(site_find_name(site, machine->name) == machine);
		for (size_t j = 0; j < machine->macs.count; j++)
			assert(site_find(site, machine->macs.items[j], NULL, NULL) == machine);
		assert(machine->macs.count || machine->uuid || machine->serial);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct site_image image = { "edge", 1, { 0, SITE_PART_BOOT }, NULL };
	static const struct site_store store = { &image, 1 };
	const char *text = (const char *)data;
	const char *cut = len ? memmem(text, len, "\n%%\n", 4) : NULL;
	struct site_source sources[2] = { { "site.yaml", text, cut ? (size_t)(cut - text) : len } };
	struct site_findings findings;
	struct site *site;

	if (cut)
		sources[1] = (struct site_source){ "machines.d/more.yaml", cut + 4,
						   len - (size_t)(cut + 4 - text) };
	site = site_parse(sources, cut ? 2 : 1, &findings);
	assert((site != NULL) == (findings.errors == 0));
	if (site)
		check_site(site);
	check_findings(&findings);
	site_findings_fini(&findings);
	site_examine(sources, cut ? 2 : 1, &store, &findings);
	check_findings(&findings);
	site_findings_fini(&findings);
	site_free(site);
	return 0;
}
