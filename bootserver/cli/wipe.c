/* `bootserver wipe`: erases a data disk, after the person has read what would be lost. */
#include <stdio.h>
#include <stdlib.h>

#include "cli/api.h"
#include "lib/json.h"

/* The disk, and what is to be typed next. */
static void
tell(const json_t *answer, const char *machine, const char *serial, bool confirmed)
{
	const json_t *disk = json_object_get(answer, "disk");

	printf("%s: disk %s, %s, %.1f GB, serial number %s: %s, %s\n", machine,
	       json_str(disk, "name", ""), json_str(disk, "model", ""),
	       (double)json_num(disk, "size", 0) / 1e9, serial, json_str(disk, "use", ""),
	       json_str(disk, "why", ""));
	if (confirmed)
		puts("its agent is told to wipe it; `bootserver show` tells when that is done");
	else
		printf("ALL OF IT WILL BE LOST.  Within ten minutes:\n"
		       "  bootserver wipe %s --disk %s --confirm %s\n", machine, serial,
		       json_str(answer, "code", ""));
}

static int
ask(struct cli *cli, const char *machine, const char *serial, const char *code)
{
	char *path = cli_api_machine(machine, "/wipe");
	json_t *body, *answer = NULL;
	int status;

	if (!path)
		return CLI_FAULT;
	body = json_object();
	json_put(body, "serial", serial);
	json_put(body, "confirm", code);
	status = cli_api(cli, "POST", path, body, &answer);
	if (status == CLI_GOOD)
		tell(answer, machine, serial, code);
	json_decref(answer);
	json_decref(body);
	free(path);
	return status;
}

int
cli_wipe(struct cli *cli, int argc, char **argv)
{
	const char *machine = NULL, *serial = NULL, *code = NULL;

	for (int at = 1; at < argc;) {
		int r = cli_option(cli, argv, &at, "--disk", &serial);

		if (r == 0)
			r = cli_option(cli, argv, &at, "--confirm", &code);
		if (r < 0)
			return CLI_USAGE;
		if (r > 0)
			continue;
		if (machine || argv[at][0] == '-')
			return cli_usage(cli, "wipe takes one machine, not \"%s\"", argv[at]);
		machine = argv[at++];
	}
	if (!machine || !serial)
		return cli_usage(cli, "say which machine, and which disk of it");
	return ask(cli, machine, serial, code);
}
