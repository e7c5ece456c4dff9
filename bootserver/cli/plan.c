/* `bootserver plan`: says what a machine boots next. */
#include <stdlib.h>
#include <string.h>

#include "cli/api.h"
#include "lib/json.h"
#include "plan/plan.h"

static int
ask(struct cli *cli, const char *typed, enum plan_kind kind, bool once)
{
	char *path = cli_api_machine(typed, "/plan");
	json_t *body, *machine = NULL;
	int code;

	if (!path)
		return CLI_FAULT;
	body = json_object();
	json_put(body, "kind", plan_kind_name(kind));
	json_put_flag(body, "once", once);
	code = cli_api(cli, "PUT", path, body, &machine);
	if (code == CLI_GOOD)
		printf("%s: %s%s\n", json_str(machine, "name", ""),
		       json_str(machine, "plan_reason", ""),
		       json_flag(machine, "once", false) ? ", for one boot" : "");
	json_decref(machine);
	json_decref(body);
	free(path);
	return code;
}

int
cli_plan(struct cli *cli, int argc, char **argv)
{
	const char *words[2] = { NULL, NULL };
	enum plan_kind kind;
	bool once = false;
	int count = 0;

	for (int at = 1; at < argc;) {
		if (cli_option(cli, argv, &at, "--once", NULL) > 0) {
			once = true;
			continue;
		}
		if (count == 2 || argv[at][0] == '-')
			return cli_usage(cli, "what is \"%s\"?", argv[at]);
		words[count++] = argv[at++];
	}
	if (count < 2)
		return cli_usage(cli, "say which machine, and what it is to boot");
	if (plan_kind_parse(&kind, words[1]) < 0)
		return cli_usage(cli, "\"%s\" is none of image, local, wait, rescue, memtest",
				 words[1]);
	return ask(cli, words[0], kind, once);
}
