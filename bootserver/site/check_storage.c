/*
 * The rules of storage: are there as many places as copies, and does each disk have one use?
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"

struct round {
	const struct site *site;
	struct site_findings *findings;
	size_t hosts, racks; /* that give disks */
	bool *seen; /* racks by ordinal */
};

static const struct site_place *
place_of(const struct round *r, const void *field, const struct site_machine *machine)
{
	return site_marks_find(r->site->marks, field,
			       machine ? &machine->place : &r->site->storage.place);
}

/* The disks that a machine names, each once and not its system's. */
static void
check_devices(struct round *r, const struct site_machine *machine)
{
	const struct site_list *devices = &machine->devices;

	for (size_t i = 0; i < devices->count; i++) {
		const char *name = devices->items[i];
		const struct site_place *place = place_of(r, &devices->items[i], machine);

		if (str_eq(name, machine->boot.system_disk))
			site_find_error(r->findings, place, "%s is this machine's system-disk",
					name);
		for (size_t j = 0; j < i; j++)
			if (strcmp(name, devices->items[j]) == 0)
				site_find_error(r->findings, place, "%s is given twice", name);
	}
}

static void
count_machine(struct round *r, const struct site_machine *machine)
{
	const struct site_rack *rack = site_rack_find(r->site, machine->rack);

	r->hosts++;
	if (rack && !r->seen[rack - r->site->racks]) {
		r->seen[rack - r->site->racks] = true;
		r->racks++;
	}
	if (!machine->rack && r->site->storage.failure_domain == SITE_FAILURE_RACK &&
	    !site_marks_has(r->site->marks, &machine->rack))
		site_find_error(r->findings, &machine->place,
				"with failure-domain: rack each machine that gives storage needs a "
				"rack");
}

static void
check_machine(struct round *r, const struct site_machine *machine)
{
	bool there = r->site->storage.place.line != 0;
	bool gives = there && site_machine_roles(r->site, machine) & SITE_ROLE_STORAGE;

	check_devices(r, machine);
	if (gives)
		count_machine(r, machine);
	if (gives)
		return;
	if (machine->roles & SITE_ROLE_STORAGE)
		site_find_error(r->findings, place_of(r, &machine->roles, machine),
				"the role storage needs the group `storage:` in the site file");
	else if (machine->devices.count)
		site_find_warning(r->findings, place_of(r, &machine->devices, machine),
				  "devices are not used: %s",
				  there ? "this machine has not the role storage"
					: "there is no `storage:`");
	else if (machine->boot.rest == SITE_REST_STORAGE)
		site_find_warning(r->findings, place_of(r, &machine->boot.rest, machine),
				  "rest: storage is not used: %s",
				  there ? "this machine has not the role storage"
					: "there is no `storage:`");
}

/* Each copy in a failure domain of its own. */
static void
check_replicas(struct round *r)
{
	const struct site_storage *storage = &r->site->storage;
	bool by_rack = storage->failure_domain == SITE_FAILURE_RACK;
	size_t domains = by_rack ? r->racks : r->hosts;

	if (!storage->replicas)
		return;
	if ((uint64_t)storage->replicas > domains)
		site_find_error(r->findings, place_of(r, &storage->replicas, NULL),
				"%d copies need as many %s that give storage, and there %s %zu",
				(int)storage->replicas, by_rack ? "racks" : "machines",
				domains == 1 ? "is" : "are", domains);
	else if (storage->replicas == 1)
		site_find_warning(r->findings, place_of(r, &storage->replicas, NULL),
				  "one copy of everything: what is on a disk is lost with it");
}

void
site_check_storage(const struct site *site, struct site_findings *findings)
{
	struct round r = {.site = site, .findings = findings};
	const struct site_storage *storage = &site->storage;

	r.seen = mem_new(site->nracks + 1);
	for (size_t i = 0; i < site->nmachines; i++)
		check_machine(&r, &site->machines[i]);
	free(r.seen);
	if (!storage->place.line) {
		if (site->boot.rest == SITE_REST_STORAGE)
			site_find_warning(findings, place_of(&r, &site->boot.rest, NULL),
					  "rest: storage is not used: there is no `storage:`");
		return;
	}
	if (r.hosts && !site->partial)
		check_replicas(&r);
	else if (site->nmachines && !site->partial)
		site_find_error(
			findings, &storage->place,
			"no machine gives storage: none is a worker or has the role storage");
	if (storage->object_store && !site->load_balancer.npools)
		site_find_warning(findings, place_of(&r, &storage->object_store, NULL),
				  "without `load-balancer: {pools: …}` the object store is not "
				  "reached from outside of the cluster");
}
