/* The kernel's command line as stage 1 reads it. */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "images/stage1/cmdline.h"
#include "lib/net.h"
#include "lib/str.h"

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define URL "bootserver.url=http://10.9.0.1"
#define BASE URL " bootserver.machine=n1 bootserver.nonce=aBc-1_2 bootserver.root=" SHA \
	     " bootserver.size=1048576 "
#define IP "ip=10.9.0.100:10.9.0.1:10.9.0.254:255.255.255.0::::10.9.0.1 "

static void
as_the_script_writes_it(void **state)
{
	struct cmdline args;
	struct err err;
	char text[NET_IP4_TEXT];

	(void)state;
	assert_int_equal(cmdline_parse(&args, "BOOT_IMAGE=k console=ttyS0,115200 quiet " BASE
				       "BOOTIF=01-52-54-00-AB-cd-01 " IP "\n", &err), 0);
	assert_string_equal(args.url, "http://10.9.0.1");
	assert_string_equal(args.machine, "n1");
	assert_string_equal(args.nonce, "aBc-1_2");
	assert_string_equal(args.root, SHA);
	assert_int_equal(args.size, 1048576);
	assert_true(args.has_mac);
	assert_memory_equal(args.mac, "\x52\x54\x00\xab\xcd\x01", 6);
	net_ip4_format(text, args.ip.client);
	assert_string_equal(text, "10.9.0.100");
	net_ip4_format(text, args.ip.gateway);
	assert_string_equal(text, "10.9.0.254");
	assert_int_equal(args.ip.prefix, 24);
	assert_int_equal(args.ip.ndns, 1);
	net_ip4_format(text, args.ip.dns[0]);
	assert_string_equal(text, "10.9.0.1");
	assert_string_equal(args.ip.device, "");
}

static void
without_a_root(void **state)
{
	struct cmdline args;
	struct err err;

	(void)state;
	assert_int_equal(cmdline_parse(&args, URL "/ bootserver.machine= bootserver.nonce=1"
				       " bootserver.root=none ip=10.0.0.2::::255.0.0.0", &err),
			 -EINVAL);
	assert_non_null(strstr(err.text, "mask"));
	assert_int_equal(cmdline_parse(&args, URL "/ bootserver.machine= bootserver.nonce=1"
				       " bootserver.root=none ip=10.0.0.2:::255.0.0.0", &err), 0);
	assert_string_equal(args.url, "http://10.9.0.1");
	assert_string_equal(args.root, "");
	assert_string_equal(args.machine, "");
	assert_int_equal(args.ip.prefix, 8);
	assert_int_equal(args.ip.gateway, 0);
	assert_int_equal(args.ip.ndns, 0);
	assert_false(args.has_mac);
}

static void
last_word_wins_and_quotes(void **state)
{
	struct cmdline args;
	struct err err;

	(void)state;
	assert_int_equal(cmdline_parse(&args, BASE IP "x=\"a bootserver.machine=no b\" "
				       "\"bootserver.machine=n2\"\tbootserver.size=7", &err), 0);
	assert_string_equal(args.machine, "n2");
	assert_int_equal(args.size, 7);
}

static void
all_fields_of_ip(void **state)
{
	struct cmdline args;
	struct err err;

	(void)state;
	assert_int_equal(cmdline_parse(&args, BASE
				       "ip=1.2.3.4:5.6.7.8::255.255.255.255:host:eth1:off:"
				       ":9.9.9.9:8.8.8.8:more", &err), 0);
	assert_string_equal(args.ip.host, "host");
	assert_string_equal(args.ip.device, "eth1");
	assert_int_equal(args.ip.prefix, 32);
	assert_int_equal(args.ip.ndns, 1);
	assert_int_equal(args.ip.dns[0], 0x09090909);
	assert_int_equal(args.ip.server, 0x05060708);
}

/* What is wrong, and a word that its sentence must have. */
static void
faults(void **state)
{
	static const struct {
		const char *text, *word;
	} rows[] = {
		{ "", "bootserver.url=" },
		{ BASE, "ip=" },
		{ URL " bootserver.root=none " IP, "bootserver.nonce=" },
		{ URL " bootserver.nonce=1 " IP, "bootserver.root=" },
		{ URL " bootserver.nonce=1 bootserver.root=" SHA " " IP, "bootserver.size=" },
		{ BASE IP "bootserver.url=https://10.9.0.1", "http://HOST" },
		{ BASE IP "bootserver.url=http://", "http://HOST" },
		{ BASE IP "bootserver.url=http://a;b", "http://HOST" },
		{ BASE IP "bootserver.machine=N1", "host name" },
		{ BASE IP "bootserver.nonce=", "nonce" },
		{ BASE IP "bootserver.nonce=a&b", "nonce" },
		{ BASE IP "bootserver.nonce=" SHA "0", "nonce" },
		{ BASE IP "bootserver.root=abc", "SHA-256" },
		{ BASE IP "bootserver.size=1k", "number of bytes" },
		{ BASE IP "bootserver.deadline=9", "10 to 86400" },
		{ BASE IP "bootserver.deadline=86401", "10 to 86400" },
		{ BASE IP "bootserver.deadline=", "10 to 86400" },
		{ BASE IP "bootserver.size=-1", "number of bytes" },
		{ BASE IP "bootserver.size=99999999999999999999", "number of bytes" },
		{ BASE IP "BOOTIF=52-54-00-00-00-01", "BOOTIF" },
		{ BASE IP "BOOTIF=01-52-54-00-00-00", "BOOTIF" },
		{ BASE "ip=dhcp", "DHCP" },
		{ BASE "ip=::::::", "client" },
		{ BASE "ip=10.9.0.256:::255.255.255.0", "client" },
		{ BASE "ip=10.9.0.2::x:255.255.255.0", "gateway" },
		{ BASE "ip=10.9.0.2::::", "mask" },
		{ BASE "ip=10.9.0.2:::255.0.255.0", "mask" },
		{ BASE "ip=10.9.0.2:::255.255.255.0::averylongdevicename", "device" },
		{ BASE "ip=10.9.0.2:::255.255.255.0::::one", "name server" },
		{ BASE "ip=10.9.0.2:::255.255.255.0:" SHA, "field" },
		{ BASE IP "bootserver.machine=" SHA, "host name" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cmdline args = { .size = 42 };
		struct err err = {0};
		if (cmdline_parse(&args, rows[i].text, &err) != -EINVAL ||
		    strstr(err.text, rows[i].word) == NULL || args.size != 42)
			fail_msg("row %zu: %s -> \"%s\"", i, rows[i].text, err.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_script_writes_it),
		cmocka_unit_test(without_a_root),
		cmocka_unit_test(last_word_wins_and_quotes),
		cmocka_unit_test(all_fields_of_ip),
		cmocka_unit_test(faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
