/* `bootserver reimage`: gives a machine an image, and the order to reboot into it. */
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "lib/json.h"

static void
tell(const json_t *machine, bool reboot)
{
	const char *name = json_str(machine, "name", ""), *state = json_str(machine, "state", "");
	const char *image = json_str(machine, "image", "its image");

	if (!reboot)
		printf("%s: %s at its next boot\n", name, image);
	else if (strcmp(state, "healthy") == 0)
		printf("%s: %s, it is told to reboot\n", name, image);
	else
		printf("%s: %s; it is %s and reboots when its agent is heard\n", name, image,
		       state);
}

static int
ask(struct cli *cli, const char *typed, const char *image, bool reboot)
{
	char *path = cli_api_machine(typed, "/reimage");
	json_t *body, *machine = NULL;
	int code;

	if (!path)
		return CLI_FAULT;
	body = json_object();
	json_put(body, "image", image);
	json_put_flag(body, "reboot", reboot);
	code = cli_api(cli, "POST", path, body, &machine);
	if (code == CLI_GOOD)
		tell(machine, reboot);
	json_decref(machine);
	json_decref(body);
	free(path);
	return code;
}

int
cli_reimage(struct cli *cli, int argc, char **argv)
{
	const char *typed = NULL, *image = NULL;
	bool reboot = true;

	for (int at = 1; at < argc;) {
		int r = cli_option(cli, argv, &at, "--image", &image);

		if (r < 0)
			return CLI_USAGE;
		if (r > 0)
			continue;
		if (cli_option(cli, argv, &at, "--no-reboot", NULL) > 0) {
			reboot = false;
			continue;
		}
		if (typed || argv[at][0] == '-')
			return cli_usage(cli, "reimage takes one machine, not \"%s\"", argv[at]);
		typed = argv[at++];
	}
	if (!typed)
		return cli_usage(cli, "say which machine");
	return ask(cli, typed, image, reboot);
}
