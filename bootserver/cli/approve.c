/* `bootserver approve`: takes in a machine that waits, or a key that does. */
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "lib/json.h"

static void
tell(const json_t *machine)
{
	const char *name = json_str(machine, "name", ""), *image = json_str(machine, "image", NULL);

	if (image)
		printf("%s is taken in: it boots %s when it asks again\n", name, image);
	else
		printf("%s is taken in: %s\n", name, json_str(machine, "plan_reason", ""));
}

int
cli_approve(struct cli *cli, int argc, char **argv)
{
	const char *typed = NULL, *name = NULL;
	json_t *body, *machine = NULL;
	char *path;
	int code;

	for (int at = 1; at < argc;) {
		int r = cli_option(cli, argv, &at, "--name", &name);

		if (r < 0)
			return CLI_USAGE;
		if (r > 0)
			continue;
		if (typed || argv[at][0] == '-')
			return cli_usage(cli, "approve takes one machine or code, not \"%s\"",
					 argv[at]);
		typed = argv[at++];
	}
	if (!typed)
		return cli_usage(cli, "say which machine: its name, or the code on its screen");
	path = cli_api_machine(typed, "/approve");
	if (!path)
		return CLI_FAULT;
	body = json_object();
	json_put(body, "name", name);
	code = cli_api(cli, "POST", path, body, &machine);
	if (code == CLI_GOOD)
		tell(machine);
	json_decref(machine);
	json_decref(body);
	free(path);
	return code;
}
