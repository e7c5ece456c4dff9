/* iPXE's script language: each line as iPXE has it, and our own scripts run to their ends. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "probe/script.h"

#define DIGEST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"

/* A host that notes what was begun and ends it as `rc` and `text` say. */
struct stage {
	struct script script;
	struct buf told;
	int rc;
	const char *text;	/* what a fetched file holds; NULL: no script */
	const char *sha256;
	struct script_fetch last;
	int over;		/* 99: not yet */
};

static void
on_fetch(void *arg, const struct script_fetch *what)
{
	struct stage *s = arg;

	buf_format(&s->told, "%s %s as %s\n", what->command, what->url, what->name);
	s->last = *what;
}

static void
on_configure(void *arg, const char *nic)
{
	struct stage *s = arg;

	buf_format(&s->told, "ifconf %s\n", nic);
}

static void
on_pause(void *arg, const char *why, uint32_t ms)
{
	struct stage *s = arg;

	buf_format(&s->told, "%s %u\n", why, ms);
}

static void
on_boot(void *arg, const char *image, const char *args)
{
	struct stage *s = arg;

	buf_format(&s->told, "boot %s [%s]\n", image, args);
}

static void
on_binary(void *arg, const char *image)
{
	struct stage *s = arg;

	buf_format(&s->told, "binary %s\n", image);
}

static void
on_say(void *arg, const char *line)
{
	struct stage *s = arg;

	buf_format(&s->told, "> %s\n", line);
}

static void
on_over(void *arg, int rc)
{
	struct stage *s = arg;

	s->over = rc;
}

static const struct script_host host = {
	on_fetch, on_configure, on_pause, on_boot, on_binary, on_say, on_over,
};

static int
set_up(void **state)
{
	struct stage *s = mem_new(sizeof(*s));

	s->script = (struct script){ .host = &host, .arg = s, .efi = true, .long_mode = true };
	s->over = 99;
	s->sha256 = DIGEST;
	buf_init(&s->told);
	*state = s;
	return 0;
}

static int
tear_down(void **state)
{
	struct stage *s = *state;

	script_fini(&s->script);
	buf_fini(&s->told);
	free(s);
	return 0;
}

/* What was begun ends well or ill; a fetched file is there. */
static void
ends(struct stage *s, int rc)
{
	if (s->last.command != NULL && rc == 0) {
		struct script_image image = { .text = (char *)(uintptr_t)s->text };

		str_copy(image.name, sizeof(image.name), s->last.name);
		str_copy(image.sha256, sizeof(image.sha256), s->sha256);
		script_add_image(&s->script, &image);
	}
	s->last.command = NULL;
	script_ended(&s->script, rc);
}

static void
run(struct stage *s, const char *lines)
{
	char *text = str_format("#!ipxe\n%s", lines);

	s->over = 99;
	s->told.len = 0;
	s->told.text[0] = '\0';
	script_start(&s->script, text);
	free(text);
}

#define TOLD(s, want) assert_string_equal((s)->told.text, want)

static void
lines_and_what_joins_them(void **state)
{
	static const struct {
		const char *lines, *told;
		int over;
	} rows[] = {
		{ "echo a   b\n", "> a b\n", 0 },
		{ "iseq a b && echo yes || echo no\n", "> no\n", 0 },
		{ "iseq a a && echo yes || echo no\n", "> yes\n", 0 },
		{ "iseq a b ||\necho on\n", "> on\n", 0 },
		{ "iseq a b\necho never\n", "", -ERANGE },
		{ "iseq a b && echo never ||\necho on\n", "> on\n", 0 },
		{ "iseq a b ; echo on\n", "> on\n", 0 },
		{ "frobnicate || echo unknown\n", "> unknown\n", 0 },
		{ "goto end\necho never\n:end\necho end\n", "> end\n", 0 },
		{ "goto nowhere || echo stays\n", "> stays\n", 0 },
		{ "goto end && echo never\n:end now\n:ending\n:end\necho end\n", "> end\n", 0 },
		{ "exit 0\necho never\n", "", 0 },
		{ "exit 1 || echo never\n", "", -ECANCELED },
		{ "# echo never\n  # nor this\n\t echo last", "> last\n", 0 },
		{ "iseq ${platform} ${platform} && echo both empty\n", "> both empty\n", 0 },
	};
	struct stage *s = *state;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(s, rows[i].lines);
		if (!str_eq(s->told.text, rows[i].told) || s->over != rows[i].over)
			fail_msg("%s: said \"%s\", ended %d", rows[i].lines, s->told.text,
				 s->over);
	}
}

static void
settings(void **state)
{
	static const struct {
		const char *lines, *told;
	} rows[] = {
		{ "set x a  b\necho [${x}]\n", "> [a b]\n" },
		{ "set x a && set x\nisset ${x} || echo gone\n", "> gone\n" },
		{ "clear never ||\nset y 1\nclear y\nisset ${y} || echo gone\n", "> gone\n" },
		{ "set n:int32 0\ninc n\ninc n\ninc n ${n}\necho ${n}\n", "> 4\n" },
		{ "set n 0\ninc n || echo no number\n", "> no number\n" },
		{ "set nic:int32 0\necho ${net${nic}/mac}\n", "> 52:54:00:00:00:01\n" },
		{ "echo ${netX/mac:hexhyp} ${mac}\n", "> 52-54-00-00-00-01 52:54:00:00:00:01\n" },
		{ "isset ${net1/mac} || echo one card\n", "> one card\n" },
		{ "set s a&b/c%d e\necho ${s:uristring}\n", "> a%26b%2Fc%25d%20e\n" },
		{ "set e x\nset f ${e}y\nset f ${f}z\necho ${f}\n", "> xyz\n" },
		{ "sanboot || echo ${errno:hexraw}\n", "sanboot 0\n" },
		{ "iseq a b || echo ${errno:hexraw}\n", "> 00000022\n" },
		{ "cpuid --ext 29 && echo 64\n", "> 64\n" },
	};
	struct stage *s = *state;

	settings_set(&s->script.settings, "net0/mac", "52:54:00:00:00:01");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		run(s, rows[i].lines);
		if (!str_eq(s->told.text, rows[i].told))
			fail_msg("%s: said \"%s\"", rows[i].lines, s->told.text);
	}
}

/* What a value holds joins nothing: the words are cut before it is put in. */
static void
values_are_no_commands(void **state)
{
	struct stage *s = *state;

	settings_set(&s->script.settings, "evil", "x || shell");
	run(s, "iseq ${evil} y || echo ${evil}\n");
	TOLD(s, "> x || shell\n");
	settings_set(&s->script.settings, "self", "${self}${self}");
	run(s, "echo ${self}\n");
	assert_int_equal(s->over, -E2BIG);
}

static void
chains(void **state)
{
	struct stage *s = *state;

	s->text = "#!ipxe\necho inner\nset x 1\nexit 1\n";
	run(s, "chain --timeout 20000 --autofree http://s/v1/boot?mac=1 || goto failed\n"
	       "echo never\n:failed\necho x is ${x}, ${errno}\n");
	TOLD(s, "chain http://s/v1/boot?mac=1 as boot\n");
	ends(s, 0);
	TOLD(s, "chain http://s/v1/boot?mac=1 as boot\n> inner\n> x is 1, 0000007d\n");
	assert_int_equal(s->over, 0);
	assert_null(script_image(&s->script, "boot"));
	run(s, "chain --name k http://s/f && echo never || echo broken\n");
	ends(s, -ETIMEDOUT);
	TOLD(s, "chain http://s/f as k\n> broken\n");
	s->text = NULL;
	run(s, "chain undionly.kpxe\n");
	ends(s, 0);
	TOLD(s, "chain undionly.kpxe as undionly.kpxe\nbinary undionly.kpxe\n");
	s->text = "#!ipxe\nchain again\n";	/* for ever: an end is found */
	run(s, "chain again || echo deep\n");
	for (int i = 0; i < SCRIPT_DEPTH && s->over == 99; i++)
		ends(s, 0);
	assert_non_null(strstr(s->told.text, "> deep\n"));
}

static void
a_script_without_end(void **state)
{
	struct stage *s = *state;

	run(s, ":a\ngoto a\n");
	TOLD(s, "> This script has no end.\n");
	assert_int_not_equal(s->over, 99);
}

static char *
plain(const char *name)
{
	char *path = str_format("ipxe-scripts/%s", name), *text = NULL;
	struct err err;

	if (file_read(AT_FDCWD, path, &text, NULL, &err) < 0)
		fail_msg("%s", err.text);
	free(path);
	return text;
}

static void
put_image_settings(struct stage *s)
{
	static const char *const pairs[][2] = {
		{ "platform", "efi" }, { "url", "http://s" }, { "https", "https://s" },
		{ "machine", "n1" }, { "nonce", "abc" }, { "kernel", DIGEST }, { "initrd", DIGEST },
		{ "args", "quiet" }, { "image", "edge@1" }, { "retry", "5" },
		{ "net0/mac", "52:54:00:00:00:01" }, { "net0/ip", "10.9.0.5" },
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		settings_set(&s->script.settings, pairs[i][0], pairs[i][1]);
}

static void
our_image_script_boots(void **state)
{
	struct stage *s = *state;
	char *text = plain("image.ipxe");

	put_image_settings(s);
	script_start(&s->script, text);
	for (int i = 0; i < 3; i++)
		ends(s, 0);
	TOLD(s, "> \n> n1: image edge@1\n"
		"imgfetch http://s/blob/" DIGEST "?nonce=abc as kernel\n"
		"initrd http://s/blob/" DIGEST "?nonce=abc as initrd\n"
		"initrd https://s/site.json?nonce=abc as site.json\n"
		"boot kernel [quiet BOOTIF=01-52-54-00-00-00-01 ip=10.9.0.5:::::::]\n");
	free(text);
}

static void
our_image_script_refuses_other_bytes(void **state)
{
	struct stage *s = *state;
	char *text = plain("image.ipxe");

	put_image_settings(s);
	s->sha256 = OTHER;
	script_start(&s->script, text);
	ends(s, 0);
	assert_non_null(strstr(s->told.text, "> n1: kernel of image edge@1 is not what"));
	assert_non_null(strstr(s->told.text, "imgfetch http://s/v1/report?nonce=abc&phase=kernel"));
	ends(s, -ENOENT);	/* nobody minds */
	assert_non_null(strstr(s->told.text, "sleep 5000\n"));
	/* five times, then the server is asked anew */
	for (int i = 0; i < 40 && s->over == 99; i++)
		ends(s, 0);
	assert_int_equal(s->over, 0);
	free(text);
}

static void
our_first_script_tries_all_cards(void **state)
{
	struct stage *s = *state;
	char *text = plain("autoexec.ipxe");

	put_image_settings(s);
	script_start(&s->script, text);
	TOLD(s, "ifconf net0\n");
	ends(s, -ETIMEDOUT);
	assert_non_null(strstr(s->told.text, "> No boot server answered on 1 network interfaces. "
					     "Again in 2 seconds.\nsleep 2000\n"));
	ends(s, 0);
	ends(s, 0);
	assert_non_null(strstr(s->told.text, "chain https://s/boot.ipxe as boot.ipxe\n"));
	free(text);
}

/* iPXE's "DRBG not instantiated" lasts for as long as it runs: to ask again would be for ever. */
static void
our_first_script_restarts_an_unseeded_machine(void **state)
{
	struct stage *s = *state;
	char *text = plain("autoexec.ipxe");

	put_image_settings(s);
	script_start(&s->script, text);
	ends(s, 0);
	TOLD(s, "ifconf net0\nchain https://s/boot.ipxe as boot.ipxe\n");
	ends(s, -0x1c25e082);
	assert_non_null(strstr(s->told.text, "Restarting in 5 seconds.\nsleep 5000\n"));
	ends(s, 0);
	assert_non_null(strstr(s->told.text, "\nreboot 0\n"));
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_and_what_joins_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(settings, set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_are_no_commands, set_up, tear_down),
		cmocka_unit_test_setup_teardown(chains, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_script_without_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_image_script_boots, set_up, tear_down),
		cmocka_unit_test_setup_teardown(our_image_script_refuses_other_bytes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(our_first_script_tries_all_cards, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(
			our_first_script_restarts_an_unseeded_machine, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
