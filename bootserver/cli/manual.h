#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "cli/cli.h"

/*
 * What the table of commands writes beside its help: bootserver(1) and bash's completion.  `table`
 * ends with name NULL.  Fresh memory, the caller frees.
 */
char *manual_render(const struct cli_command *table);
char *completion_render(const struct cli_command *table);

/* The private command by which the build writes them: `bootserver manual command|site|completion`
 * on standard output. */
int manual_main(int argc, char **argv);

#endif
