/*
 * The rules of machines as nodes of the cluster: names, labels, taints, who is control plane, which
 * card sits in which machine.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"
#include "site/terms.h"

/* The node's certificate is for "system:node:NAME", and a common name has at most 64 letters
 * (RFC 5280, ub-common-name). */
enum { NODE_NAME_MOST = 64 - sizeof("system:node:") + 1 };

struct round {
	const struct site *site;
	struct site_findings *findings;
	bool meant;
	size_t control_planes;
	const struct site_machine *last; /* the last control-plane machine */
};

static const struct site_place *
place_of(const struct round *r, const void *field, const struct site_machine *machine)
{
	return site_marks_find(r->site->marks, field, &machine->place);
}

static void
check_name(struct round *r, const struct site_machine *machine)
{
	if (machine->name && strlen(machine->name) > NODE_NAME_MOST)
		site_find_either(
			r->findings, r->meant, place_of(r, &machine->name, machine),
			"this name has %zu letters: the certificate of a node has room for %d",
			strlen(machine->name), NODE_NAME_MOST);
}

/* The key of the site file that gives this label, or who does; NULL: it is free. */
static const char *
label_owner(const char *key)
{
	static const struct {
		const char *key, *owner;
	} owners[] = {
		{"topology.kubernetes.io/zone", "the machine's or its rack's `zone`"},
		{"topology.rook.io/rack", "the machine's `rack`"},
		{"kubernetes.io/hostname", "the kubelet"},
		{"kubernetes.io/os", "the kubelet"},
		{"kubernetes.io/arch", "the kubelet"},
		{"node-role.kubernetes.io/control-plane", "the machine's `roles`"},
	};

	if (str_starts(key, "bootserver.dev/"))
		return "the boot server";
	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++)
		if (strcmp(owners[i].key, key) == 0)
			return owners[i].owner;
	return NULL;
}

static void
check_labels(struct round *r, const struct site_machine *machine)
{
	for (size_t i = 0; i < machine->nlabels; i++) {
		const struct site_pair *label = &machine->labels[i];
		const char *owner = label_owner(label->key);

		if (!term_is_key(label->key))
			site_find_either(
				r->findings, r->meant, place_of(r, &label->key, machine),
				"\"%s\" cannot be a node's label: [PREFIX/]NAME, NAME of at most "
				"63 letters, digits, '-', '_' and '.'",
				label->key);
		else if (!term_is_value(label->value))
			site_find_either(
				r->findings, r->meant, place_of(r, &label->value, machine),
				"\"%s\" cannot be the value of a node's label: at most 63 letters, "
				"digits, '-', '_' and '.', letters or digits at the ends",
				label->value);
		else if (owner)
			site_find_either(r->findings, r->meant, place_of(r, &label->key, machine),
					 "the label %s is given by %s", label->key, owner);
	}
}

/* Does the taint have the key and effect of another? */
static bool
taint_like(const char *a, const char *b)
{
	size_t key = strcspn(a, "=:");

	return key == strcspn(b, "=:") && strncmp(a, b, key) == 0 &&
	       strcmp(strrchr(a, ':'), strrchr(b, ':')) == 0;
}

static void
check_taints(struct round *r, const struct site_machine *machine)
{
	const struct site_list *taints = &machine->taints;

	for (size_t i = 1; i < taints->count; i++)
		for (size_t j = 0; j < i; j++)
			if (taint_like(taints->items[i], taints->items[j]))
				site_find_error(
					r->findings, place_of(r, &taints->items[i], machine),
					"a taint of this key and effect is there already: %s",
					taints->items[j]);
}

static bool
is_diskless(const struct site *site, const struct site_machine *machine)
{
	const struct site_profile *profile = site_profile_find(site, machine->profile);

	if (machine->boot.diskless >= 0)
		return machine->boot.diskless;
	if (profile && profile->boot.diskless >= 0)
		return profile->boot.diskless;
	return site->boot.diskless == 1;
}

/* etcd's member and the cluster's secrets are on its disk: without one they are lost with each
 * boot.  Who says both of the machine itself has accepted that. */
static void
check_control_plane(struct round *r, const struct site_machine *machine)
{
	bool both = machine->roles && machine->boot.diskless == 1;

	if (!is_diskless(r->site, machine))
		return;
	site_find_either(
		r->findings, machine->roles && !both,
		place_of(r,
			 machine->roles ? (const void *)&machine->roles : &machine->boot.diskless,
			 machine),
		"this control-plane machine may run from memory: it loses the cluster's state "
		"when it is switched off%s",
		machine->roles && !both ? "; say diskless: false, or diskless: true of the machine "
					  "itself to accept it"
					: "");
}

static void
check_dpu(struct round *r, const struct site_machine *machine)
{
	const struct site_machine *host;

	if (machine->arch == SITE_ARCH_AMD64)
		site_find_warning(r->findings, place_of(r, &machine->arch, machine),
				  "a dpu is an ARM64 network card: this machine is amd64");
	if (machine->roles & SITE_ROLE_CONTROL_PLANE)
		site_find_error(r->findings, place_of(r, &machine->roles, machine),
				"a dpu cannot be control-plane: it goes off with its host");
	if (!machine->host) {
		if (!site_marks_has(r->site->marks, &machine->host))
			site_find_error(r->findings, place_of(r, &machine->roles, machine),
					"a dpu needs a host: the name of the machine it sits in");
		return;
	}
	host = site_find_name(r->site, machine->host);
	if (!host && !r->site->partial)
		site_find_error(r->findings, place_of(r, &machine->host, machine),
				"there is no machine \"%s\"", machine->host);
	else if (host && (host == machine || host->roles & SITE_ROLE_DPU))
		site_find_error(r->findings, place_of(r, &machine->host, machine),
				"a dpu sits in a machine, not in %s",
				host == machine ? "itself" : "another dpu");
}

static void
check_node(struct round *r, const struct site_machine *machine)
{
	check_name(r, machine);
	check_labels(r, machine);
	check_taints(r, machine);
	if (machine->roles & SITE_ROLE_DPU)
		check_dpu(r, machine);
	else if (machine->host)
		site_find_warning(r->findings, place_of(r, &machine->host, machine),
				  "host is for machines with the role dpu");
	if (site_machine_roles(r->site, machine) & SITE_ROLE_CONTROL_PLANE) {
		r->control_planes++;
		r->last = machine;
		check_control_plane(r, machine);
	}
}

/* etcd's members know each other by address. */
static void
check_addresses(struct round *r)
{
	const struct site *site = r->site;

	for (size_t i = 0; i < site->nmachines; i++) {
		const struct site_machine *machine = &site->machines[i];

		if (!(machine->roles & SITE_ROLE_CONTROL_PLANE) ||
		    site_marks_has(site->marks, &machine->address))
			continue;
		site_find_warning(r->findings, place_of(r, &machine->roles, machine),
				  "one of several control-plane machines should have an address "
				  "reserved: the others know it by that");
	}
}

static void
check_count(struct round *r)
{
	const struct site *site = r->site;

	if (r->control_planes == 0 && site->roles_said) {
		for (size_t i = 0; i < site->nmachines; i++)
			if (site->machines[i].roles) {
				site_find_error(
					r->findings,
					place_of(r, &site->machines[i].roles, &site->machines[i]),
					"no machine has the role control-plane: where one "
					"machine says its roles, one must say that");
				return;
			}
	}
	if (r->control_planes && r->control_planes % 2 == 0)
		site_find_warning(r->findings, place_of(r, &r->last->roles, r->last),
				  "%zu control-plane machines live through the loss of %zu, as %zu "
				  "would: make their number odd",
				  r->control_planes, r->control_planes / 2 - 1,
				  r->control_planes - 1);
	else if (r->control_planes > 7)
		site_find_warning(r->findings, place_of(r, &r->last->roles, r->last),
				  "%zu control-plane machines: each write waits for more than half "
				  "of them, 3 or 5 are enough",
				  r->control_planes);
}

void
site_check_nodes(const struct site *site, struct site_findings *findings)
{
	struct round r = {.site = site, .findings = findings};

	r.meant = site_cluster_meant(site);
	for (size_t i = 0; i < site->nmachines; i++)
		check_node(&r, &site->machines[i]);
	if (!site->partial)
		check_count(&r);
	if (r.control_planes > 1 && site->dhcp == SITE_DHCP_AUTHORITATIVE)
		check_addresses(&r);
}
