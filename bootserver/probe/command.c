/* The commands of iPXE that ipxe-scripts/ use, as a table: see script.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "probe/script.h"

/* Options before the arguments; those of a flag are left aside. */
struct options {
	const char *timeout, *name, *set, *key;
	int at;			/* of the first argument */
};

static int
options_parse(struct options *ret, int argc, char **argv)
{
	struct options o = { .at = 1 };
	const char **places[] = { &o.timeout, &o.name, &o.set, &o.key, NULL };
	static const char *const names[] = { "--timeout", "--name", "--set", "--key", "--drive" };

	for (; o.at < argc && str_starts(argv[o.at], "--"); o.at++) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (!str_eq(argv[o.at], names[i]))
				continue;
			if (++o.at >= argc)
				return -EINVAL;
			if (places[i] != NULL)
				*places[i] = argv[o.at];
			break;
		}
	}
	*ret = o;
	return 0;
}

static uint32_t
milliseconds(const char *text, uint32_t otherwise)
{
	return text != NULL ? (uint32_t)strtoul(text, NULL, 0) : otherwise;
}

/* The arguments from `at` on, joined by single blanks as iPXE joins them; fresh memory. */
static char *
joined(int argc, char **argv, int at)
{
	struct buf text;

	buf_init(&text);
	for (int i = at; i < argc; i++)
		buf_format(&text, "%s%s", i > at ? " " : "", argv[i]);
	return text.text;
}

static int
do_set(struct script *script, int argc, char **argv)
{
	char *value;

	if (argc < 2)
		return -EINVAL;
	value = joined(argc, argv, 2);
	settings_set(&script->settings, argv[1], value);
	free(value);
	return 0;
}

static int
do_clear(struct script *script, int argc, char **argv)
{
	if (argc != 2)
		return -EINVAL;
	if (settings_find(&script->settings, argv[1]) == NULL)
		return -ENOENT;
	settings_set(&script->settings, argv[1], NULL);
	return 0;
}

static int
do_inc(struct script *script, int argc, char **argv)
{
	const struct setting *setting = argc > 1 ? settings_find(&script->settings, argv[1]) : NULL;
	char *name, *value;

	if (argc < 2 || argc > 3 || setting == NULL || !setting->number)
		return -EINVAL;
	value = str_format("%ld", strtol(setting->value, NULL, 0) +
			   (argc > 2 ? strtol(argv[2], NULL, 0) : 1));
	name = str_format("%s:int32", setting->name);
	settings_set(&script->settings, name, value);
	free(name);
	free(value);
	return 0;
}

static int
do_isset(struct script *script, int argc, char **argv)
{
	/* the argument is a value, `isset ${x}`, or a name that holds a '/' as a value would */
	(void)script;
	return argc == 2 && argv[1][0] != '\0' ? 0 : -ENOENT;
}

static int
do_iseq(struct script *script, int argc, char **argv)
{
	(void)script;
	if (argc != 3)
		return -EINVAL;
	return str_eq(argv[1], argv[2]) ? 0 : -ERANGE;
}

static int
do_goto(struct script *script, int argc, char **argv)
{
	return argc == 2 ? script_goto(script, argv[1]) : -EINVAL;
}

static int
do_echo(struct script *script, int argc, char **argv)
{
	char *line = joined(argc, argv, 1);

	script->host->say(script->arg, line);
	free(line);
	return 0;
}

static int
do_exit(struct script *script, int argc, char **argv)
{
	script->frames[script->depth - 1].rc =
		argc > 1 && strtol(argv[1], NULL, 0) != 0 ? -ECANCELED : 0;
	return SCRIPT_EXIT;
}

static int
pause_for(struct script *script, const char *why, uint32_t ms)
{
	script->host->pause(script->arg, why, ms);
	return SCRIPT_WAIT;
}

static int
do_sleep(struct script *script, int argc, char **argv)
{
	return argc == 2 ? pause_for(script, "sleep", milliseconds(argv[1], 0) * 1000) : -EINVAL;
}

static int
do_prompt(struct script *script, int argc, char **argv)
{
	struct options o;

	if (options_parse(&o, argc, argv) < 0)
		return -EINVAL;
	return pause_for(script, "prompt", milliseconds(o.timeout, 0));
}

static int
do_leave(struct script *script, int argc, char **argv)
{
	(void)argc;
	return pause_for(script, argv[0], 0);
}

static int
do_ifconf(struct script *script, int argc, char **argv)
{
	struct options o;

	if (options_parse(&o, argc, argv) < 0)
		return -EINVAL;
	script->host->configure(script->arg, o.at < argc ? argv[o.at] : "net0");
	return SCRIPT_WAIT;
}

static int
do_nothing(struct script *script, int argc, char **argv)
{
	(void)script, (void)argc, (void)argv;
	return 0;
}

/* The probe's clock is its host's. */
static int
do_ntp(struct script *script, int argc, char **argv)
{
	(void)argc, (void)argv;
	return script->efi ? 0 : -ENOEXEC;	/* BIOS builds have no such command */
}

static int
do_cpuid(struct script *script, int argc, char **argv)
{
	(void)argc, (void)argv;
	return script->long_mode ? 0 : -ENOENT;
}

static void
name_of(char ret[SCRIPT_NAME], const char *given, const char *url)
{
	size_t len = strcspn(url, "?#"), from = len;

	if (given != NULL) {
		str_copy(ret, SCRIPT_NAME, given);
		return;
	}
	while (from > 0 && url[from - 1] != '/')
		from--;
	snprintf(ret, SCRIPT_NAME, "%.*s", (int)(len - from), url + from);
}

static int
do_fetch(struct script *script, int argc, char **argv)
{
	struct script_fetch what = { .command = argv[0] };
	struct options o;

	if (options_parse(&o, argc, argv) < 0 || o.at >= argc)
		return -EINVAL;
	what.url = argv[o.at];
	what.timeout_ms = milliseconds(o.timeout, 0);
	what.initrd = str_eq(argv[0], "initrd");
	name_of(what.name, o.name, what.url);
	if (str_eq(argv[0], "chain"))
		str_copy(script->chain, sizeof(script->chain), what.name);
	if (str_eq(argv[0], "kernel"))
		str_copy(script->kernel, sizeof(script->kernel), what.name);
	script->host->fetch(script->arg, &what);
	return SCRIPT_WAIT;
}

static int
do_imgfree(struct script *script, int argc, char **argv)
{
	struct script_image *next;

	if (argc > 1) {
		script_drop_image(script, argv[1]);
		return 0;
	}
	for (struct script_image *i = script->images; i != NULL; i = next) {
		next = i->next;
		script_drop_image(script, i->name);
	}
	return 0;
}

static int
do_sha256sum(struct script *script, int argc, char **argv)
{
	const struct script_image *image;
	struct options o;

	if (!script->efi)
		return -ENOEXEC;
	if (options_parse(&o, argc, argv) < 0 || o.at >= argc)
		return -EINVAL;
	image = script_image(script, argv[o.at]);
	if (image == NULL)
		return -ENOENT;
	if (o.set != NULL)
		settings_set(&script->settings, o.set, image->sha256);
	return 0;
}

static int
do_boot(struct script *script, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : script->kernel;
	char *args;

	if (script_image(script, name) == NULL)
		return -ENOENT;
	args = joined(argc, argv, 2);
	script->host->boot(script->arg, name, args);
	free(args);
	return SCRIPT_WAIT;
}

static const struct {
	const char *name;
	int (*run)(struct script *script, int argc, char **argv);
} commands[] = {
	{ "set", do_set }, { "clear", do_clear }, { "inc", do_inc }, { "isset", do_isset },
	{ "iseq", do_iseq }, { "goto", do_goto }, { "echo", do_echo }, { "exit", do_exit },
	{ "sleep", do_sleep }, { "prompt", do_prompt }, { "shell", do_leave },
	{ "sanboot", do_leave }, { "reboot", do_leave }, { "ifconf", do_ifconf },
	{ "dhcp", do_ifconf }, { "ifopen", do_nothing }, { "ifclose", do_nothing },
	{ "ntp", do_ntp },
	{ "cpuid", do_cpuid }, { "chain", do_fetch }, { "imgfetch", do_fetch },
	{ "initrd", do_fetch }, { "kernel", do_fetch }, { "imgfree", do_imgfree },
	{ "sha256sum", do_sha256sum }, { "boot", do_boot }, { NULL, NULL },
};

int
command_run(struct script *script, int argc, char **argv)
{
	for (size_t i = 0; commands[i].name != NULL; i++)
		if (str_eq(commands[i].name, argv[0]))
			return commands[i].run(script, argc, argv);
	return -ENOEXEC;	/* iPXE: exec format error */
}
