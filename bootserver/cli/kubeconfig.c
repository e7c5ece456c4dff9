/* `bootserver kubeconfig`: an administrator's access to the cluster, made for the asking. */
#include <stdio.h>

#include "cli/api.h"
#include "lib/json.h"

int
cli_kubeconfig(struct cli *cli, int argc, char **argv)
{
	const char *typed = "8";
	json_t *body, *answer = NULL;
	long hours;
	int code;

	for (int at = 1; at < argc;) {
		int r = cli_option(cli, argv, &at, "--hours", &typed);

		if (r < 0)
			return CLI_USAGE;
		if (r == 0)
			return cli_usage(cli, "kubeconfig takes no \"%s\"", argv[at]);
	}
	if (!cli_number(typed, 1, 8760, &hours))
		return cli_usage(cli, "--hours %s: 1 to 8760", typed);
	body = json_pack("{s:i}", "hours", (int)hours);
	code = cli_api(cli, "POST", "/v1/cluster/kubeconfig", body, &answer);
	if (code == CLI_GOOD)
		fputs(json_str(answer, "kubeconfig", ""), stdout);
	json_decref(answer);
	json_decref(body);
	return code;
}
