/*
 * Who has which role: what the machine says, else what stands to reason.  A site that says nothing
 * of roles is a cluster all the same: its first machine is the control plane.
 */
#include "roles/node.h"

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
roles_said(const struct site *site)
{
	int roles = 0;

	for (size_t i = 0; i < site->nmachines; i++)
		roles |= site->machines[i].roles;
	return roles;
}

int
roles_given(const struct site *site, const struct site_machine *machine, int said)
{
	int roles = machine != NULL ? machine->roles : 0;

	if (roles == 0)
		roles = SITE_ROLE_WORKER;
	if (said == 0 && machine != NULL && machine == site->machines)
		roles |= SITE_ROLE_CONTROL_PLANE;
	if (!(roles & SITE_ROLE_WORKER) || (roles & SITE_ROLE_DPU))
		return roles;
	if (site->load_balancer.npools > 0 && !(said & SITE_ROLE_LOAD_BALANCER))
		roles |= SITE_ROLE_LOAD_BALANCER;
	if (site->storage.place.line > 0 && !(said & SITE_ROLE_STORAGE))
		roles |= SITE_ROLE_STORAGE;
	return roles;
}

int
roles_of(const struct site *site, const struct site_machine *machine)
{
	return roles_given(site, machine, roles_said(site));
}

const struct site_machine *
roles_first(const struct site *site)
{
	int said = roles_said(site);

	for (size_t i = 0; i < site->nmachines; i++)
		if (roles_given(site, &site->machines[i], said) & SITE_ROLE_CONTROL_PLANE)
			return &site->machines[i];
	return NULL;
}
