/* Text, numbers and addresses of lib/: str, hex, net, chance. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chance.h"
#include "lib/hex.h"
#include "lib/net.h"
#include "lib/str.h"

static void
labels(void **state)
{
	static const struct {
		const char *text;
		bool label, name;
	} rows[] = {
		{ "n1", true, true }, { "a", true, true }, { "a-b", true, true },
		{ "", false, false },
		{ "-a", false, false }, { "a-", false, false }, { "A", false, false },
		{ "a.b", false, true }, { "a..b", false, false }, { ".a", false, false },
		{ "a.", false, false }, { "a_b", false, false }, { "lab.internal", false, true },
		{ "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123", true, true },
		{ "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234", false,
		  false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (str_is_label(rows[i].text) != rows[i].label ||
		    str_is_name(rows[i].text) != rows[i].name)
			fail_msg("row %zu: \"%s\"", i, rows[i].text);
	}
}

static void
macs(void **state)
{
	static const struct {
		const char *text, *normal;
	} rows[] = {
		{ "52:54:00:00:00:01", "52:54:00:00:00:01" },
		{ "52-54-00-AB-CD-EF", "52:54:00:ab:cd:ef" },
		{ "52:54:00:00:00", NULL }, { "52:54-00:00:00:01", NULL },
		{ "52:54:00:00:00:0g", NULL }, { "52:54:00:00:00:011", NULL },
		{ "525400000001", NULL }, { "", NULL }, { "52.54.00.00.00.01", NULL },
	};
	char got[NET_MAC_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = net_mac_normal(got, rows[i].text);

		if ((r == 0) != (rows[i].normal != NULL) || (r == 0 && strcmp(got, rows[i].normal)))
			fail_msg("row %zu: \"%s\"", i, rows[i].text);
	}
}

static void
cidrs(void **state)
{
	static const struct {
		const char *text;
		int r, prefix;
	} rows[] = {
		{ "10.9.0.1/24", 0, 24 }, { "10.9.0.1/0", 0, 0 }, { "10.9.0.1/32", 0, 32 },
		{ "10.9.0.1/33", -EINVAL, 0 }, { "10.9.0.1", -EINVAL, 0 },
		{ "10.9.0.1/", -EINVAL, 0 }, { "10.9.0.1/+4", -EINVAL, 0 },
		{ "10.9.0.256/24", -EINVAL, 0 }, { "/24", -EINVAL, 0 },
		{ "10.9.0.1/2 ", -EINVAL, 0 }, { "1111.1111.1111.1111/8", -EINVAL, 0 },
	};
	struct net_cidr cidr;
	uint32_t inside = 0, outside = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = net_cidr_parse(&cidr, rows[i].text);

		if (r != rows[i].r || (r == 0 && cidr.prefix != rows[i].prefix))
			fail_msg("row %zu: \"%s\"", i, rows[i].text);
	}
	assert_int_equal(net_cidr_parse(&cidr, "10.9.0.1/23"), 0);
	assert_int_equal(net_ip4_parse(&inside, "10.9.1.255"), 0);
	assert_int_equal(net_ip4_parse(&outside, "10.9.2.0"), 0);
	assert_true(net_cidr_holds(&cidr, inside));
	assert_false(net_cidr_holds(&cidr, outside));
	cidr.prefix = 0;
	assert_true(net_cidr_holds(&cidr, outside));
}

static void
hex(void **state)
{
	uint8_t bytes[2] = { 7, 7 };
	char text[5];

	(void)state;
	assert_int_equal(hex_parse(bytes, 2, "00fF"), 0);
	assert_int_equal(bytes[0], 0);
	assert_int_equal(bytes[1], 255);
	assert_int_equal(hex_parse(bytes, 2, "00f"), -EINVAL);
	assert_int_equal(hex_parse(bytes, 2, "00fg"), -EINVAL);
	assert_int_equal(bytes[1], 255);
	hex_format(text, bytes, 2);
	assert_string_equal(text, "00ff");
	assert_true(hex_is_sha256("e3b0c44298fc1c149afbf4c8996fb924"
				  "27ae41e4649b934ca495991b7852b855"));
	assert_false(hex_is_sha256("E3b0c44298fc1c149afbf4c8996fb924"
				   "27ae41e4649b934ca495991b7852b855"));
	assert_false(hex_is_sha256("e3b0"));
}

static void
chance(void **state)
{
	char one[33], two[33], code[10];

	(void)state;
	chance_seed(7);
	chance_hex(one, 16);
	chance_seed(7);
	chance_hex(two, 16);
	assert_string_equal(one, two);
	chance_hex(two, 16);
	assert_string_not_equal(one, two);
	chance_seed(0);
	for (int i = 0; i < 100; i++) {
		chance_code(code);
		assert_int_equal(strlen(code), 9);
		assert_int_equal(code[4], '-');
		assert_int_equal(strspn(code, "ABCDEFGHJKLMNPQRSTUVWXYZ23456789-"), 9);
	}
}

static void
buffers(void **state)
{
	struct buf buf;
	char small[4];

	(void)state;
	buf_init(&buf);
	for (int i = 0; i < 1000; i++)
		buf_format(&buf, "%d,", i);
	assert_int_equal(buf.len, 10 * 2 + 90 * 3 + 900 * 4);
	assert_int_equal(strlen(buf.text), buf.len);
	buf_fini(&buf);
	assert_int_equal(str_copy(small, sizeof(small), "abc"), 0);
	assert_int_equal(str_copy(small, sizeof(small), "abcd"), -ENOSPC);
	assert_string_equal(small, "abc");
	assert_true(str_eq(NULL, NULL));
	assert_false(str_eq("", NULL));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels), cmocka_unit_test(macs), cmocka_unit_test(cidrs),
		cmocka_unit_test(hex), cmocka_unit_test(chance), cmocka_unit_test(buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
