/*
 * Who makes the cluster, who joins it and how, who waits.  The first control-plane machine of the
 * site file makes it, once; all others wait for that, and control-plane machines join one after
 * the other, because etcd takes one new member at a time.  A cluster whose control plane has lost
 * all its disks is made anew, under its own CAs.
 */
#include "engine/decide.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engine/machines.h"
#include "lib/clock.h"
#include "lib/str.h"

#define JOINING_QUIET_MS 300000		/* a machine silent for so long does not join any more */

static void say(struct decision *ret, enum decision_kind kind, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void
say(struct decision *ret, enum decision_kind kind, const char *fmt, ...)
{
	va_list ap;

	ret->kind = kind;
	va_start(ap, fmt);
	vsnprintf(ret->text, sizeof(ret->text), fmt, ap);
	va_end(ap);
}

/* The image that the machine runs, with its further parts; false (said) when it brings no roles. */
static bool
find_parts(const struct engine *e, const struct machine *m, struct decision *ret)
{
	enum site_arch arch = plan_arch(&m->claims);
	char name[64];
	int generation;

	if (!m->boot || m->boot->kind != PLAN_IMAGE ||
	    image_ref_parse(name, &generation, m->boot->image) < 0) {
		say(ret, DECIDE_NONE, "no roles: it did not boot an image");
		return false;
	}
	ret->image = images_find(&e->images, name, generation);
	if (!ret->image) {
		say(ret, DECIDE_REFUSED, "%s is not in the image store any more: reboot",
		    m->boot->image);
		return false;
	}
	ret->kube = image_part(ret->image, "kube", arch);
	ret->ceph = image_part(ret->image, "ceph", arch);
	if (!ret->kube)
		say(ret, DECIDE_NONE, "no roles: image %s has no part kube for %s", m->boot->image,
		    site_arch_name(arch));
	else if (!ret->kube->version)
		say(ret, DECIDE_REFUSED, "image %s does not say which Kubernetes it brings",
		    m->boot->image);
	return ret->kube && ret->kube->version;
}

bool
decide_has_kube(const struct engine *e, const struct machine *m)
{
	struct decision d = { .image = NULL };

	find_parts(e, m, &d);
	return d.kube;
}

/* Does a control-plane node other than this machine live on, as far as we know? */
static bool
has_others(const struct engine *e, const struct machine *m)
{
	for (size_t i = 0; i < e->cluster->nnodes; i++) {
		const struct node *n = e->cluster->nodes[i];
		const struct machine *other = index_find(&e->names, n->name);

		if (n->joined_ms && n->control_plane && other && other != m &&
		    (cluster_roles(e, other) & SITE_ROLE_CONTROL_PLANE))
			return true;
	}
	return false;
}

/* The machine that joins as control plane now, if it is another one and still heard of. */
static const struct machine *
joining(const struct engine *e, const struct machine *m)
{
	const struct machine *other = index_find(&e->names, e->cluster->joining);

	if (!other || other == m ||
	    clock_mono_ms() - other->polled_ms > JOINING_QUIET_MS)
		return NULL;
	return other;
}

static void
decide_control_plane(const struct engine *e, const struct machine *m, struct decision *ret)
{
	const struct cluster *c = e->cluster;
	const struct node *n = cluster_node(c, m->name);
	bool first = strcmp(c->made_by, m->name) == 0;
	const struct machine *other;

	ret->kind = DECIDE_GO;
	ret->action = first ? ROLES_INIT : ROLES_JOIN_CONTROL_PLANE;
	if (ret->joined)
		return;
	ret->action = has_others(e, m) ? ROLES_JOIN_CONTROL_PLANE : ROLES_INIT;
	ret->anew = ret->action == ROLES_INIT;
	other = joining(e, m);
	if (other)
		say(ret, DECIDE_WAIT, "waits for %s, which joins the control plane now",
		    other->name);
	else if (ret->action == ROLES_INIT && n && n->etcd)
		say(ret, DECIDE_REFUSED, "its /var/lib/etcd holds the only copy of the cluster, but"
		    " its own files are gone: bring /etc/kubernetes back, or take /var/lib/etcd"
		    " away for an empty cluster");
}

static void
decide_unmade(const struct engine *e, const struct machine *m, struct decision *ret)
{
	const struct site_machine *first = roles_first(e->site);
	const struct machine *other = joining(e, m);

	if (other)
		say(ret, DECIDE_WAIT, "waits for the control plane (%s)", other->name);
	else if (!first)
		say(ret, DECIDE_WAIT, "waits for a control plane: the site file gives no machine"
		    " that role");
	else if (m->site != first)
		say(ret, DECIDE_WAIT, "waits for the control plane (%s)", first->name);
	else {
		ret->kind = DECIDE_GO;
		ret->action = ROLES_INIT;
	}
}

/* The key that is to receive CA keys was seen by a person, unless the site says otherwise. */
static bool
vouched(const struct engine *e, const struct machine *m)
{
	return m->vouched || e->site->enrolment_control_plane == SITE_ENROL_LISTED;
}

/* What a machine whose image brings Kubernetes is to do. */
static void
decide_with_kube(const struct engine *e, const struct machine *m, struct decision *ret)
{
	const struct cluster *c = e->cluster;
	bool control_plane = cluster_roles(e, m) & SITE_ROLE_CONTROL_PLANE;

	if (c->kubernetes[0] && strcmp(ret->kube->version, c->kubernetes) != 0)
		say(ret, DECIDE_REFUSED, "the image has Kubernetes %s, the cluster runs %s",
		    ret->kube->version, c->kubernetes);
	else if (control_plane && !vouched(e, m))
		say(ret, DECIDE_PERSON, "its key is to hold the cluster's CAs and waits for a "
		    "person: bootserver approve %s", m->code[0] ? m->code : m->name);
	else if (!c->made_ms && !ret->joined)
		decide_unmade(e, m, ret);
	else if (control_plane)
		decide_control_plane(e, m, ret);
	else {
		ret->kind = DECIDE_GO;
		ret->action = ROLES_JOIN;
	}
}

void
decide(const struct engine *e, const struct machine *m, struct decision *ret)
{
	const struct node *n = cluster_node(e->cluster, m->name);

	*ret = (struct decision){ .joined = n && n->joined_ms };
	if (!machines_approved(e, m))
		say(ret, DECIDE_NONE, "no roles: it was not taken in");
	else if (!e->site->kubernetes.enabled)
		say(ret, DECIDE_NONE, "no roles: Kubernetes is off in the site file");
	else if (find_parts(e, m, ret))
		decide_with_kube(e, m, ret);
}
