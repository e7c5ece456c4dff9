/* How near words are to each other, and what a script's value may hold. */
#include "cmocka_all.h"

#include <string.h>

#include "lib/words.h"

static void
distances(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 }, { "a", "", 1 }, { "check", "check", 0 }, { "chek", "check", 1 },
		{ "hcek", "chek", 1 }, { "kitten", "sitting", 3 }, { "abc", "xyz", 3 },
		{ "server", "sever", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (words_distance(rows[i].a, rows[i].b) != rows[i].distance ||
		    words_distance(rows[i].b, rows[i].a) != rows[i].distance)
			fail_msg("%s, %s: %zu", rows[i].a, rows[i].b,
				 words_distance(rows[i].a, rows[i].b));
	assert_int_equal(words_distance("a", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
			 99);
}

static void
nearest(void **state)
{
	static const char *const words[] = { "name", "mac", "uuid", "serial", "http-port", NULL };

	(void)state;
	assert_string_equal(words_nearest("nmae", words), "name");
	assert_string_equal(words_nearest("macs", words), "mac");
	assert_string_equal(words_nearest("htp-port", words), "http-port");
	assert_string_equal(words_nearest("name", words), "name");
	assert_null(words_nearest("colour", words));
	assert_null(words_nearest("", words));
	assert_null(words_nearest("x", words));
}

static void
signs(void **state)
{
	static const char bad[] = "$a";

	(void)state;
	assert_null(words_bad_sign(""));
	assert_null(words_bad_sign("console=ttyS0,115200 a_b:c/d@e+f%g~h-i.j"));
	assert_ptr_equal(words_bad_sign(bad), bad);
	for (const char *c = "${}&|#\"'\\;`<>()*?!^\n\t\x7f\x80"; *c; c++) {
		char text[3] = { 'a', *c, '\0' };

		assert_ptr_equal(words_bad_sign(text), text + 1);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances), cmocka_unit_test(nearest), cmocka_unit_test(signs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
