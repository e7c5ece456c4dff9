/* The pool that `init` proposes: within the subnet, without the server, never empty. */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "cli/nic.h"

static void
pools(void **state)
{
	static const struct {
		const char *server, *first, *last;
	} rows[] = {
		{"10.9.0.1/24", "10.9.0.100", "10.9.0.199"},
		{"10.9.0.254/24", "10.9.0.100", "10.9.0.199"},
		{"10.9.0.100/24", "10.9.0.128", "10.9.0.227"},
		{"10.9.0.150/24", "10.9.0.1", "10.9.0.127"},
		{"10.9.7.1/16", "10.9.0.100", "10.9.0.199"},
		{"192.168.7.1/25", "192.168.7.64", "192.168.7.126"},
		{"192.168.7.126/25", "192.168.7.1", "192.168.7.63"},
		{"10.0.0.1/29", "10.0.0.4", "10.0.0.6"},
		{"10.0.0.1/30", "10.0.0.2", "10.0.0.2"},
		{"10.0.0.2/30", "10.0.0.1", "10.0.0.1"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char first[NET_IP4_TEXT], last[NET_IP4_TEXT];
		struct net_cidr server;
		uint32_t from, to;

		assert_int_equal(net_cidr_parse(&server, rows[i].server), 0);
		assert_int_equal(nic_pool(&server, &from, &to), 0);
		net_ip4_format(first, from);
		net_ip4_format(last, to);
		if (strcmp(first, rows[i].first) != 0 || strcmp(last, rows[i].last) != 0)
			fail_msg("%s: %s-%s", rows[i].server, first, last);
	}
}

/* Every server of every small subnet gets a pool that it is not in. */
static void
all_small_subnets(void **state)
{
	(void)state;
	for (unsigned int prefix = 20; prefix <= 30; prefix++) {
		uint32_t size = (uint32_t)1 << (32 - prefix);

		for (uint32_t at = 1; at < size - 1; at++) {
			struct net_cidr server = { 0x0a000000 + at, (uint8_t)prefix };
			uint32_t first, last;

			assert_int_equal(nic_pool(&server, &first, &last), 0);
			if (first > last || first <= 0x0a000000 || last >= 0x0a000000 + size - 1 ||
			    (first <= server.address && server.address <= last))
				fail_msg("/%u, server %u: %u-%u", prefix, at, first & 0xffffff,
					 last & 0xffffff);
		}
	}
}

static void
no_room(void **state)
{
	struct net_cidr server = { 0x0a000001, 31 };
	uint32_t first, last;

	(void)state;
	assert_int_equal(nic_pool(&server, &first, &last), -ERANGE);
}

static void
what_was_said(void **state)
{
	struct net_cidr address = { 0x0a090001, 24 };
	struct err err = { "" };
	struct nic nic;

	(void)state;
	assert_int_equal(nic_choose(&nic, "later0", &address, &err), 0);
	assert_string_equal(nic.name, "later0");
	assert_int_equal(nic.address.address, 0x0a090001);
	assert_int_equal(nic_choose(&nic, "nothere0", NULL, &err), -ENODEV);
	assert_non_null(strstr(err.text, "nothere0"));
	assert_int_equal(nic_choose(&nic, "lo", NULL, &err), -ENODEV);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pools), cmocka_unit_test(all_small_subnets),
		cmocka_unit_test(no_room), cmocka_unit_test(what_was_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
