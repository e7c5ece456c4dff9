/*
 * The network of stage 1 on real interfaces, in a network namespace of this test's own (as root;
 * skipped where that is not allowed).  What comes late is brought by the `say` hook, so at the
 * moment at which stage 1 begins to wait.
 */
#include "cmocka_all.h"

#include <errno.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/stage1/nic.h"
#include "lib/net.h"
#include "lib/str.h"

static bool alone;	/* in a namespace of our own */
static const char *late;	/* what the hook runs, once */

static void
sh(const char *command)
{
	if (system(command) != 0)
		fail_msg("%s", command);
}

static void
say(const char *line)
{
	const char *command = late;

	(void)line;
	late = NULL;
	if (command != NULL)
		sh(command);
}

/* True if the output of `command` holds `text`. */
static bool
shows(const char *command, const char *text)
{
	char out[4096];
	FILE *pipe = popen(command, "r");
	size_t len = fread(out, 1, sizeof(out) - 1, pipe);

	pclose(pipe);
	out[len] = '\0';
	return strstr(out, text) != NULL;
}

static int
setup(void **state)
{
	(void)state;
	late = NULL;
	if (alone)
		sh("ip link add one address 52:54:00:00:00:01 type veth peer name one-peer && "
		   "ip link add two address 52:54:00:00:00:02 type veth peer name two-peer");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (alone)
		sh("for i in one two late; do\n"
		   "	[ ! -e /proc/sys/net/ipv4/conf/$i ] || ip link del $i\n"
		   "done");
	return 0;
}

static int
start(const char *more, const char *mac, int64_t wait_ms, struct nic *ret, struct err *err)
{
	struct nic_options options = { .wait_ms = wait_ms, .say = say };
	struct cmdline args = {0};

	if (!alone)
		skip();
	args.has_mac = mac != NULL;
	if (mac != NULL)
		assert_int_equal(net_mac_parse(args.mac, mac), 0);
	str_copy(args.ip.device, sizeof(args.ip.device), more);
	assert_int_equal(net_ip4_parse(&args.ip.client, "10.9.0.100"), 0);
	assert_int_equal(net_ip4_parse(&args.ip.gateway, "10.9.0.254"), 0);
	args.ip.prefix = 24;
	return nic_start(&args, &options, ret, err);
}

static void
assert_configured(const struct nic *nic, const char *name)
{
	assert_string_equal(nic->name, name);
	assert_true(shows("ip -4 address", "inet 10.9.0.100/24 brd 10.9.0.255 scope global"));
	assert_true(shows("ip route", "default via 10.9.0.254 dev"));
	assert_true(shows("ip link show lo", "UP"));
}

static void
carrier_comes_late(void **state)
{
	struct nic nic;
	struct err err;

	(void)state;
	late = "ip link set two-peer up";
	if (start("", "52:54:00:00:00:02", 20000, &nic, &err) < 0)
		fail_msg("%s", err.text);
	assert_configured(&nic, "two");
	assert_memory_equal(nic.mac, "\x52\x54\0\0\0\2", 6);
	/* again, as a second try of the step would */
	assert_int_equal(start("", "52:54:00:00:00:02", 20000, &nic, &err), 0);
	assert_configured(&nic, "two");
}

static void
interface_comes_late(void **state)
{
	struct nic nic;
	struct err err;

	(void)state;
	late = "ip link add late address 52:54:00:00:00:03 type veth peer name late-peer && "
	       "ip link set late-peer up";
	if (start("", "52:54:00:00:00:03", 20000, &nic, &err) < 0)
		fail_msg("%s", err.text);
	assert_configured(&nic, "late");
}

static void
without_mac_the_one_with_carrier(void **state)
{
	struct nic nic;
	struct err err;

	(void)state;
	late = "ip link set one-peer down; ip link set two-peer down; ip link set two up; "
	       "ip link set two-peer up";
	if (start("two", NULL, 20000, &nic, &err) < 0)
		fail_msg("%s", err.text);
	assert_configured(&nic, "two");
	assert_int_equal(start("", NULL, 20000, &nic, &err), 0);
}

static void
no_carrier(void **state)
{
	struct nic nic = { .index = 99 };
	struct err err;

	(void)state;
	assert_int_equal(start("", "52:54:00:00:00:01", 200, &nic, &err), -ENETDOWN);
	assert_non_null(strstr(err.text, "one has no carrier"));
	assert_int_equal(nic.index, 99);
	assert_false(shows("ip -4 address", "10.9.0.100"));
}

static void
no_such_interface(void **state)
{
	struct nic nic;
	struct err err;

	(void)state;
	assert_int_equal(start("", "52:54:00:00:00:09", 200, &nic, &err), -ENODEV);
	assert_non_null(strstr(err.text, "52:54:00:00:00:09"));
	assert_non_null(strstr(err.text, " one"));
	assert_int_equal(start("eth9", NULL, 200, &nic, &err), -ENODEV);
	assert_non_null(strstr(err.text, "eth9"));
}

static void
resolv_conf(void **state)
{
	static const uint32_t dns[] = { 0x0a090001, 0x09090909 };
	char *text = nic_resolv_conf(dns, 2);

	(void)state;
	assert_string_equal(text, "nameserver 10.9.0.1\nnameserver 9.9.9.9\n");
	free(text);
	text = nic_resolv_conf(dns, 0);
	assert_string_equal(text, "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(carrier_comes_late, setup, teardown),
		cmocka_unit_test_setup_teardown(interface_comes_late, setup, teardown),
		cmocka_unit_test_setup_teardown(without_mac_the_one_with_carrier, setup, teardown),
		cmocka_unit_test_setup_teardown(no_carrier, setup, teardown),
		cmocka_unit_test_setup_teardown(no_such_interface, setup, teardown),
		cmocka_unit_test(resolv_conf),
	};

	alone = unshare(CLONE_NEWNET) == 0;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
