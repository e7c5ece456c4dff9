/* What site_parse() makes of good files: values, defaults, several files, finding machines. */
#include "cmocka_all.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/parse.h"
#include "tests/unit/site/given.h"

#define HEAD "site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24}\n"

static void
defaults(void **state)
{
	struct site *site = given(HEAD);

	(void)state;
	assert_string_equal(site->name, "lab");
	assert_string_equal(site->domain, "lab.internal");
	assert_int_equal(site->address.address, 0x0a090001);
	assert_int_equal(site->address.prefix, 24);
	assert_int_equal(site->http_port, 80);
	assert_int_equal(site->https_port, 443);
	assert_int_equal(site->dhcp, SITE_DHCP_NONE);
	assert_int_equal(site->lease_s, 3600);
	assert_int_equal(site->enrolment, SITE_ENROL_LISTED);
	assert_int_equal(site->boot.state_size, (int64_t)64 << 30);
	assert_int_equal(site->boot.rest, SITE_REST_UNUSED);
	assert_int_equal(site->boot.diskless, 0);
	assert_null(site->boot.image);
	assert_non_null(site->dns.items);
	assert_null(site->dns.items[0]);
	assert_int_equal(site->nmachines, 0);
	site_free(site);
}

static void
dhcp_is_authoritative_once_there(void **state)
{
	struct site *site = given(HEAD "dhcp: {range: 10.9.0.100-10.9.0.199}\n");

	(void)state;
	assert_int_equal(site->dhcp, SITE_DHCP_AUTHORITATIVE);
	assert_int_equal(site->range_first, 0x0a090064);
	assert_int_equal(site->range_last, 0x0a0900c7);
	site_free(site);
	site = given(HEAD "dhcp:\n");
	assert_int_equal(site->dhcp, SITE_DHCP_AUTHORITATIVE);
	site_free(site);
}

static void
machine_says_little(void **state)
{
	struct site *site =
		given(HEAD "image: edge\nmachines: [{name: n1, mac: 52-54-00-00-00-AB}]\n");
	const struct site_machine *machine = &site->machines[0];

	(void)state;
	assert_int_equal(site->nmachines, 1);
	assert_string_equal(machine->macs.items[0], "52:54:00:00:00:ab");
	assert_null(machine->macs.items[1]);
	assert_int_equal(machine->arch, SITE_ARCH_ANY);
	assert_null(machine->boot.image);
	assert_int_equal(machine->boot.state_size, -1);
	assert_int_equal(machine->boot.rest, -1);
	assert_int_equal(machine->boot.diskless, -1);
	assert_int_equal(machine->address, 0);
	site_free(site);
}

static void
machine_says_all(void **state)
{
	struct site *site = given(
		HEAD
		"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
		"image: edge\nracks: [{name: r1, labels: {row: a, side: left}}]\n"
		"profiles: [{name: p, rest: storage}]\n"
		"rules: [{match: {product: A B}, profile: p, approve: true}]\n"
		"machines:\n"
		"  - name: n1\n    mac: [52:54:00:00:00:01, 52:54:00:00:00:02]\n"
		"    uuid: 4C4C4544-0042-3510-8052-B4C04F4A4A32\n    serial: 00123\n    arch: "
		"arm64\n"
		"    rack: r1\n    address: 10.9.0.11\n    profile: p\n    labels: {use: web}\n"
		"    image: edge@12\n    args: a=b\n    system-disk: /dev/disk/by-id/nvme-1\n"
		"    state-size: 512MiB\n    rest: unused\n    diskless: false\n"
		"    firmware: ipxe-arm64.efi\n");
	const struct site_machine *machine = &site->machines[0];

	(void)state;
	assert_int_equal(machine->macs.count, 2);
	assert_string_equal(machine->uuid, "4c4c4544-0042-3510-8052-b4c04f4a4a32");
	assert_string_equal(machine->serial, "00123");	/* text, not a number */
	assert_int_equal(machine->arch, SITE_ARCH_ARM64);
	assert_string_equal(machine->rack, "r1");
	assert_int_equal(machine->address, 0x0a09000b);
	assert_string_equal(machine->labels[0].key, "use");
	assert_string_equal(machine->labels[0].value, "web");
	assert_string_equal(machine->boot.image, "edge@12");
	assert_string_equal(machine->boot.system_disk, "nvme-1");
	assert_int_equal(machine->boot.state_size, 512 << 20);
	assert_int_equal(machine->boot.rest, SITE_REST_UNUSED);
	assert_int_equal(machine->boot.diskless, 0);
	assert_int_equal(machine->place.line, 9);
	assert_int_equal(site->racks[0].nlabels, 2);
	assert_int_equal(site->profiles[0].boot.rest, SITE_REST_STORAGE);
	assert_int_equal(site->profiles[0].boot.diskless, -1);
	assert_string_equal(site->rules[0].match[0].value, "A B");
	assert_true(site->rules[0].approve);
	site_free(site);
}

static void
files_and_finding(void **state)
{
	struct site_source sources[] = {
		{ "site.yaml", HEAD "image: e\nmachines: [{name: n1, mac: 52:54:00:00:00:01}]", 0 },
		{ "machines.d/a.yaml", "machines: [{name: n2, uuid: "
		  "4C4C4544-0042-3510-8052-B4C04F4A4A32}]", 0 },
		{ "machines.d/b.yaml", "", 0 },
		{ "machines.d/c.yaml", "machines: [{name: n4, serial: S4}, {name: n5, mac: "
		  "52:54:00:00:00:05}]", 0 },
	};
	struct site_findings findings;
	struct site *site;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		sources[i].len = strlen(sources[i].text);
	site = site_parse(sources, 4, &findings);
	assert_int_equal(findings.count, 0);
	assert_int_equal(site->nmachines, 4);
	assert_string_equal(site_find_name(site, "n4")->name, "n4");
	assert_int_equal(site_find_name(site, "n4")->place.file, 3);
	assert_null(site_find_name(site, "n3"));
	assert_string_equal(site_find(site, "52:54:00:00:00:05", NULL, NULL)->name, "n5");
	assert_string_equal(site_find(site, "52:54:00:00:00:99",
				      "4c4c4544-0042-3510-8052-b4c04f4a4a32", NULL)->name, "n2");
	assert_string_equal(site_find(site, NULL, NULL, "S4")->name, "n4");
	assert_string_equal(site_find(site, "52:54:00:00:00:01", NULL, "S4")->name, "n1");
	assert_null(site_find(site, "", "", ""));
	assert_null(site_find(site, NULL, NULL, "n1"));	/* a name is no serial number */
	site_free(site);
}

static void
urls(void **state)
{
	struct site *site =
		given("site: {name: lab}\nserver: {interface: eno1, address: 10.9.0.1/24, "
		      "http-port: 8080}\n");
	char *http = site_http_url(site), *https = site_https_url(site);

	(void)state;
	assert_string_equal(http, "http://10.9.0.1:8080");
	assert_string_equal(https, "https://10.9.0.1");
	free(http);
	free(https);
	site_free(site);
}

/* An alias stands for what its anchor holds, and the copy is told of as such. */
static void
anchors(void **state)
{
	struct site *site = given(HEAD "image: edge\nargs: &a quiet\nmachines:\n"
				  "  - {name: n1, mac: 52:54:00:00:00:01, args: *a}\n");

	(void)state;
	assert_string_equal(site->machines[0].boot.args, "quiet");
	site_free(site);
}

static void
excerpt_and_order(void **state)
{
	static const char text[] = "server: {interface: eno1, address: 10.9.0.1/24}\n"
				   "site: {name: lab, colour: red}\nfoo: 1\n";
	struct site_source source = { "site.yaml", text, sizeof(text) - 1 };
	struct site_findings findings;

	(void)state;
	assert_null(site_parse(&source, 1, &findings));
	assert_int_equal(findings.count, 2);
	assert_int_equal(findings.errors, 2);
	assert_string_equal(findings.items[0].file, "site.yaml");
	assert_int_equal(findings.items[0].line, 2);
	assert_int_equal(findings.items[0].column, 19);
	assert_string_equal(findings.items[0].excerpt, "site: {name: lab, colour: red}");
	assert_string_equal(findings.items[1].excerpt, "foo: 1");
	site_findings_fini(&findings);
}

/* A file of one line: what is shown of it is around the fault, and in UTF-8. */
static void
excerpt_of_a_long_line(void **state)
{
	struct site_findings findings;
	struct site_source source = { .name = "site.yaml" };
	const struct site_finding *last;
	struct buf buf;

	(void)state;
	buf_init(&buf);
	buf_text(&buf, "{site: {name: lab}, server: {interface: eno1, address: 10.9.0.1/8}, "
		       "image: edge, machines: [");
	for (int i = 0; i < 10000; i++)
		buf_format(&buf, "{name: \"ü%d\", mac: x}, ", i);
	buf_text(&buf, "]}\n");
	source.text = buf.text;
	source.len = buf.len;
	assert_null(site_parse(&source, 1, &findings));
	assert_int_equal(findings.errors, 20000);
	assert_int_equal(findings.items[0].excerpt_column, findings.items[0].column);
	last = &findings.items[findings.count - 1];
	assert_int_equal(last->excerpt_column, 101);
	assert_int_equal(strlen(last->excerpt), 100 + strlen("x}, ]}") + 4);	/* each ü has two */
	assert_non_null(strstr(last->excerpt, "{name: \"ü9999\", mac: x}, ]}"));
	site_findings_fini(&findings);
	buf_fini(&buf);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(dhcp_is_authoritative_once_there),
		cmocka_unit_test(machine_says_little),
		cmocka_unit_test(machine_says_all),
		cmocka_unit_test(files_and_finding),
		cmocka_unit_test(urls),
		cmocka_unit_test(anchors),
		cmocka_unit_test(excerpt_and_order),
		cmocka_unit_test(excerpt_of_a_long_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
