/*
 * `bootserver run`: becomes the keeper (keeper/keeper.c), in this same process, so that who started
 * us watches the right one.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

int
cli_run(struct cli *cli, int argc, char **argv)
{
	static char name[] = "bootserver", keeper[] = "keeper", idle[] = "--idle";
	char *self[] = { name, keeper, NULL, NULL };
	int at = 1;

	if (argc > 1 && cli_option(cli, argv, &at, idle, NULL) > 0)
		self[2] = idle;
	if (argc > at)
		return cli_usage(cli, "run takes no argument \"%s\"", argv[at]);
	fflush(NULL);
	execv("/proc/self/exe", self);
	return cli_fail(CLI_FAULT, "cannot start the keeper: %m");
}
