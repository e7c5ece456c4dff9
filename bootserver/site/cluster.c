/*
 * What the site means for its cluster where it does not say so itself: who has which role, who
 * stands in which zone.
 */
#include "site/check.h"

int
site_machine_roles(const struct site *site, const struct site_machine *machine)
{
	int said = site->roles_said, roles = machine ? machine->roles : 0;

	if (!said && machine && machine == site->machines)
		roles = SITE_ROLE_CONTROL_PLANE | SITE_ROLE_WORKER;
	else if (!roles)
		roles = SITE_ROLE_WORKER;
	if (!(roles & SITE_ROLE_WORKER) || roles & SITE_ROLE_DPU)
		return roles;
	if (site->load_balancer.npools && !(said & SITE_ROLE_LOAD_BALANCER))
		roles |= SITE_ROLE_LOAD_BALANCER;
	if (site->storage.place.line && !(said & SITE_ROLE_STORAGE))
		roles |= SITE_ROLE_STORAGE;
	return roles;
}

const char *
site_machine_zone(const struct site *site, const struct site_machine *machine)
{
	const struct site_rack *rack;

	if (machine->zone)
		return machine->zone;
	rack = site_rack_find(site, machine->rack);
	return rack ? rack->zone : NULL;
}
