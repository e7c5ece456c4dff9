/* The head before a plain script: what may stand in it, and nothing else. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"
#include "plan/script.h"

static struct err err;

static void
values(void **state)
{
	static const struct {
		const char *value;
		int rc;
	} rows[] = {
		{ "", 0 },
		{ "http://10.9.0.1:8080/x?", -EINVAL },
		{ "http://10.9.0.1:8080/x", 0 },
		{ "console=ttyS0,115200 panic=30 a@b +1 50% ~x -y", 0 },
		{ "${net0/mac}", -EINVAL },
		{ "$", -EINVAL },
		{ "{", -EINVAL },
		{ "a\nshell", -EINVAL },
		{ "a\rb", -EINVAL },
		{ "a || shell", -EINVAL },
		{ "a && shell", -EINVAL },
		{ "a ; shell", -EINVAL },
		{ "a # b", -EINVAL },
		{ "\"a\"", -EINVAL },
		{ "'a'", -EINVAL },
		{ "a\\", -EINVAL },
		{ "a\tb", -EINVAL },
		{ "gr\xc3\xbc\xc3\x9f", -EINVAL },
		{ "\x7f", -EINVAL },
	};
	char text[1026];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (script_value_check(rows[i].value, &err) != rows[i].rc)
			fail_msg("\"%s\"", rows[i].value);
	memset(text, 'a', sizeof(text));
	text[1024] = '\0';
	assert_int_equal(script_value_check(text, &err), 0);
	text[1024] = 'a';
	text[1025] = '\0';
	assert_int_equal(script_value_check(text, &err), -EINVAL);
}

/* Renders `vars` (JSON) before `plain`; NULL when refused. */
static char *
render(const char *vars, const char *plain)
{
	char *text = NULL;
	json_t *object;

	assert_int_equal(json_parse(&object, vars, strlen(vars), &err), 0);
	if (script_render(object, plain, &text, &err) != 0)
		assert_null(text);
	json_decref(object);
	return text;
}

static void
the_head(void **state)
{
	static const struct {
		const char *what, *vars, *plain, *expect;
	} rows[] = {
		{ "two values, in their order", "{\"url\": \"http://10.9.0.1\", \"args\": \"a b\"}",
		  "#!ipxe\necho ${args}\n",
		  "#!ipxe\nset url http://10.9.0.1\nset args a b\necho ${args}\n" },
		{ "none", "{}", "#!ipxe\nshell", "#!ipxe\nshell" },
		{ "an empty value clears", "{\"code\": \"\"}", "#!ipxe\n", "#!ipxe\nset code\n" },
		{ "blanks are an empty value", "{\"code\": \"  \"}", "#!ipxe\n",
		  "#!ipxe\nset code\n" },
		{ "no script", "{}", "echo hello\n", NULL },
		{ "nothing", "{}", "", NULL },
		{ "a foreign sign in a value", "{\"a\": \"b;c\"}", "#!ipxe\n", NULL },
		{ "a number", "{\"a\": 1}", "#!ipxe\n", NULL },
		{ "a name with a slash", "{\"net0/ip\": \"1\"}", "#!ipxe\n", NULL },
		{ "a name with a type", "{\"a:int8\": \"1\"}", "#!ipxe\n", NULL },
		{ "a name with a blank", "{\"a b\": \"1\"}", "#!ipxe\n", NULL },
		{ "an option as name", "{\"-x\": \"1\"}", "#!ipxe\n", NULL },
		{ "no name", "{\"\": \"1\"}", "#!ipxe\n", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = render(rows[i].vars, rows[i].plain);

		if ((text == NULL) != (rows[i].expect == NULL) ||
		    (text != NULL && strcmp(text, rows[i].expect) != 0))
			fail_msg("%s: %s", rows[i].what, text ? text : err.text);
		free(text);
	}
}

static void
cleaning(void **state)
{
	char text[] = "ACME \"Server\" ${x}; \xc3\xbc\n", clean[] = "ACME 100% ok.";

	(void)state;
	script_clean(text);
	assert_string_equal(text, "ACME _Server_ __x__ ___");
	assert_int_equal(script_value_check(text, &err), 0);
	script_clean(clean);
	assert_string_equal(clean, "ACME 100% ok.");
}

/* True if the script has a line ":label". */
static bool
has_label(const char *script, const char *label, size_t len)
{
	for (const char *at = script; (at = strstr(at, "\n:")) != NULL; at += 2)
		if (strncmp(at + 2, label, len) == 0 && strchr(" \n", at[2 + len]) != NULL)
			return true;
	return false;
}

/* What iPXE would trip over only on the machine: each goto has its label, `chain` frees what it
 * fetched (on EFI all images that are left become part of the initrd), a counter keeps its type. */
static void
shipped_scripts(void **state)
{
	static const char *const names[] = { "autoexec", "nic", "boot", "image", "local", "wait",
					     "rescue", "memtest", "failure" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = str_format("ipxe-scripts/%s.ipxe", names[i]), *script, *text;

		assert_int_equal(file_read(AT_FDCWD, path, &script, NULL, &err), 0);
		text = render("{\"url\": \"http://10.9.0.1\"}", script);
		assert_non_null(text);
		for (const char *at = text; (at = strstr(at, "goto ")) != NULL; at += 5)
			if (!has_label(text, at + 5, strcspn(at + 5, " \n")))
				fail_msg("%s: goto %.20s", path, at + 5);
		for (const char *at = text; (at = strstr(at, "\nchain ")) != NULL; at += 7)
			if (memmem(at + 1, strcspn(at + 1, "\n"), "--autofree", 10) == NULL)
				fail_msg("%s: chain without --autofree", path);
		for (const char *at = text; (at = strstr(at, "inc ")) != NULL; at += 4) {
			char *typed = str_format("set %.*s:int32 ", (int)strcspn(at + 4, " \n"),
						 at + 4);
			char *plain = str_format("set %.*s ", (int)strcspn(at + 4, " \n"), at + 4);

			if (strstr(text, typed) == NULL || strstr(text, plain) != NULL)
				fail_msg("%s: a counter is set without a type", path);
			free(typed);
			free(plain);
		}
		free(text);
		free(script);
		free(path);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(the_head),
		cmocka_unit_test(cleaning),
		cmocka_unit_test(shipped_scripts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
