/*
 * The site as plain data: giving it back, finding a machine in it, and the few names made of it.
 */
#include "site/site.h"

#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/index.h"
#include "site/marks.h"

static void
list_fini(struct site_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

static void
pairs_fini(struct site_pair *pairs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		free(pairs[i].key);
		free(pairs[i].value);
	}
	free(pairs);
}

static void
boot_fini(struct site_boot *boot)
{
	free(boot->image);
	free(boot->args);
	free(boot->system_disk);
	free(boot->firmware);
	free(boot->user_data);
	for (size_t i = 0; i < boot->nlinks; i++) {
		struct site_link *link = &boot->links[i];

		free(link->name);
		free(link->nic);
		list_fini(&link->bond);
		free(link->over);
		list_fini(&link->addresses);
		free(link->routes);
	}
	free(boot->links);
}

static void
machine_fini(struct site_machine *machine)
{
	free(machine->name);
	list_fini(&machine->macs);
	free(machine->uuid);
	free(machine->serial);
	free(machine->rack);
	free(machine->profile);
	pairs_fini(machine->labels, machine->nlabels);
	list_fini(&machine->taints);
	free(machine->zone);
	free(machine->host);
	list_fini(&machine->devices);
	boot_fini(&machine->boot);
}

static void
cluster_fini(struct site *site)
{
	struct site_kubernetes *kubernetes = &site->kubernetes;
	struct site_load_balancer *balancer = &site->load_balancer;

	free(kubernetes->endpoint);
	list_fini(&kubernetes->manifests);
	pairs_fini(kubernetes->kubelet, kubernetes->nkubelet);
	pairs_fini(kubernetes->api_server, kubernetes->napi_server);
	list_fini(&balancer->interfaces);
	list_fini(&balancer->communities);
	for (size_t i = 0; i < balancer->npools; i++) {
		free(balancer->pools[i].name);
		list_fini(&balancer->pools[i].addresses);
		list_fini(&balancer->pools[i].racks);
	}
	free(balancer->pools);
	for (size_t i = 0; i < site->storage.nrules; i++) {
		free(site->storage.rules[i].type);
		free(site->storage.rules[i].model);
	}
	free(site->storage.rules);
}

static void
groups_fini(struct site *site)
{
	for (size_t i = 0; i < site->nracks; i++) {
		free(site->racks[i].name);
		pairs_fini(site->racks[i].labels, site->racks[i].nlabels);
		free(site->racks[i].zone);
		free(site->racks[i].router.password);
	}
	free(site->racks);
	for (size_t i = 0; i < site->nprofiles; i++) {
		free(site->profiles[i].name);
		boot_fini(&site->profiles[i].boot);
	}
	free(site->profiles);
	for (size_t i = 0; i < site->nrules; i++) {
		free(site->rules[i].profile);
		pairs_fini(site->rules[i].match, site->rules[i].nmatch);
	}
	free(site->rules);
}

void
site_free(struct site *site)
{
	if (!site)
		return;
	for (size_t i = 0; i < site->nfiles; i++)
		free(site->files[i]);
	free(site->files);
	free(site->name);
	free(site->domain);
	free(site->interface);
	list_fini(&site->dns);
	list_fini(&site->services.forward);
	list_fini(&site->services.time_servers);
	free(site->networks);
	list_fini(&site->ntp);
	list_fini(&site->ssh_keys);
	boot_fini(&site->boot);
	groups_fini(site);
	cluster_fini(site);
	for (size_t i = 0; i < site->nmachines; i++)
		machine_fini(&site->machines[i]);
	free(site->machines);
	site_index_free(site->index);
	site_marks_free(site->marks);
	free(site);
}

/* A machine by one of the things it is known by. */
static const struct site_machine *
find_by(const struct site *site, enum site_key kind, const char *text)
{
	long ordinal = text && text[0] ? site_index_find(site->index, kind, text) : -1;

	return ordinal < 0 ? NULL : &site->machines[ordinal];
}

const struct site_machine *
site_find(const struct site *site, const char *mac, const char *uuid, const char *serial)
{
	const struct site_machine *found = find_by(site, SITE_KEY_MAC, mac);

	if (!found)
		found = find_by(site, SITE_KEY_UUID, uuid);
	return found ? found : find_by(site, SITE_KEY_SERIAL, serial);
}

const struct site_machine *
site_find_name(const struct site *site, const char *name)
{
	return find_by(site, SITE_KEY_NAME, name);
}

bool
site_needs_name(const struct site *site, const char *name)
{
	return strcmp(name, "boot") == 0 || strcmp(name, "localhost") == 0 ||
	       str_eq(name, site->kubernetes.endpoint);
}

const char *
site_arch_name(enum site_arch arch)
{
	static const char *const names[] = { "any", "amd64", "arm64" };

	return names[arch];
}

static char *
url_of(const struct site *site, const char *scheme, uint16_t port, uint16_t usual)
{
	char address[NET_IP4_TEXT];

	net_ip4_format(address, site->address.address);
	if (port == usual)
		return str_format("%s://%s", scheme, address);
	return str_format("%s://%s:%u", scheme, address, port);
}

char *
site_http_url(const struct site *site)
{
	return url_of(site, "http", site->http_port, 80);
}

char *
site_https_url(const struct site *site)
{
	return url_of(site, "https", site->https_port, 443);
}
