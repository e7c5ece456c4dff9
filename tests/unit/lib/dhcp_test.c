/* DHCP packets, from the fuzz target's seeds: each says what it must, or what is wrong with it. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dhcp.h"
#include "lib/file.h"
#include "lib/str.h"

static int
parse(const char *seed, struct dhcp_packet *ret)
{
	char *path = str_format("tests/fuzz/corpus/dhcp/%s", seed), *bytes = NULL;
	struct err err = { "" };
	size_t len;
	int r;

	if (file_read(AT_FDCWD, path, &bytes, &len, &err) < 0)
		fail_msg("%s", err.text);
	r = dhcp_parse(ret, bytes, len);
	free(bytes);
	free(path);
	return r;
}

static void
a_discover_of_firmware(void **state)
{
	struct dhcp_packet p;

	(void)state;
	assert_int_equal(parse("discover-uefi", &p), 0);
	assert_false(p.reply);
	assert_string_equal(p.mac, "52:54:00:00:00:01");
	assert_string_equal(dhcp_type_name(p.type), "discover");
	assert_int_equal(p.arch, 7);
	assert_string_equal(p.vendor, "PXEClient:Arch:00007:UNDI:003016");
	assert_int_equal(p.to_port, 67);
	assert_false(p.ipxe);
	assert_string_equal(p.fault, "");
	assert_int_equal(parse("discover-ipxe", &p), 0);
	assert_true(p.ipxe);
	assert_int_equal(p.arch, 0);
	assert_int_equal(parse("proxy-4011", &p), 0);
	assert_int_equal(p.to_port, 4011);
	assert_int_equal(parse("ip-options", &p), 0);
	assert_string_equal(dhcp_type_name(p.type), "discover");
	assert_int_equal(parse("bootp", &p), 0);
	assert_string_equal(dhcp_type_name(p.type), "bootp");
	assert_int_equal(p.arch, -1);
}

static void
an_answer(void **state)
{
	struct dhcp_packet p;

	(void)state;
	assert_int_equal(parse("offer", &p), 0);
	assert_true(p.reply);
	assert_int_equal(p.given, 0x0a090064);
	assert_int_equal(p.server, 0x0a090001);
	assert_int_equal(p.next, 0x0a090001);
	assert_string_equal(p.file, "snponly.efi");
	/* options in the fields of file and server name */
	assert_int_equal(parse("overload", &p), 0);
	assert_string_equal(p.file, "boot.efi");
	assert_int_equal(p.server, 0x0a090001);
	assert_string_equal(p.fault, "");
}

static void
through_a_relay(void **state)
{
	struct dhcp_packet p;

	(void)state;
	assert_int_equal(parse("relayed", &p), 0);
	assert_int_equal(p.relay, 0x0a0800fe);
	assert_string_equal(p.circuit, "ge-0/0/3");
	assert_string_equal(p.remote, "000102030405");
	assert_int_equal(parse("quotes-and-bytes", &p), 0);
	assert_string_equal(p.vendor, "PXE__");
	assert_true(p.ipxe);
}

static void
faults_are_told(void **state)
{
	static const struct {
		const char *seed, *fault;
	} rows[] = {
		{ "arch-of-one-byte",
		  "option 93 (client architecture) has 1 bytes instead of 2" },
		{ "cut-in-an-option", "option 60 runs beyond the packet's end" },
		{ "relay-cut-within", "option 82 (relay agent) is cut within" },
		{ "type-of-none", "option 53 (message type) says 42, which is none" },
		{ "type-zero", "option 53 (message type) says 0, which is none" },
		{ "no-type", "there is no option 53 (message type)" },
	};
	struct dhcp_packet p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(parse(rows[i].seed, &p), 0);
		if (strcmp(p.fault, rows[i].fault) != 0)
			fail_msg("%s: \"%s\"", rows[i].seed, p.fault);
	}
}

static void
what_is_none(void **state)
{
	static const char *const seeds[] = {
		"fragment", "cut-in-the-header", "ip-longer-than-the-frame", "arp", "empty",
		"udp-of-7", "token-ring",
	};
	struct dhcp_packet p = { .arch = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
		if (parse(seeds[i], &p) != -EINVAL || p.arch != 77)
			fail_msg("%s was taken", seeds[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_discover_of_firmware),
		cmocka_unit_test(an_answer),
		cmocka_unit_test(through_a_relay),
		cmocka_unit_test(faults_are_told),
		cmocka_unit_test(what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
