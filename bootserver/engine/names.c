/*
 * Names of the machines, from what the site reserves and where each machine was seen.  They follow
 * a storm of machines once a tick, not once a machine.
 */
#include "engine/names.h"

#include <stdlib.h>
#include <string.h>

#include "dnsmasq/dnsmasq.h"
#include "engine/machines.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/str.h"
#include "roles/roles.h"

static struct dnsmasq_name
name_of(const struct engine *e, const struct machine *m)
{
	struct dnsmasq_name one = {
		.name = m->name, .api = roles_of(e->site, m->site) & SITE_ROLE_CONTROL_PLANE,
	};

	if (m->site && m->site->address) {
		one.address = m->site->address;
		one.reserved = true;
	} else if (net_ip4_parse(&one.address, m->ip) < 0 || index_find(&e->ips, m->ip) != m) {
		one.address = 0;	/* never seen, or another machine has it now */
	}
	return one;
}

const char *
names_text(struct engine *e)
{
	struct dnsmasq_name *names = mem_new((e->nmachines + 1) * sizeof(*names));
	size_t count = 0;

	for (size_t i = 0; i < e->nmachines; i++)
		if (machines_known(e->machines[i]))
			names[count++] = name_of(e, e->machines[i]);
	free(e->names_text);
	e->names_text = dnsmasq_names(e->site, names, count);
	e->names_stale = false;
	free(names);
	return e->names_text;
}

void
names_tick(struct engine *e)
{
	char *old;
	json_t *body;

	if (!e->names_stale || !e->started)
		return;
	old = str_dup(e->names_text);
	if (!str_eq(names_text(e), old)) {
		body = json_object();
		json_put(body, "type", "names");
		json_put(body, "names", e->names_text);
		engine_send(e, e->keeper, body);
	}
	free(old);
}

void
names_fini(struct engine *e)
{
	free(e->names_text);
}
