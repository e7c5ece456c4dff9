/*
 * Findings for a person, or for an editor that reads FILE:LINE:COLUMN.
 */
#include "cli/findings.h"

#include <stdio.h>
#include <stdlib.h>

/* The line at fault, and a caret under the column; tabs stay, so that the caret stands right. */
static void
excerpt_print(const struct site_finding *finding)
{
	int column = 1;

	fprintf(stderr, "    %s\n    ", finding->excerpt);
	for (const char *c = finding->excerpt; *c && column < finding->excerpt_column; c++) {
		if (((unsigned char)*c & 0xc0) == 0x80)		/* within one UTF-8 sign */
			continue;
		fputc(*c == '\t' ? '\t' : ' ', stderr);
		column++;
	}
	fputs("^\n", stderr);
}

void
cli_findings_print(const struct cli *cli, const struct site_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		char *line = site_finding_format(&findings->items[i]);

		fprintf(stderr, "%s\n", line);
		free(line);
		if (cli->terminal && findings->items[i].excerpt)
			excerpt_print(&findings->items[i]);
	}
}
