/*
 * Sites and the configuration each must give: tests/golden/dnsmasq/NAME.{yaml,conf,hosts,names}.
 * Each is read by dnsmasq itself (--test) too.  With UPDATE=1 in the environment the files are
 * written anew: look at the difference before it is committed.
 */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dnsmasq/dnsmasq.h"
#include "dnsmasq/export.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/proc.h"
#include "lib/str.h"
#include "tests/unit/golden.h"
#include "tests/unit/site/given.h"

static struct err err;
static const struct dnsmasq_learnt nothing = { .nhosts = 0 };

static void
compare(const char *name, const char *suffix, const char *text)
{
	char *path = str_format("tests/golden/dnsmasq/%s.%s", name, suffix);

	golden_is(path, text);
	free(path);
}

/* dnsmasq's own word on it; the paths in it need not be there for --test. */
static void
dnsmasq_takes(const char *name, const char *text)
{
	char path[] = "/tmp/dnsmasq-test-XXXXXX", *option;
	int fd = mkstemp(path), status = -1;
	const char *argv[] = { "dnsmasq", "--test", NULL, NULL };
	pid_t pid;

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	option = str_format("--conf-file=%s", path);
	argv[2] = option;
	setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
	pid = proc_start(&(struct proc){ .path = "dnsmasq", .argv = argv }, &err);
	if (pid < 0)
		fail_msg("%s", err.text);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(fd);
	unlink(path);
	free(option);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("%s: dnsmasq does not take it", name);
}

/* As the engine tells them: those without a reserved address were seen somewhere, the third is not
 * there yet, the first two are control plane. */
static char *
names_of(const struct site *site)
{
	struct dnsmasq_name *names = mem_new((site->nmachines + 1) * sizeof(*names));
	char *text;

	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];
		uint32_t seen = i == 2 ? 0 : site->address.address + 99 + (uint32_t)i;

		names[i] = (struct dnsmasq_name){
			.name = machine->name, .reserved = machine->address != 0, .api = i < 2,
			.address = machine->address != 0 ? machine->address : seen,
		};
	}
	text = dnsmasq_names(site, names, site->nmachines);
	free(names);
	return text;
}

static void
golden(void **state)
{
	static const char *const names[] = {
		"authoritative", "proxy", "none", "reserved", "uplink", "relay",
		"routed",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = str_format("tests/golden/dnsmasq/%s.yaml", names[i]);
		struct site *site = given_file(path);
		char *text, *hosts, *machines;

		text = dnsmasq_render(site, &dnsmasq_paths, &nothing);
		hosts = dnsmasq_hosts(site, &nothing);
		machines = names_of(site);
		compare(names[i], "conf", text);
		compare(names[i], "hosts", hosts);
		compare(names[i], "names", machines);
		dnsmasq_takes(names[i], text);
		free(machines);
		free(hosts);
		free(text);
		site_free(site);
		free(path);
	}
}

/* The settings for each other kind of DHCP server, and Kea's as JSON. */
static void
exported(void **state)
{
	struct site *site = given_file("tests/golden/dnsmasq/export.yaml");
	char *text;

	(void)state;
	for (const char *const *kind = export_kinds; *kind != NULL; kind++) {
		text = export_dhcp(site, *kind);
		compare("export", *kind, text);
		if (str_eq(*kind, "dnsmasq"))
			dnsmasq_takes("export", text);
		free(text);
	}
	assert_null(export_dhcp(site, "bind"));
	site_free(site);
}

#define SITE \
	"site: {name: lab, domain: lab.internal}\n" \
	"server: {interface: eno1, address: 10.9.0.1/16}\n" \
	"dhcp: {range: 10.9.1.0-10.9.1.255}\n" \
	"image: edge\n"

/* Without a hosts file the same reservations stand in the text, and learnt ones beside them. */
static void
reservations_within(void **state)
{
	struct dnsmasq_paths paths = dnsmasq_paths;
	const struct dnsmasq_host known[] = {
		{ "52:54:00:00:00:09", "n9", 0x0a090009 },
		{ "52:54:00:00:00:0a", "n10", 0 },
	};
	const struct dnsmasq_learnt learnt = { .hosts = known, .nhosts = 2 };
	struct site *site = given_warned(SITE "machines:\n"
				    "  - {name: n1, mac: \"52:54:00:00:00:01\"}\n");
	char *text;

	(void)state;
	paths.hosts = NULL;
	text = dnsmasq_render(site, &paths, &learnt);
	assert_non_null(strstr(text, "\ndhcp-host=52:54:00:00:00:01,n1\n"
				     "dhcp-host=52:54:00:00:00:09,10.9.0.9,n9\n"
				     "dhcp-host=52:54:00:00:00:0a,n10\n"));
	assert_null(strstr(text, "dhcp-hostsfile"));
	assert_non_null(strstr(text, "\ndhcp-lease-max=1024\n"));
	dnsmasq_takes("learnt", text);
	free(text);
	site_free(site);
}

/* A rule's profile reaches the machine's MACs, and no reservation: see hosts.c. */
static void
firmware_by_rule(void **state)
{
	const char *const firmware[] = { "snponly.efi", "snponly.efi", "snponly.efi", NULL };
	const struct dnsmasq_host known = { "52:54:00:00:00:09", "n9", 0, "snponly.efi" };
	const struct dnsmasq_learnt learnt = { &known, 1, firmware };
	struct site *site = given_warned(
		SITE
		"profiles:\n  - {name: old, firmware: snponly.efi}\n  - {name: plain}\n"
		"rules:\n  - {match: {product: Old}, profile: old}\n"
		"machines:\n  - {name: n1, mac: 52:54:00:00:00:01}\n"
		"  - {name: n2, mac: 52:54:00:00:00:02, profile: plain}\n"
		"  - {name: n3, mac: 52:54:00:00:00:03, firmware: ipxe-amd64.efi}\n"
		"  - {name: n4, mac: 52:54:00:00:00:04}\n");
	char *before = dnsmasq_render(site, &dnsmasq_paths, &nothing);
	char *after = dnsmasq_render(site, &dnsmasq_paths, &learnt);
	char *hosts = dnsmasq_hosts(site, &learnt);

	(void)state;
	assert_non_null(strstr(before, "tag:fw-snponly.efi,"));
	assert_null(strstr(before, "dhcp-mac=set:own-x86_64,52:54:00:00:00:01\n"));
	assert_non_null(strstr(after, "\ndhcp-mac=set:own-x86_64,52:54:00:00:00:01\n"
				      "dhcp-mac=set:fw-snponly.efi,52:54:00:00:00:01\n"
				      "dhcp-mac=set:own-x86_64,52:54:00:00:00:03\n"
				      "dhcp-mac=set:fw-ipxe-amd64.efi,52:54:00:00:00:03\n"
				      "dhcp-mac=set:own-x86_64,52:54:00:00:00:09\n"
				      "dhcp-mac=set:fw-snponly.efi,52:54:00:00:00:09\n\n"));
	assert_string_equal(hosts, "52:54:00:00:00:01,n1\n52:54:00:00:00:02,n2\n"
				   "52:54:00:00:00:03,n3\n52:54:00:00:00:04,n4\n"
				   "52:54:00:00:00:09,n9\n");
	free(before);
	free(after);
	free(hosts);
	site_free(site);
}

static void
ten_thousand_machines(void **state)
{
	int64_t began;
	struct buf yaml;
	struct site *site;
	char *text, *hosts, *names;
	size_t lines = 0;

	(void)state;
	buf_init(&yaml);
	buf_text(&yaml, SITE "machines:\n");
	for (unsigned i = 0; i < 10000; i++)
		buf_format(&yaml, "  - {name: n%u, mac: \"52:54:00:00:%02x:%02x\", "
			   "address: 10.9.%u.%u}\n", i, i >> 8, i & 255, 2 + i / 250, 1 + i % 250);
	site = given_warned(yaml.text);
	buf_fini(&yaml);
	began = clock_mono_ms();
	text = dnsmasq_render(site, &dnsmasq_paths, &nothing);
	hosts = dnsmasq_hosts(site, &nothing);
	names = names_of(site);
	assert_true(clock_mono_ms() - began < 2000);
	for (const char *at = hosts; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, 10000);
	assert_non_null(strstr(hosts, "52:54:00:00:27:0f,10.9.41.250,n9999\n"));
	assert_non_null(strstr(names, "\n10.9.41.250 n9999.lab.internal n9999\n"));
	assert_non_null(strstr(text, "\ndhcp-lease-max=16384\n"));
	dnsmasq_takes("ten thousand", text);
	free(text);
	free(hosts);
	free(names);
	site_free(site);
}

/* A machine of as many cards as one line of dnsmasq's has room for, and one of one more: its cards
 * are known by a tag. */
static void
many_cards(void **state)
{
	struct site *site;
	struct buf yaml;
	char *text, *hosts;

	(void)state;
	buf_init(&yaml);
	buf_text(&yaml, SITE "machines:\n  - {name: n1, mac: [52:54:00:00:01:00");
	for (unsigned i = 1; i < 48; i++)
		buf_format(&yaml, ", 52:54:00:00:01:%02x", i);
	buf_text(&yaml, "]}\n  - {name: n2, firmware: snponly.efi, address: 10.9.0.12, "
			"mac: [52:54:00:00:02:00");
	for (unsigned i = 1; i < 49; i++)
		buf_format(&yaml, ", 52:54:00:00:02:%02x", i);
	buf_text(&yaml, "]}\n");
	site = given_warned(yaml.text);
	buf_fini(&yaml);
	text = dnsmasq_render(site, &dnsmasq_paths, &nothing);
	hosts = dnsmasq_hosts(site, &nothing);
	assert_true(str_starts(hosts, "52:54:00:00:01:00,52:54:00:00:01:01,"));
	assert_non_null(strstr(hosts, ",52:54:00:00:01:2f,n1\n"
				      "tag:cards-n2,*:*:*:*:*:*,52:54:00:00:02:00,"));
	assert_non_null(strstr(hosts, ",52:54:00:00:02:2b,10.9.0.12,n2\n"));
	assert_non_null(strstr(text, "\ndhcp-mac=set:cards-n2,52:54:00:00:02:00\n"));
	assert_non_null(strstr(text, "\ndhcp-mac=set:cards-n2,52:54:00:00:02:30\n"
				     "dhcp-mac=set:own-x86_64,52:54:00:00:02:30\n"));
	assert_null(strstr(text, "cards-n1"));
	dnsmasq_takes("many cards", text);
	free(text);
	free(hosts);
	site_free(site);
}

/* Every row of the table is given a file, and no number twice. */
static void
architectures(void **state)
{
	size_t rows = 0;

	(void)state;
	for (const struct dnsmasq_arch *a = dnsmasq_archs; a->file != NULL; a++, rows++) {
		assert_true(a->tag[0] != '\0' && a->what[0] != '\0');
		assert_true(a->http == str_starts(a->tag, "http"));
		for (const struct dnsmasq_arch *b = dnsmasq_archs; b < a; b++)
			assert_int_not_equal(a->number, b->number);
	}
	assert_true(rows >= 6);
}

/* A lease goes when its address is reserved and none of the reservation's MACs has it. */
static void
leases_freed(void **state)
{
	static const char hosts[] =
		"52:54:00:00:00:01,52:54:00:00:00:02,10.9.0.11,n1\n"
		"52:54:00:00:00:04,10.9.0.13,n4\n"
		"52:54:00:00:00:05,n5\n"
		"tag:cards-n6,*:*:*:*:*:*,10.9.0.16,n6\n"
		"tag:cards-n7,*:*:*:*:*:*,10.9.0.17,n7\n";
	static const char conf[] =
		"dhcp-match=set:ipxe,175\n"
		"dhcp-mac=set:cards-n6,52:54:00:00:06:02\n"
		"dhcp-mac=set:cards-n7,52:54:00:00:07:01\n";
	static const char kept[] =
		"1796006764 52:54:00:00:00:02 10.9.0.11 n1 *\n"
		"1796006764 52:54:00:00:06:02 10.9.0.16 n6 *\n"
		"duid 00:01:00:01\n"
		"0 52:54:00:00:00:05 10.9.0.150 * *\n"
		"1796006764 52:54:00:00:00:06 10.9.0.130 * *\n";
	static const char others[] =
		"1796006764 52:54:00:00:00:02 10.9.0.11 n1 *\n"
		"1796006764 52:54:00:00:06:02 10.9.0.16 n6 *\n"
		"1796006764 52:54:00:00:06:03 10.9.0.17 n7 *\n"
		"1796006764 52:54:00:00:00:03 10.9.0.13 n3 *\n"
		"duid 00:01:00:01\n"
		"0 52:54:00:00:00:05 10.9.0.150 * *\n"
		"1796006764 52:54:00:00:00:06 10.9.0.130 * *\n";
	char *text = dnsmasq_leases(others, hosts, conf);

	(void)state;
	assert_string_equal(text, kept);
	free(text);
	text = dnsmasq_leases("", hosts, conf);
	assert_string_equal(text, "");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden),
		cmocka_unit_test(exported),
		cmocka_unit_test(reservations_within),
		cmocka_unit_test(firmware_by_rule),
		cmocka_unit_test(ten_thousand_machines),
		cmocka_unit_test(many_cards),
		cmocka_unit_test(architectures),
		cmocka_unit_test(leases_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
