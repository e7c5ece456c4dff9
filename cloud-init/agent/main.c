/*
 * bootserver-agent: what a booted machine does for itself.  README.md tells where to start.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <fcntl.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/part.h"
#include "cloud-init/agent/state.h"
#include "cloud-init/agent/where.h"
#include "lib/log.h"
#include "lib/str.h"

static int
version_run(struct err *err)
{
	(void)err;
	printf("bootserver-agent %s\n", VERSION);
	return 0;
}

static int help_run(struct err *err);

static const struct {
	const char *name;
	int (*run)(struct err *err);
	const char *help;
} commands[] = {
	{ "state", state_run, "find or make the state partition and bind it (once, early)" },
	{ "run", agent_run, "take the steps from facts to healthy, then obey the boot server" },
	{ "version", version_run, "print the version" },
	{ "--help", help_run, "print this" },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

static int
help_run(struct err *err)
{
	(void)err;
	printf("usage: bootserver-agent [--root DIR] COMMAND\n\n"
	       "--root DIR reads and writes everything below DIR (for trying it out).\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-8s  %s\n", commands[i].name, commands[i].help);
	return 0;
}

/* kubeadm and its kin come with the image's part kube. */
static void
add_paths(void)
{
	const char *path = getenv("PATH");
	char *text = str_format("%s:%s", PART_PATH, path ? path : "/usr/sbin:/usr/bin:/sbin:/bin");

	setenv("PATH", text, 1);
	setenv("KUBECACHEDIR", WHERE_RUN "/kubectl", 1);
	free(text);
}

int
main(int argc, char **argv)
{
	struct err err;

	log_init("agent", LOG_LEVEL_INFO);
	add_paths();
	if (argc == 4 && str_eq(argv[1], "--root")) {
		where_root_set(argv[2]);
		argv += 2;
		argc -= 2;
	}
	for (size_t i = 0; argc == 2 && i < COMMANDS; i++) {
		if (!str_eq(argv[1], commands[i].name))
			continue;
		if (commands[i].run(&err) == 0)
			return 0;
		log_error("%s: %s", argv[1], err.text);
		return 1;
	}
	help_run(&err);
	return 2;
}
