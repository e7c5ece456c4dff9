/*
 * What the site means for its cluster where it does not say so itself: who has which role, who
 * stands in which zone; and what it cannot say otherwise any more.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "site/check.h"
#include "site/marks.h"

bool
site_cluster_meant(const struct site *site)
{
	return site->kubernetes.place.line || site->load_balancer.place.line ||
	       site->storage.place.line || site->roles_said;
}

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

/* What cannot change once the cluster is made: certificates and nodes hold it. */
struct frozen {
	const char *key;
	const void *field, *other;	/* where it is said; the second if the first is not */
	char *value;
};

enum { FROZEN = 3 };

static char *
cidr_text(const struct net_cidr *cidr)
{
	char address[NET_IP4_TEXT];

	net_ip4_format(address, cidr->address);
	return str_format("%s/%u", address, cidr->prefix);
}

static void
frozen_fill(const struct site *site, struct frozen ret[FROZEN])
{
	const struct site_kubernetes *k = &site->kubernetes;

	ret[0] = (struct frozen){ "endpoint", &k->endpoint, &site->domain,
				  str_format("%s.%s", k->endpoint, site->domain) };
	ret[1] = (struct frozen){ "pod-range", &k->pods, &k->pods, cidr_text(&k->pods) };
	ret[2] = (struct frozen){ "service-range", &k->services, &k->services,
				  cidr_text(&k->services) };
}

char *
site_cluster_frozen(const struct site *site)
{
	struct frozen lines[FROZEN];
	struct buf buf;

	buf_init(&buf);
	frozen_fill(site, lines);
	for (size_t i = 0; i < FROZEN; i++) {
		buf_format(&buf, "%s %s\n", lines[i].key, lines[i].value);
		free(lines[i].value);
	}
	return buf.text;
}

/* The value of a key in the kept text, in fresh memory; NULL: it is not there. */
static char *
frozen_find(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (*text) {
		size_t line = strcspn(text, "\n");

		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return str_format("%.*s", (int)(line - len - 1), text + len + 1);
		text += line;
		text += *text == '\n';
	}
	return NULL;
}

void
site_check_frozen(const struct site *site, const char *frozen, const struct site_source *sources,
		  struct site_findings *findings)
{
	static const struct site_place whole = { .file = 0, .line = 1, .column = 1 };
	const struct site_place *group = &site->kubernetes.place, *place;
	struct frozen lines[FROZEN];

	frozen_fill(site, lines);
	for (size_t i = 0; i < FROZEN; i++) {
		char *old = frozen_find(frozen, lines[i].key);

		if (old && strcmp(old, lines[i].value) != 0) {
			place = site_marks_find(site->marks, lines[i].other,
						group->line ? group : &whole);
			place = site_marks_find(site->marks, lines[i].field, place);
			site_find_error(findings, place,
					"the cluster was made with %s %s and cannot be given %s: "
					"put that back",
					lines[i].key, old, lines[i].value);
		}
		free(old);
		free(lines[i].value);
	}
	site_findings_finish(findings, site->files, sources);
}
