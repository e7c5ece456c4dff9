/*
 * The command line's way in: the table of subcommands, what stands before the subcommand, help, and
 * the few helpers that all commands share.
 */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "lib/words.h"

static int cli_version(struct cli *cli, int argc, char **argv);

const struct cli_command cli_commands[] = {
	{ .name = "init", .run = cli_init, .makes_dir = true,
	  .help = "make a site directory, or add what is missing in one",
	  .usage = "init [--name NAME] [--interface IF] [--address CIDR]\n"
		   "\n"
		   "Makes the site directory ready to run: a commented site.yaml, the site's\n"
		   "certificate authority, the server's certificate and secrets (mode 0600), and\n"
		   "the folders for images and state.  Run again it adds what is missing and\n"
		   "changes nothing else.\n"
		   "\n"
		   "  --name NAME       the site's name (default: the folder's name)\n"
		   "  --interface IF    the network card towards the machines (default: the one\n"
		   "                    with a link)\n"
		   "  --address CIDR    the server's address there, as 10.9.0.1/24 (default: the\n"
		   "                    card's own)\n" },
	{ .name = "check", .run = cli_check, .help = "find every fault in the site's files",
	  .usage = "check\n"
		   "\n"
		   "Reads site.yaml and machines.d/*.yaml.  Silent when all is well; otherwise\n"
		   "every finding on standard error as FILE:LINE:COLUMN: error|warning: sentence.\n"
		   "Exit status 1 if one of them is an error.\n" },
	{ .name = "run", .run = cli_run, .help = "run the boot server in the foreground",
	  .usage = "run [--idle]\n"
		   "\n"
		   "Serves the site until SIGTERM or SIGINT.  SIGHUP takes changed site files:\n"
		   "whole, or not at all when they have faults.\n"
		   "\n"
		   "  --idle    without a site file: say so, and wait for SIGHUP (as a service\n"
		   "            that was installed before there is a site)\n" },
	{ .name = "status", .run = cli_status, .lists = true,
	  .help = "list the machines and how far each one is",
	  .usage = "status [-w] [--json]\n"
		   "\n"
		   "  -w        stay and show changes as they happen: on a terminal the table,\n"
		   "            elsewhere a line an event\n"
		   "  --json    print JSON\n" },
	{ .name = "show", .run = cli_show, .lists = true,
	  .help = "show one machine and its timeline",
	  .usage = "show MACHINE [--json]\n"
		   "\n"
		   "The timeline of the machine's last boot with the time each phase took; a\n"
		   "phase that stands still is named with its reason.\n" },
	{ .name = "approve", .run = cli_approve, .help = "take in a machine that waits",
	  .usage = "approve MACHINE|CODE [--name NAME]\n"
		   "\n"
		   "CODE is the short code on the machine's own screen, as ABCD-2345.\n"
		   "\n"
		   "  --name NAME    its name from now on, if site.yaml does not name it\n" },
	{ .name = "plan", .run = cli_plan, .help = "say what a machine boots next",
	  .usage = "plan MACHINE image|local|wait|rescue|memtest [--once]\n"
		   "\n"
		   "  --once    for the next boot only\n"
		   "\n"
		   "memtest (memtest86+) is for x86 machines only.\n" },
	{ .name = "reimage", .run = cli_reimage,
	  .help = "give a machine another image and reboot it",
	  .usage = "reimage MACHINE [--image NAME[@GENERATION]] [--no-reboot]\n"
		   "       bootserver reimage --all|--rack NAME [--image …] [--no-reboot]\n"
		   "\n"
		   "  --image NAME[@GENERATION]    default: the newest generation of its image\n"
		   "  --no-reboot                  at its next boot, whenever that is; a reboot\n"
		   "                               that waits for its agent is taken back\n"
		   "  --all                        every machine that was taken in\n"
		   "  --rack NAME                  every machine of that rack\n" },
	{ .name = "reboot", .run = cli_order, .help = "reboot a machine",
	  .usage = "reboot MACHINE\n"
		   "\n"
		   "An order for its agent, which hears it at once, or when it is heard again;\n"
		   "`show` tells what became of it.\n" },
	{ .name = "poweroff", .run = cli_order, .help = "switch a machine off",
	  .usage = "poweroff MACHINE\n"
		   "\n"
		   "An order for its agent, as `reboot` is.  Only a person, or Wake-on-LAN where\n"
		   "the firmware has it, switches the machine on again.\n" },
	{ .name = "identify", .run = cli_order,
	  .help = "light a machine up for a person in front of the rack",
	  .usage = "identify MACHINE [--seconds N]\n"
		   "\n"
		   "By the light of its BMC (at most 255 s), else by that of the network card\n"
		   "that it booted by; `show` says when it has neither.\n"
		   "\n"
		   "  --seconds N    for so long (default: 120; at most 3600)\n" },
	{ .name = "wipe", .run = cli_wipe, .help = "erase a data disk of a machine",
	  .usage = "wipe MACHINE --disk SERIAL [--confirm CODE]\n"
		   "\n"
		   "Shows the disk and a code; given again with the code, the machine's agent\n"
		   "erases it.  Nothing else ever erases a disk on which something was found.\n"
		   "\n"
		   "  --disk SERIAL     the disk's serial number, as `show` has it\n"
		   "  --confirm CODE    do it\n" },
	{ .name = "kubeconfig", .run = cli_kubeconfig,
	  .help = "print an administrator's kubeconfig for the site's cluster",
	  .usage = "kubeconfig [--hours N]\n"
		   "\n"
		   "For kubectl: user bootserver-admin of group kubeadm:cluster-admins, with a\n"
		   "key made for it.  It cannot be called back, so keep it short and to\n"
		   "yourself.  The API server is api.DOMAIN, which the site's DNS knows.\n"
		   "\n"
		   "  --hours N    good for so long (default: 8; at most 8760)\n" },
	{ .name = "pcap", .run = cli_pcap, .help = "write a machine's last DHCP packets",
	  .usage = "pcap MACHINE [FILE]\n"
		   "\n"
		   "The last packets of the machine's cards, questions and answers of all\n"
		   "servers, as a pcap file (tcpdump -r, Wireshark); without FILE on standard\n"
		   "output.\n" },
	{ .name = "probe", .run = cli_probe, .lists = true,
	  .help = "boot a machine that is none, and say what is wrong on the way",
	  .usage = "probe --interface IF [--firmware KIND] [--mac MAC] [--ca FILE]\n"
		   "       [--seconds N] [--json]\n"
		   "\n"
		   "Plays a machine on the wire, from power-on to the start of its kernel: DHCP,\n"
		   "TFTP or UEFI HTTP Boot, iPXE's greeting, the script, kernel and initrd by\n"
		   "their digests.  Each phase is timed; a fault is named with what to do, and is\n"
		   "exit status 1.  Run it as root on another host of the segment than the\n"
		   "server: a card does not hear what its own host sends by it.  It gives its\n"
		   "address back; the server has seen a machine with that MAC, as any other.\n"
		   "\n"
		   "  --interface IF     the card towards the boot server\n"
		   "  --firmware KIND    bios, uefi-x86_64 (default), uefi-arm64,\n"
		   "                     uefi-http-x86_64, uefi-http-arm64\n"
		   "  --mac MAC          a machine of the site file, to get its plan (default:\n"
		   "                     one made up, which the server does not know)\n"
		   "  --ca FILE          the site's CA, PEM (default: pki/ca.crt of the site\n"
		   "                     directory, if it is there)\n"
		   "  --seconds N        give up after so long (default: 60)\n" },
	{ .name = "export", .run = cli_export,
	  .help = "print settings for the site's other DHCP server",
	  .usage = "export dhcp [isc|kea|dnsmasq|windows|mikrotik]\n"
		   "\n"
		   "Where another server gives the addresses (dhcp: {mode: none}): what it must "
		   "be\ntold, so that its clients boot from here.\n" },
	{ .name = "image", .run = cli_image, .lists = true,
	  .help = "add, list, verify or remove images",
	  .usage = "image add FOLDER\n"
		   "       bootserver image ls [--json]\n"
		   "       bootserver image verify [NAME[@GENERATION]]\n"
		   "       bootserver image rm NAME@GENERATION\n"
		   "       bootserver image gc\n"
		   "\n"
		   "add     copies a built image into the store and prints NAME@GENERATION;\n"
		   "        for one that is there it mends what `verify` found damaged\n"
		   "ls      lists the images of the store\n"
		   "verify  reads every byte and checks digests and signatures\n"
		   "rm      removes a generation, and the parts no other image uses; refused\n"
		   "        while a machine boots it next, runs it or would fall back to it\n"
		   "gc      removes parts that no image uses (left by a crash)\n" },
	{ .name = "backup", .run = cli_backup, .help = "write the whole site into one sealed file",
	  .usage = "backup [--to CERTIFICATE] [--passphrase-file FILE] [--no-images] FILE\n"
		   "\n"
		   "Site files, keys, database, leases and images, as they are now; the server\n"
		   "may run meanwhile.  The file is sealed to a certificate, or to a passphrase\n"
		   "that is asked for.\n"
		   "\n"
		   "  --to CERTIFICATE          PEM; its key opens the file\n"
		   "  --passphrase-file FILE    its first line is the passphrase\n"
		   "  --no-images               without images (`image add` brings them back)\n" },
	{ .name = "restore", .run = cli_restore, .makes_dir = true,
	  .help = "make the site of a backup in an empty site directory",
	  .usage = "restore [--key FILE] [--passphrase-file FILE] FILE\n"
		   "\n"
		   "The site directory must be empty, or not be there.  There is no site in it\n"
		   "before all of the backup was found good.\n"
		   "\n"
		   "  --key FILE                PEM with key and certificate, for a backup --to\n"
		   "  --passphrase-file FILE    its first line is the passphrase\n"
		   "\n"
		   "Two servers for one site must not run at the same time.\n" },
	{ .name = "version", .run = cli_version, .no_site = true, .help = "print the version",
	  .usage = "version\n" },
	{ .name = NULL }
};

static int
cli_version(struct cli *cli, int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return cli_usage(cli, "version takes no arguments");
	printf("bootserver %s\n", VERSION);
	return CLI_GOOD;
}

int
cli_fail(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("bootserver: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int
cli_fail_err(const struct err *err)
{
	if (err->file[0] && err->line)
		fprintf(stderr, "%s:%d:%d: error: %s\n", err->file, err->line, err->column,
			err->text);
	else if (err->file[0])
		fprintf(stderr, "%s: error: %s\n", err->file, err->text);
	else
		fprintf(stderr, "bootserver: %s\n", err->text);
	return CLI_FAULT;
}

int
cli_usage(const struct cli *cli, const char *fmt, ...)
{
	const char *usage = cli->command->usage;
	va_list ap;

	fputs("bootserver: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\nusage: bootserver %.*s\n", (int)(strstr(usage, "\n\n") ?
		strstr(usage, "\n\n") - usage : (long)strcspn(usage, "\n")), usage);
	return CLI_USAGE;
}

char *
cli_path(const struct cli *cli, const char *typed)
{
	if (typed[0] == '/')
		return str_dup(typed);
	return str_format("/proc/self/fd/%d/%s", cli->start_fd, typed);
}

int
cli_read(const struct cli *cli, const char *typed, char **ret, struct err *err)
{
	char *path = cli_path(cli, typed);
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	free(path);
	if (fd < 0)
		return err_errno(err, -errno, "%s", typed);
	r = file_read_fd(fd, FILE_MOST, ret, NULL, err);
	close(fd);
	return r < 0 ? err_wrap(err, r, "%s", typed) : 0;
}

int
cli_option(const struct cli *cli, char **argv, int *at, const char *name, const char **ret)
{
	const char *given = argv[*at], *value;
	size_t len = strlen(name);

	if (strncmp(given, name, len) != 0)
		return 0;
	if (!ret) {
		if (given[len])
			return 0;
		(*at)++;
		return 1;
	}
	if (given[len] && given[len] != '=')
		return 0;
	value = given[len] ? given + len + 1 : argv[*at + 1];
	if (!value || !value[0]) {	/* "": a script's variable that holds nothing */
		cli_usage(cli, "%s needs a value", name);
		return -1;
	}
	*at += given[len] ? 1 : 2;
	*ret = value;
	return 1;
}

bool
cli_number(const char *typed, long least, long most, long *ret)
{
	char *end;
	long number = strtol(typed, &end, 10);

	if (end == typed || *end || number < least || number > most)
		return false;
	*ret = number;
	return true;
}

static int
cli_help(FILE *out)
{
	fputs("usage: bootserver [-C DIR] COMMAND [ARGUMENT…]\n\n", out);
	for (const struct cli_command *c = cli_commands; c->name; c++)
		fprintf(out, "  %-10s %s\n", c->name, c->help);
	fputs("\n  -C DIR     the site directory (default: the current folder)\n"
	      "\n`bootserver COMMAND --help` tells more.  Exit status: 0 good, 1 the input or the\n"
	      "site is at fault, 2 wrong usage.\n", out);
	return CLI_GOOD;
}

static int
cli_unknown(const char *name)
{
	const char *names[sizeof(cli_commands) / sizeof(cli_commands[0])] = { NULL };
	const char *nearest;
	size_t count = 0;

	for (const struct cli_command *c = cli_commands; c->name; c++)
		names[count++] = c->name;
	nearest = words_nearest(name, names);
	if (nearest)
		return cli_fail(CLI_USAGE, "no command \"%s\"; did you mean \"%s\"?", name,
				nearest);
	return cli_fail(CLI_USAGE, "no command \"%s\"; `bootserver --help` lists them", name);
}

/* Takes --help and, where the command lists, --json out of the arguments; true for --help. */
static bool
cli_take_common(struct cli *cli, int *argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			printf("usage: bootserver %s", cli->command->usage);
			return true;
		}
		if (cli->command->lists && strcmp(argv[i], "--json") == 0)
			cli->json = true;
		else
			argv[kept++] = argv[i];
	}
	argv[kept] = NULL;
	*argc = kept;
	return false;
}

/* Goes into the site directory and notes where the person stood. */
static int
cli_enter(struct cli *cli, const char *dir)
{
	cli->start_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cli->start_fd < 0)
		return cli_fail(CLI_FAULT, "the current folder: %s", strerror(errno));
	if (cli->command->no_site)
		return CLI_GOOD;
	if (chdir(dir) < 0) {
		if (errno != ENOENT || !cli->command->makes_dir)
			return cli_fail(CLI_FAULT, "site directory %s: %s", dir, strerror(errno));
		cli->no_dir = true;
		cli->dir = str_dup(dir);
		return CLI_GOOD;
	}
	cli->dir = realpath(".", NULL);
	if (!cli->dir)
		return cli_fail(CLI_FAULT, "site directory %s: %s", dir, strerror(errno));
	return CLI_GOOD;
}

static int
cli_command(const struct cli_command *command, const char *dir, int argc, char **argv)
{
	struct cli cli = { .command = command, .start_fd = -1 };
	int status;

	cli.terminal = isatty(STDERR_FILENO);
	if (cli_take_common(&cli, &argc, argv))
		return CLI_GOOD;
	status = cli_enter(&cli, dir);
	if (status == CLI_GOOD)
		status = command->run(&cli, argc, argv);
	if (status == CLI_GOOD && fflush(stdout) != 0)
		status = cli_fail(CLI_FAULT, "standard output: %s", strerror(errno));
	free(cli.dir);
	if (cli.start_fd >= 0)
		close(cli.start_fd);
	return status;
}

int
cli_main(int argc, char **argv, const struct cli_private *privates)
{
	const char *dir = ".";
	int at = 1;

	/* Each file's and folder's mode is said where it is made; engine, web and dnsmasq, other
	 * users, read what is theirs whatever the person's umask. */
	umask(022);
	for (; at < argc && argv[at][0] == '-'; at++) {
		if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0)
			return cli_help(stdout);
		if (strcmp(argv[at], "--version") == 0) {
			argv[at] = "version";
			break;
		}
		if (strncmp(argv[at], "-C", 2) != 0)
			return cli_fail(CLI_USAGE, "no option %s; `bootserver --help` lists them",
					argv[at]);
		if (!argv[at][2] && at + 1 >= argc)
			return cli_fail(CLI_USAGE, "-C needs the site directory");
		dir = argv[at][2] ? argv[at] + 2 : argv[++at];
	}
	if (at >= argc) {
		cli_help(stderr);
		return CLI_USAGE;
	}
	for (const struct cli_private *p = privates; p && p->name; p++)
		if (strcmp(argv[at], p->name) == 0)
			return p->run(argc - at, argv + at);
	for (const struct cli_command *c = cli_commands; c->name; c++)
		if (strcmp(argv[at], c->name) == 0)
			return cli_command(c, dir, argc - at, argv + at);
	return cli_unknown(argv[at]);
}
