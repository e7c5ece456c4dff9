/*
 * One binary: the operator's commands (cli/), and under private names the processes that `run`
 * starts from this same file and what the build asks of it.
 */
#include "cli/cli.h"
#include "cli/manual.h"
#include "engine/engine.h"
#include "keeper/keeper.h"
#include "web/web.h"

static int
engine(int argc, char **argv)
{
	(void)argc, (void)argv;
	return engine_main();
}

static int
web(int argc, char **argv)
{
	(void)argc, (void)argv;
	return web_main();
}

static const struct cli_private privates[] = {
	{ "keeper", keeper_main },
	{ "engine", engine },
	{ "web", web },
	{ "namespace-init", namespace_init_main },
	{ "manual", manual_main },
	{ NULL }
};

int
main(int argc, char **argv)
{
	return cli_main(argc, argv, privates);
}
