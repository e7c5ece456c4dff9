/* `bootserver reboot`, `poweroff`, `identify`: orders for a machine's agent. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "lib/json.h"
#include "lib/str.h"

static void
tell(const json_t *machine, const char *order)
{
	const char *name = json_str(machine, "name", ""), *state = json_str(machine, "state", "");

	if (strcmp(state, "healthy") == 0)
		printf("%s: %s, its agent is told\n", name, order);
	else
		printf("%s: %s; it is %s, and hears it when its agent does\n", name, order, state);
}

static int
ask(struct cli *cli, const char *typed, int64_t seconds)
{
	const char *order = cli->command->name;
	json_t *body = NULL, *machine = NULL;
	char *what = str_format("/%s", order), *path = cli_api_machine(typed, what);
	int code = CLI_FAULT;

	if (path) {
		if (seconds)
			body = json_pack("{s:I}", "seconds", (json_int_t)seconds);
		code = cli_api(cli, "POST", path, body, &machine);
	}
	if (code == CLI_GOOD)
		tell(machine, order);
	json_decref(machine);
	json_decref(body);
	free(path);
	free(what);
	return code;
}

int
cli_order(struct cli *cli, int argc, char **argv)
{
	bool timed = strcmp(argv[0], "identify") == 0;
	const char *machine = NULL, *seconds = NULL;
	long number = 0;

	for (int at = 1; at < argc;) {
		int r = timed ? cli_option(cli, argv, &at, "--seconds", &seconds) : 0;

		if (r < 0)
			return CLI_USAGE;
		if (r > 0)
			continue;
		if (machine || argv[at][0] == '-')
			return cli_usage(cli, "%s takes one machine, not \"%s\"", argv[0],
					 argv[at]);
		machine = argv[at++];
	}
	if (!machine)
		return cli_usage(cli, "say which machine");
	if (seconds && !cli_number(seconds, 1, LONG_MAX, &number))
		return cli_usage(cli, "--seconds takes a number from 1, not \"%s\"", seconds);
	return ask(cli, machine, number);
}
