/* `bootserver export dhcp`: what another DHCP server must be told so that machines boot here. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/findings.h"
#include "dnsmasq/export.h"
#include "lib/str.h"
#include "sitedir/sources.h"

static bool
is_kind(const char *kind)
{
	for (size_t i = 0; export_kinds[i] != NULL; i++)
		if (str_eq(export_kinds[i], kind))
			return true;
	return false;
}

/* One kind of server, or all of them one after the other. */
static void
print(const struct site *site, const char *only)
{
	const char *between = "";

	for (size_t i = 0; export_kinds[i] != NULL; i++) {
		char *text;

		if (only != NULL && !str_eq(only, export_kinds[i]))
			continue;
		text = export_dhcp(site, export_kinds[i]);
		printf("%s%s", between, text);
		between = "\n";
		free(text);
	}
}

int
cli_export(struct cli *cli, int argc, char **argv)
{
	struct sitedir_sources sources;
	struct site_findings findings;
	struct err err = { "" };
	struct site *site;
	int r;

	if (argc < 2 || argc > 3 || !str_eq(argv[1], "dhcp"))
		return cli_usage(cli, "export takes dhcp, and a kind of server");
	if (argc == 3 && !is_kind(argv[2]))
		return cli_usage(cli, "\"%s\" is none of isc, kea, dnsmasq, windows, mikrotik",
				 argv[2]);
	r = sitedir_sources_read(AT_FDCWD, &sources, &err);
	if (r < 0)
		return cli_fail_err(&err);
	site = site_parse(sources.items, sources.count, &findings);
	if (site != NULL)
		print(site, argc == 3 ? argv[2] : NULL);
	else
		cli_findings_print(cli, &findings);
	r = site != NULL ? CLI_GOOD : CLI_FAULT;
	site_free(site);
	site_findings_fini(&findings);
	sitedir_sources_fini(&sources);
	return r;
}
