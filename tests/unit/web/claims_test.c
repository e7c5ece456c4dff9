/* What strangers say of themselves. */
#include "cmocka_all.h"

#include <string.h>

#include "lib/json.h"
#include "web/claims.h"

static json_t *claims;

static int
setup(void **state)
{
	(void)state;
	claims = json_object();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	json_decref(claims);
	return 0;
}

/* What the claim becomes; NULL: it is left out. */
static const char *
taken(const char *name, const char *value, size_t len)
{
	bool was;

	json_object_clear(claims);
	was = claims_take(claims, name, value, len);
	assert_int_equal(json_object_size(claims), was ? 1 : 0);
	return json_str(claims, name, NULL);
}

static void
test_shapes(void **state)
{
	static const struct {
		const char *name, *value, *becomes;
	} rows[] = {
		{ "mac", "52:54:00:AA:00:01", "52:54:00:aa:00:01" },
		{ "mac", "52-54-00-aa-00-01", "52:54:00:aa:00:01" },
		{ "mac", "  52:54:00:aa:00:01 ", "52:54:00:aa:00:01" },
		{ "mac", "52:54:00:aa:00", NULL },
		{ "mac", "52:54:00:aa:00:01:02", NULL },
		{ "mac", "${mac}", NULL },
		{ "uuid", "00112233-4455-6677-8899-AABBCCDDEEFF",
		  "00112233-4455-6677-8899-aabbccddeeff" },
		{ "uuid", "00112233445566778899AABBCCDDEEFF", NULL },
		{ "uuid", "00112233-4455-6677-8899-AABBCCDDEEFG", NULL },
		{ "uuid", "0011223344556677-8899-AABB-CCDDEEFF1", NULL },
		{ "serial", "S/N 1", "S/N 1" },
		{ "serial", "caf\xc3\xa9\n$", "caf___$" },
		{ "serial", "", NULL },
		{ "serial", "   ", NULL },
		{ "arch", "x86_64", "x86_64" },
		{ "arch", "X86", NULL },
		{ "arch", "a123456789012345", "a123456789012345" },
		{ "arch", "a1234567890123456", NULL },
		{ "platform", "efi;", NULL },
		{ "nonce", "x", NULL },
		{ "", "x", NULL },
		{ "MAC", "52:54:00:aa:00:01", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = taken(rows[i].name, rows[i].value, strlen(rows[i].value));

		if (!got != !rows[i].becomes || (got && strcmp(got, rows[i].becomes) != 0))
			fail_msg("row %zu, %s \"%s\": \"%s\"", i, rows[i].name, rows[i].value,
				 got ? got : "(left out)");
	}
}

static void
test_bytes(void **state)
{
	char many[400];

	(void)state;
	assert_string_equal(taken("product", "a\0b", 3), "a_b");
	assert_null(taken("mac", "52:54:00:aa:00:01\0x", 19));
	assert_null(taken("serial", NULL, 0));
	assert_false(claims_take(claims, NULL, "x", 1));
	memset(many, 'x', sizeof(many));
	assert_int_equal(strlen(taken("serial", many, sizeof(many))), CLAIMS_TEXT);
	/* A short form of a MAC at the end of a long run of blanks: rewritten within bounds. */
	memset(many, ' ', sizeof(many));
	memcpy(many + CLAIMS_TEXT - 17, "52:54:00:aa:00:01", 17);
	assert_string_equal(taken("mac", many, CLAIMS_TEXT), "52:54:00:aa:00:01");
}

static void
test_the_first_counts(void **state)
{
	(void)state;
	assert_true(claims_take(claims, "serial", "one", 3));
	assert_false(claims_take(claims, "serial", "two", 3));
	assert_string_equal(json_str(claims, "serial", ""), "one");
}

static void
test_nonces(void **state)
{
	(void)state;
	assert_true(claims_is_nonce("0123456789abcdef"));
	assert_true(claims_is_nonce("0123456789abcdef0123456789abcdef"
				    "0123456789abcdef0123456789abcdef"));
	assert_false(claims_is_nonce(NULL));
	assert_false(claims_is_nonce(""));
	assert_false(claims_is_nonce("0123456789abcde"));
	assert_false(claims_is_nonce("0123456789abcdeF"));
	assert_false(claims_is_nonce("0123456789abcdef0123456789abcdef"
				     "0123456789abcdef0123456789abcdef0"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shapes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_the_first_counts, setup, teardown),
		cmocka_unit_test(test_nonces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
