/* `bootserver reimage`: gives machines an image, and the order to reboot into it. */
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "lib/json.h"
#include "lib/str.h"

/* What comes of a reboot that was ordered before, where the reimage orders none; "": none was. */
static const char *
earlier_reboot(const json_t *machine)
{
	const json_t *order;
	size_t i;

	if (json_flag(machine, "withdrawn", false))
		return "; the reboot that waited for its agent is taken back";
	json_array_foreach(json_object_get(machine, "orders"), i, order) {
		const char *state = json_str(order, "state", "");

		if (str_eq(json_str(order, "kind", ""), "reboot") &&
		    (str_eq(state, "given") || str_eq(state, "taken")))
			return "; its agent was told to reboot before, and does";
	}
	return "";
}

static void
tell(const json_t *machine, bool reboot)
{
	const char *name = json_str(machine, "name", ""), *state = json_str(machine, "state", "");
	const char *image = json_str(machine, "image", "its image");

	if (!reboot)
		printf("%s: %s at its next boot%s\n", name, image, earlier_reboot(machine));
	else if (strcmp(state, "healthy") == 0)
		printf("%s: %s, it is told to reboot\n", name, image);
	else
		printf("%s: %s; it is %s and reboots when its agent is heard\n", name, image,
		       state);
}

/* What the person wants: of one machine, or of many. */
struct wish {
	const char *machine, *rack, *image;
	bool all, stay;		/* every machine; no reboot */
};

static int
ask(struct cli *cli, const char *name, const struct wish *wish)
{
	char *path = cli_api_machine(name, "/reimage");
	json_t *body, *machine = NULL;
	int code;

	if (!path)
		return CLI_FAULT;
	body = json_object();
	json_put(body, "image", wish->image);
	json_put_flag(body, "reboot", !wish->stay);
	code = cli_api(cli, "POST", path, body, &machine);
	if (code == CLI_GOOD)
		tell(machine, !wish->stay);
	json_decref(machine);
	json_decref(body);
	free(path);
	return code;
}

/* Every machine that was taken in, or those of the rack; one that is refused stops no other. */
static int
ask_many(struct cli *cli, const struct wish *wish)
{
	json_t *machines = NULL, *machine;
	int code = cli_api(cli, "GET", "/v1/machines", NULL, &machines), worst = code;
	size_t i, count = 0;

	json_array_foreach(machines, i, machine) {
		if (!json_flag(machine, "approved", false) ||
		    (wish->rack && !str_eq(json_str(machine, "rack", ""), wish->rack)))
			continue;
		count++;
		code = ask(cli, json_str(machine, "name", ""), wish);
		worst = code == CLI_GOOD ? worst : code;
	}
	json_decref(machines);
	if (worst == CLI_GOOD && count == 0)
		return wish->rack ? cli_fail(CLI_FAULT, "no machine is in rack %s", wish->rack) :
		       cli_fail(CLI_FAULT, "there are no machines");
	return worst;
}

/* Takes one argument of the command line: 0, or CLI_USAGE with the reason told. */
static int
take(struct cli *cli, char **argv, int *at, struct wish *wish)
{
	int r = cli_option(cli, argv, at, "--image", &wish->image);

	if (r == 0)
		r = cli_option(cli, argv, at, "--rack", &wish->rack);
	if (r != 0)
		return r < 0 ? CLI_USAGE : CLI_GOOD;
	if (cli_option(cli, argv, at, "--no-reboot", NULL) > 0) {
		wish->stay = true;
		return CLI_GOOD;
	}
	if (cli_option(cli, argv, at, "--all", NULL) > 0) {
		wish->all = true;
		return CLI_GOOD;
	}
	if (wish->machine || argv[*at][0] == '-')
		return cli_usage(cli, "reimage takes one machine, not \"%s\"", argv[*at]);
	wish->machine = argv[(*at)++];
	return CLI_GOOD;
}

int
cli_reimage(struct cli *cli, int argc, char **argv)
{
	struct wish wish = { .all = false };
	int code = CLI_GOOD;

	for (int at = 1; at < argc && code == CLI_GOOD;)
		code = take(cli, argv, &at, &wish);
	if (code != CLI_GOOD)
		return code;
	if ((wish.machine != NULL) + (wish.rack != NULL) + wish.all != 1)
		return cli_usage(cli, "say which: one machine, --rack NAME or --all");
	return wish.machine ? ask(cli, wish.machine, &wish) : ask_many(cli, &wish);
}
