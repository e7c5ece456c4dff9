#ifndef CLI_FINDINGS_H
#define CLI_FINDINGS_H

#include "cli/cli.h"
#include "site/parse.h"

/* All findings on standard error, FILE:LINE:COLUMN: error|warning: sentence; on a terminal with the
 * line at fault and a caret under it. */
void cli_findings_print(const struct cli *cli, const struct site_findings *findings);

#endif
