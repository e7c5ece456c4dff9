/* `bootserver show`: one machine and its timeline. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/api.h"
#include "cli/timeline.h"
#include "lib/clock.h"

int
cli_show(struct cli *cli, int argc, char **argv)
{
	json_t *machine = NULL;
	struct buf text;
	char *path;
	int code;

	if (argc != 2 || argv[1][0] == '-')
		return cli_usage(cli, "show takes one machine");
	path = cli_api_machine(argv[1], "");
	if (!path)
		return CLI_FAULT;
	code = cli_api(cli, "GET", path, NULL, &machine);
	free(path);
	if (code != CLI_GOOD)
		return code;
	if (cli->json) {
		cli_api_print(machine);
	} else {
		buf_init(&text);
		timeline_machine(machine, clock_now_ms(), &text);
		fputs(text.text, stdout);
		buf_fini(&text);
	}
	json_decref(machine);
	return CLI_GOOD;
}
