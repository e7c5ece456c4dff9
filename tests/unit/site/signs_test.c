/* Which signs of foreign text a terminal is not shown. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/signs.h"

static void
cleaned(void **state)
{
	static const struct { const char *text, *clean; } rows[] = {
		{ "", "" },
		{ "plain\ttext ~ é € 😀", "plain\ttext ~ é € 😀" },
		{ "\x1b[31m\r\n\x7f", "?[31m???" },
		{ "a\xc2\x80" "b\xc2\x9b" "c\xc2\x9f" "d\xc2\xa0", "a?b?c?d\xc2\xa0" },
		{ "\u061c\u200b\u200f\u2028\u202e\u2066\ufeff", "???????" },
		{ "\u200a\u2010\u202f\u205f\u2070", "\u200a\u2010\u202f\u205f\u2070" },
		{ "raw \x9b is C1 in eight bits, \xe2\x82", "raw ? is C1 in eight bits, ??" },
		{ "\xe0\x80\x9b \xc0\x9b \xff", "? ?? ?" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = str_dup(rows[i].text);

		assert_int_equal(signs_are_clean(text), strcmp(text, rows[i].clean) == 0);
		signs_clean(text, '?');
		assert_string_equal(text, rows[i].clean);
		assert_true(signs_are_clean(text));
		free(text);
	}
}

static void
within_json(void **state)
{
	json_t *value = json_pack("{s:[s, i, {s:s}], s:s, s:n}", "a", "x\xc2\x85", 3, "b", "\x1b",
				  "c", "good", "d");
	json_t *clean = json_pack("{s:[s, i, {s:s}], s:s, s:n}", "a", "x ", 3, "b", " ", "c",
				  "good", "d");

	(void)state;
	signs_clean_json(value);
	signs_clean_json(NULL);
	assert_true(json_equal(value, clean));
	json_decref(value);
	json_decref(clean);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleaned),
		cmocka_unit_test(within_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
