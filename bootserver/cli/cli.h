#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

/*
 * The command line: a table of subcommands, each one a function in its own file.  cli_main() reads
 * what stands before the subcommand (`-C DIR`) and changes into the site directory, so every path a
 * command uses is relative to it ("site.yaml", "run/api.sock"); paths that the person gave after
 * the subcommand are taken relative to where they stood: cli_path().
 */

enum cli_exit { CLI_GOOD = 0, CLI_FAULT = 1, CLI_USAGE = 2 };

struct cli {
	const struct cli_command *command;	/* the one that runs */
	char *dir;	/* absolute path of the site directory, which is the working directory */
	int start_fd;	/* the folder the person stood in (O_PATH), for cli_path() */
	bool json;	/* --json was given (taken from the arguments of commands that list) */
	bool terminal;	/* standard error is a terminal */
	bool no_dir;	/* -C named a folder that is not there: only `init` goes on */
};

struct cli_command {
	const char *name;
	/* argv[0] is the subcommand's name, argv[argc] NULL; returns an enum cli_exit. */
	int (*run)(struct cli *cli, int argc, char **argv);
	const char *help;	/* one line for `bootserver --help` */
	const char *usage;	/* all of `bootserver CMD --help` */
	bool lists;		/* takes --json */
	bool makes_dir;		/* goes on when the site directory is not there (init) */
	bool no_site;		/* does not look at the site directory (version) */
};

/* Ends with name NULL. */
extern const struct cli_command cli_commands[];

/* One process's way in that no person types: engine, web, … (main.c has the table). */
struct cli_private {
	const char *name;
	int (*run)(int argc, char **argv);
};

/* The whole program; returns its exit status. */
int cli_main(int argc, char **argv, const struct cli_private *privates);

/* "bootserver: sentence" on standard error; returns `code`. */
int cli_fail(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The same for a filled struct err, with "FILE:LINE:COLUMN: " where it has a place; CLI_FAULT. */
int cli_fail_err(const struct err *err);

/* "bootserver: sentence" and the command's usage line on standard error; returns CLI_USAGE. */
int cli_usage(const struct cli *cli, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A path as the person typed it, made usable from the site directory; fresh memory. */
char *cli_path(const struct cli *cli, const char *typed);

/* Reads all that a file holds which the person typed (a pipe may be one: `<(command)`), at most
 * FILE_MOST bytes; fresh memory with a NUL behind.  The sentence begins with what was typed. */
int cli_read(const struct cli *cli, const char *typed, char **ret, struct err *err);

/*
 * Options, one at a time: takes argv[*at] (not NULL) if it is `name` ("--image"), with its value
 * from "--image=V" or the next argument.  1: taken, *at moved past it, *ret the value (borrowed);
 * 0: another argument; -1: the value is missing or empty (told; return CLI_USAGE).  ret NULL: a
 * flag.
 */
int cli_option(const struct cli *cli, char **argv, int *at, const char *name, const char **ret);

/* Is what was typed a whole number (decimal) from `least` to `most`?  *ret is it then. */
bool cli_number(const char *typed, long least, long most, long *ret);

int cli_init(struct cli *cli, int argc, char **argv);		/* init.c */
int cli_check(struct cli *cli, int argc, char **argv);		/* check.c */
int cli_run(struct cli *cli, int argc, char **argv);		/* run.c */
int cli_status(struct cli *cli, int argc, char **argv);		/* status.c */
int cli_show(struct cli *cli, int argc, char **argv);		/* show.c */
int cli_approve(struct cli *cli, int argc, char **argv);	/* approve.c */
int cli_plan(struct cli *cli, int argc, char **argv);		/* plan.c */
int cli_reimage(struct cli *cli, int argc, char **argv);	/* reimage.c */
int cli_order(struct cli *cli, int argc, char **argv);	/* order.c: reboot, poweroff, identify */
int cli_kubeconfig(struct cli *cli, int argc, char **argv);	/* kubeconfig.c */
int cli_wipe(struct cli *cli, int argc, char **argv);		/* wipe.c */
int cli_export(struct cli *cli, int argc, char **argv);		/* export.c */
int cli_pcap(struct cli *cli, int argc, char **argv);		/* pcap.c */
int cli_probe(struct cli *cli, int argc, char **argv);		/* probe.c */
int cli_image(struct cli *cli, int argc, char **argv);		/* image.c: add, ls, verify, rm */
int cli_backup(struct cli *cli, int argc, char **argv);		/* backup.c */
int cli_restore(struct cli *cli, int argc, char **argv);	/* backup.c */

#endif
