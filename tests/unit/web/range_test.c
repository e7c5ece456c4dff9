/* Which bytes of a file a client asks for (RFC 9110 section 14). */
#include "cmocka_all.h"

#include "web/range.h"

#define UNTOUCHED 77

static const struct {
	const char *text;
	uint64_t size;
	enum range_kind kind;
	uint64_t first, len;
} rows[] = {
	{ NULL, 100, RANGE_WHOLE, 0, 0 },
	{ "", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=0-0", 100, RANGE_PART, 0, 1 },
	{ "bytes=0-99", 100, RANGE_PART, 0, 100 },
	{ "bytes=0-100", 100, RANGE_PART, 0, 100 },
	{ "bytes=99-", 100, RANGE_PART, 99, 1 },
	{ "bytes=10-19", 100, RANGE_PART, 10, 10 },
	{ "Bytes= 10-19\t ", 100, RANGE_PART, 10, 10 },
	{ "bytes=-1", 100, RANGE_PART, 99, 1 },
	{ "bytes=-100", 100, RANGE_PART, 0, 100 },
	{ "bytes=-101", 100, RANGE_PART, 0, 100 },
	{ "bytes=0-18446744073709551615", 100, RANGE_PART, 0, 100 },
	{ "bytes=0-99999999999999999999999", 100, RANGE_PART, 0, 100 },
	{ "bytes=-99999999999999999999999", 100, RANGE_PART, 0, 100 },
	{ "bytes=18446744073709551614-18446744073709551614", UINT64_MAX, RANGE_PART,
	  UINT64_MAX - 1, 1 },
	{ "bytes=0-", UINT64_MAX, RANGE_PART, 0, UINT64_MAX },
	{ "bytes=100-", 100, RANGE_NONE, 0, 0 },
	{ "bytes=100-200", 100, RANGE_NONE, 0, 0 },
	{ "bytes=99999999999999999999999-", 100, RANGE_NONE, 0, 0 },
	{ "bytes=-0", 100, RANGE_NONE, 0, 0 },
	{ "bytes=0-", 0, RANGE_NONE, 0, 0 },
	{ "bytes=-1", 0, RANGE_NONE, 0, 0 },
	{ "bytes=2-1", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=0-1,2-3", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=0-1,", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=-", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=1", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=1 -2", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=--1", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=+1-2", 100, RANGE_WHOLE, 0, 0 },
	{ "bytes=0x1-2", 100, RANGE_WHOLE, 0, 0 },
	{ "octets=0-1", 100, RANGE_WHOLE, 0, 0 },
};

static void
test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t first = UNTOUCHED, len = UNTOUCHED;
		enum range_kind kind = range_parse(rows[i].text, rows[i].size, &first, &len);
		bool part = rows[i].kind == RANGE_PART;

		if (kind != rows[i].kind || first != (part ? rows[i].first : UNTOUCHED) ||
		    len != (part ? rows[i].len : UNTOUCHED))
			fail_msg("row %zu, \"%s\": kind %d, %llu bytes from %llu", i, rows[i].text,
				 kind, (unsigned long long)len, (unsigned long long)first);
	}
}

static void
test_etags(void **state)
{
	(void)state;
	assert_false(range_etag_listed(NULL, "\"a\""));
	assert_false(range_etag_listed("", "\"a\""));
	assert_true(range_etag_listed("*", "\"a\""));
	assert_true(range_etag_listed("\"a\"", "\"a\""));
	assert_true(range_etag_listed("W/\"a\"", "\"a\""));
	assert_true(range_etag_listed("\"b\", \"a\"", "\"a\""));
	assert_true(range_etag_listed("\"b,c\",W/\"a\"", "\"a\""));
	assert_false(range_etag_listed("\"b,\"a\"", "\"a\""));
	assert_false(range_etag_listed("\"ab\"", "\"a\""));
	assert_false(range_etag_listed("a", "\"a\""));
	assert_false(range_etag_listed("\"a", "\"a\""));
	assert_false(range_etag_listed(", , W/", "\"a\""));
}

static void
test_if_match(void **state)
{
	(void)state;
	assert_true(range_if_match(NULL, "\"a\""));
	assert_true(range_if_match("*", "\"a\""));
	assert_true(range_if_match("\"b\", \"a\"", "\"a\""));
	assert_false(range_if_match("\"b\"", "\"a\""));
	assert_false(range_if_match("W/\"a\"", "\"a\""));
	assert_false(range_if_match("", "\"a\""));
}

static void
test_if_range(void **state)
{
	(void)state;
	assert_true(range_if_holds(NULL, "\"a\""));
	assert_true(range_if_holds("\"a\"", "\"a\""));
	assert_false(range_if_holds("W/\"a\"", "\"a\""));
	assert_false(range_if_holds("\"b\"", "\"a\""));
	assert_false(range_if_holds("", "\"a\""));
	assert_false(range_if_holds("Sat, 29 Oct 1994 19:43:31 GMT", "\"a\""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_etags),
		cmocka_unit_test(test_if_match),
		cmocka_unit_test(test_if_range),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
