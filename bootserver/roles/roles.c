/*
 * Roles by name, and who makes the cluster.  Which machine has which role is the site's own
 * knowledge (site/cluster.c): its rules between keys need it too.
 */
#include "roles/roles.h"

static const struct {
	enum site_role role;
	const char *name;
} names[] = {
	{ SITE_ROLE_CONTROL_PLANE, "control-plane" },
	{ SITE_ROLE_WORKER, "worker" },
	{ SITE_ROLE_STORAGE, "storage" },
	{ SITE_ROLE_LOAD_BALANCER, "load-balancer" },
	{ SITE_ROLE_DPU, "dpu" },
};

const char *
roles_name(enum site_role role)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].role == role)
			return names[i].name;
	return NULL;
}

const char *
roles_action_name(enum roles_action action)
{
	static const char *const words[] = { "init", "join-control-plane", "join" };

	return words[action];
}

int
roles_of(const struct site *site, const struct site_machine *machine)
{
	return site_machine_roles(site, machine);
}

const struct site_machine *
roles_first(const struct site *site)
{
	for (size_t i = 0; i < site->nmachines; i++)
		if (roles_of(site, &site->machines[i]) & SITE_ROLE_CONTROL_PLANE)
			return &site->machines[i];
	return NULL;
}
