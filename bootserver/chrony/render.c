/*
 * Time for the site's machines.  Whatever becomes of the servers that are asked, the machines are
 * answered: a rack that agrees on a wrong hour still boots (TLS, etcd), one without any does not.
 */
#include "chrony/chrony.h"

#include "lib/net.h"
#include "lib/str.h"

char *
chrony_render(const struct site *site)
{
	const struct site_services *services = &site->services;
	char server[NET_IP4_TEXT];
	struct buf text;

	if (!services->serve_time)
		return NULL;
	buf_init(&text);
	buf_text(&text, "# Written by bootserver from the site file: changes here are lost.\n");
	for (size_t i = 0; i < services->time_servers.count; i++)
		buf_format(&text, "server %s iburst\n", services->time_servers.items[i]);
	/* a server that boots with a dead battery and hears a better time steps at once */
	if (services->set_clock)
		buf_text(&text, "makestep 1 3\nrtcsync\n");
	buf_text(&text, "local stratum 10\n");
	net_ip4_format(server, site->address.address);
	buf_format(&text, "bindaddress %s\nallow\n", server);
	/* how fast this host's clock runs: known at once after a restart without an uplink */
	buf_text(&text, "driftfile /run/bootserver/chrony/drift\n");
	/* no commands by network or socket; the file is in a folder of its life (namespace.c) */
	buf_text(&text, "cmdport 0\nbindcmdaddress /\npidfile /run/chronyd.pid\n");
	return text.text;
}

char *
chrony_server(const struct site *site)
{
	char server[NET_IP4_TEXT];

	if (site->ntp.count > 0)
		return str_dup(site->ntp.items[0]);
	if (!site->services.serve_time)
		return NULL;
	net_ip4_format(server, site->address.address);
	return str_dup(server);
}
