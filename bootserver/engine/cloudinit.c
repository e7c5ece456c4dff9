/*
 * What a machine's root is given beside the image, so that images stay the same bytes for every
 * site: the files that stage 1 lays into it (networkd's, and where cloud-init finds its data), and
 * cloud-init's data source itself.  A root needs no agent of ours for any of it.
 */
#include "engine/cloudinit.h"

#include <stdlib.h>
#include <string.h>

#include "engine/machines.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/str.h"
#include "networkd/networkd.h"

#define RUN "/run/bootserver"

/* By which card the machine is booted, as far as is known. */
static const char *
boot_mac(const struct machine *m)
{
	if (m->boot && m->boot->mac[0])
		return m->boot->mac;
	return m->nmacs ? m->macs[0] : "";
}

static json_t *
keys(const struct engine *e)
{
	const struct site_list *keys = &e->site->ssh_keys;
	json_t *list = json_array();

	for (size_t i = 0; i < keys->count; i++)
		json_array_append_new(list, json_string(keys->items[i]));
	return list;
}

static char *
meta_data(const struct engine *e, const struct machine *m)
{
	(void)e;
	return str_format("instance-id: %s\nlocal-hostname: %s\n", m->name, m->name);
}

static char *
vendor_data(const struct engine *e, const struct machine *m)
{
	json_t *all = json_object();
	char *json, *ret;

	json_put(all, "hostname", m->name);
	json_object_set_new(all, "ssh_authorized_keys", keys(e));
	json = json_text(all, NULL);
	ret = str_format("#cloud-config\n%s\n", json);	/* JSON is YAML too */
	free(json);
	json_decref(all);
	return ret;
}

static char *
user_data(const struct engine *e, const struct machine *m)
{
	struct site_boot boot;

	machines_settings(e, m, &boot);
	return str_dup(boot.user_data ? boot.user_data : "#cloud-config\n{}\n");
}

/* The card that it booted by goes on with its lease; where the site says more, networkd has its
 * files already. */
static char *
network_config(const struct engine *e, const struct machine *m)
{
	struct site_boot boot;

	machines_settings(e, m, &boot);
	if (boot.nlinks || !boot_mac(m)[0])
		return str_dup("network: {config: disabled}\n");
	return str_format("version: 2\nethernets:\n  boot:\n    match: {macaddress: \"%s\"}\n"
			  "    dhcp4: true\n    dhcp-identifier: mac\n", boot_mac(m));
}

static const struct {
	const char *name;
	char *(*make)(const struct engine *e, const struct machine *m);
	bool own;	/* for the machine's own addresses alone */
} files[] = {
	{ "meta-data", meta_data, false },
	{ "vendor-data", vendor_data, false },
	{ "user-data", user_data, true },
	{ "network-config", network_config, false },
};

/* Is it an address that the machine has: the one it was seen at, or one of its `network`? */
static bool
has_address(const struct engine *e, const struct machine *m, const char *ip)
{
	struct site_boot boot;

	if (str_eq(m->ip, ip))
		return true;
	machines_settings(e, m, &boot);
	for (size_t i = 0; i < boot.nlinks; i++)
		for (size_t j = 0; j < boot.links[i].addresses.count; j++) {
			const char *address = boot.links[i].addresses.items[j];
			size_t len = strcspn(address, "/");

			if (strlen(ip) == len && strncmp(address, ip, len) == 0)
				return true;
		}
	return false;
}

void
cloudinit_file(struct engine *e, const json_t *body)
{
	const char *name = json_str(body, "file", "");
	const struct machine *m = index_find(&e->names, json_str(body, "name", ""));
	int64_t id = json_num(body, "id", 0);
	size_t i = 0;
	char *text;

	while (i < sizeof(files) / sizeof(files[0]) && strcmp(files[i].name, name) != 0)
		i++;
	if (!m || i == sizeof(files) / sizeof(files[0])) {
		engine_answer(e, id, 404, "body", "there is no such file\n");
		return;
	}
	if (files[i].own && !has_address(e, m, json_str(body, "ip", ""))) {
		engine_answer(e, id, 403, "body", "this is for the machine's own address alone\n");
		return;
	}
	text = files[i].make(e, m);
	engine_answer(e, id, 200, "body", text);
	free(text);
}

static void
take_network(void *user, const char *name, const char *text)
{
	char *path = str_format("/run/systemd/network/%s", name);

	json_put(user, path, text);
	free(path);
}

/* Where cloud-init finds its data, and whom it trusts there. */
static void
put_source(const struct engine *e, const struct boot *b, bool network, json_t *all)
{
	char *text;

	/* behind 90_dpkg.cfg, Debian's own list */
	text = str_format("# Of the boot server.\ndatasource_list: [NoCloud, None]\n"
			  "datasource:\n  NoCloud:\n"
			  "    seedfrom: \"%s/v1/machines/%s/cloud-init/\"\n%s", e->https,
			  b->machine->name, network ? "network: {config: disabled}\n" : "");
	json_put(all, "/etc/cloud/cloud.cfg.d/99-bootserver.cfg", text);
	free(text);
	json_put(all, RUN "/ca.pem", e->ca_pem);
	json_put(all, RUN "/cloud-init", "");	/* our images ask for it (cloud-init/agent/units) */
	json_put(all, "/run/systemd/system/cloud-.service.d/50-bootserver.conf",
		 "[Service]\nEnvironment=REQUESTS_CA_BUNDLE=" RUN "/ca.pem\n");
}

json_t *
cloudinit_root_files(const struct engine *e, const struct boot *b)
{
	struct networkd_ask ask = { .mac = b->mac, .ip = b->ip };
	json_t *all = json_object();
	struct site_boot boot;

	machines_settings(e, b->machine, &boot);
	ask.boot = &boot;
	networkd_render(&ask, take_network, all);
	if (boot.user_data)
		put_source(e, b, boot.nlinks > 0, all);
	return all;
}
