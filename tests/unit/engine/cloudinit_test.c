/* What a root is given beside the image: files of site.json, cloud-init's data source. */
#include "tests/unit/engine/bench.c"

static const char more[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
	"image: edge\n"
	"ssh-keys: [ssh-ed25519 "
	"AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA you]\n"
	"profiles: [{name: web, user-data: \"#!/bin/sh\\ntouch /run/web\\n\"}]\n"
	"machines:\n"
	"  - name: n1\n"
	"    mac: \"" MAC1 "\"\n"
	"    user-data: |\n"
	"      #cloud-config\n"
	"      runcmd: [touch /run/n1]\n"
	"  - name: n2\n"
	"    mac: \"" MAC2 "\"\n"
	"    profile: web\n"
	"    network:\n"
	"      - {name: bond0, bond: [boot, \"52:54:00:01:00:02\"], addresses: 10.20.0.2/24}\n";

struct row {
	const char *name, *file, *ip;
	int status;
	const char *text;
};

static void
expect(struct bench *b, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];
		json_t *answer = bench_ask(b, json_pack("{s:s, s:s, s:s, s:s}", "type",
							"cloud-init", "name", row->name, "file",
							row->file, "ip", row->ip));
		const char *text = json_str(answer, "body", "");

		if (json_num(answer, "status", 0) != rows[i].status ||
		    !str_starts(text, rows[i].text))
			fail_msg("%s of %s for %s: %d %s", rows[i].file, rows[i].name, rows[i].ip,
				 (int)json_num(answer, "status", 0), text);
		json_decref(answer);
	}
}
#define EXPECT(b, rows) expect(b, rows, sizeof(rows) / sizeof(rows[0]))

static void
files_are_there_for_machines_alone(void **state)
{
	struct bench *b = *state;
	static const struct row rows[] = {
		{ "n1", "meta-data", "10.9.0.7", 200, "instance-id: n1\nlocal-hostname: n1\n" },
		{ "n1", "vendor-data", "10.9.0.7", 200, "#cloud-config\n{\"hostname\":\"n1\"" },
		{ "n1", "network-config", "10.9.0.7", 200, "version: 2\nethernets:\n  boot:\n"
							    "    match: {macaddress: \"" MAC1 },
		{ "n1", "../site.yaml", "10.9.0.101", 404, "" },
		{ "n7", "meta-data", "10.9.0.101", 404, "" },
		/* nobody has seen it boot: it has no address */
		{ "n1", "user-data", "", 200, "#cloud-config\n{}\n" },
		{ "n1", "user-data", "10.9.0.101", 403, "" },
	};

	EXPECT(b, rows);
}

static void
user_data_is_for_its_own_machine(void **state)
{
	struct bench *b = *state;
	static const struct row rows[] = {
		{ "n1", "user-data", "10.9.0.101", 200, "#cloud-config\nruncmd: [touch" },
		{ "n1", "user-data", "10.9.0.102", 403, "" },
		{ "n2", "user-data", "10.9.0.102", 200, "#!/bin/sh\ntouch /run/web\n" },
		{ "n2", "user-data", "10.20.0.2", 200, "#!/bin/sh\ntouch /run/web\n" },
		{ "n2", "user-data", "10.20.0.22", 403, "" },
		{ "n2", "network-config", "10.9.0.102", 200, "network: {config: disabled}\n" },
		{ "n2", "vendor-data", "10.9.0.9", 200, "#cloud-config\n{\"hostname\":\"n2\","
						 "\"ssh_authorized_keys\":[\"ssh-ed25519 AAAA" },
	};

	bench_site_file(b, "reload", more);
	json_decref(bench_boot(b, MAC1, "10.9.0.101"));
	json_decref(bench_boot(b, MAC2, "10.9.0.102"));
	EXPECT(b, rows);
}

/* site.json of a boot by that card; *ret_files are its `files`, borrowed. */
static json_t *
site_json(struct bench *b, const char *mac, const char *ip, json_t **ret_files)
{
	char nonce[BOOT_NONCE];
	json_t *answer, *site = NULL;
	const char *body;
	struct err err;

	bench_nonce(b, mac, ip, "image", nonce);
	answer = bench_ask(b, json_pack("{s:s, s:s, s:s}", "type", "site-json", "nonce", nonce,
					"ip", ip));
	body = json_str(answer, "body", "");
	assert_int_equal(json_parse(&site, body, strlen(body), &err), 0);
	*ret_files = json_object_get(site, "files");
	json_decref(answer);
	return site;
}

static bool
told(json_t *files, const char *path, const char *text)
{
	return strstr(json_str(files, path, ""), text) != NULL;
}

static void
root_is_given_its_files(void **state)
{
	struct bench *b = *state;
	static const char source[] = "/etc/cloud/cloud.cfg.d/99-bootserver.cfg";
	json_t *files, *site = site_json(b, MAC1, "10.9.0.101", &files);

	assert_int_equal(json_object_size(files), 0);
	assert_false(json_flag(json_object_get(site, "machine"), "cloud-init", true));
	json_decref(site);

	bench_site_file(b, "reload", more);
	site = site_json(b, MAC1, "10.9.0.101", &files);
	assert_true(json_flag(json_object_get(site, "machine"), "cloud-init", false));
	assert_true(told(files, source, " \"https://10.9.0.1/v1/machines/n1/cloud-init/\"\n"));
	assert_false(told(files, source, "network:"));
	assert_true(told(files, "/run/bootserver/ca.pem", "-----BEGIN CERTIFICATE"));
	assert_int_equal(json_object_size(files), 4);
	json_decref(site);

	site = site_json(b, MAC2, "10.9.0.102", &files);
	assert_true(told(files, source, "network: {config: disabled}\n"));
	assert_true(told(files, "/run/systemd/network/30-bond0.netdev", "MACAddress=" MAC2 "\n"));
	assert_true(told(files, "/run/systemd/network/30-bond0.network",
			 "RequestAddress=10.9.0.102\n"));
	assert_true(told(files, "/run/systemd/network/30-bond0.52-54-00-01-00-02.network",
			 "PermanentMACAddress=52:54:00:01:00:02\n"));
	json_decref(site);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(files_are_there_for_machines_alone),
		CASE(user_data_is_for_its_own_machine),
		CASE(root_is_given_its_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
