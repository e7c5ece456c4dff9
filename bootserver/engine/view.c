/* What the operator's API shows: see docs/INTERFACES.md. */
#include "engine/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/hub.h"
#include "engine/learnt.h"
#include "engine/machines.h"
#include "engine/records.h"
#include "engine/report.h"
#include "engine/timeline.h"
#include "engine/trial.h"
#include "lib/json.h"
#include "lib/str.h"

#define BOOTS_SHOWN 10

void
view_text(json_t *object, const char *key, const char *text)
{
	if (text && text[0])
		json_put(object, key, text);
	else
		json_object_set_new(object, key, json_null());
}

json_t *
view_site(struct engine *e)
{
	json_t *site = json_object();
	bool web = strcmp(e->children[CHILD_WEB].state, "ready") == 0;
	bool dnsmasq = strcmp(e->children[CHILD_DNSMASQ].state, "ready") == 0 ||
		       e->site->dhcp == SITE_DHCP_NONE;

	json_put(site, "name", e->site->name);
	json_put(site, "domain", e->site->domain);
	json_put(site, "url", e->url);
	json_put_flag(site, "ready", web && dnsmasq);
	json_put(site, "dnsmasq", e->children[CHILD_DNSMASQ].state);
	json_put(site, "web", e->children[CHILD_WEB].state);
	json_put(site, "chrony", e->site->services.serve_time ? e->children[CHILD_CHRONY].state :
								"off");
	view_text(site, "dnsmasq_text", e->children[CHILD_DNSMASQ].text);
	view_text(site, "web_text", e->children[CHILD_WEB].text);
	view_text(site, "chrony_text", e->children[CHILD_CHRONY].text);
	json_put_num(site, "machines", (int64_t)e->nmachines);
	json_put_num(site, "images", (int64_t)e->images.count);
	return site;
}

static void
put_identity(const struct engine *e, json_t *ret, const struct machine *m)
{
	enum site_arch arch = m->site && m->site->arch != SITE_ARCH_ANY ? m->site->arch :
			      plan_arch(&m->claims);
	json_t *macs = json_array();

	json_put(ret, "name", m->name);
	json_put_flag(ret, "known", machines_known(m));
	json_put_flag(ret, "approved", machines_approved(e, m));
	json_put(ret, "arch", arch == SITE_ARCH_ANY ? "" : site_arch_name(arch));
	json_put(ret, "platform", m->claims.platform);
	for (size_t i = 0; i < m->nmacs; i++)
		json_array_append_new(macs, json_string(m->macs[i]));
	json_object_set_new(ret, "macs", macs);
	json_put(ret, "uuid", m->claims.uuid);
	json_put(ret, "serial", m->claims.serial);
	json_put(ret, "asset", m->claims.asset);
	json_put(ret, "manufacturer", m->claims.manufacturer);
	json_put(ret, "product", m->claims.product);
	view_text(ret, "lldp", m->lldp);
	view_text(ret, "ipxe", m->version);
	view_text(ret, "rack", m->site ? m->site->rack : NULL);
	view_text(ret, "file", m->site ? e->site->files[m->site->place.file] : NULL);
	view_text(ret, "ip", m->ip);
	json_put_num(ret, "seen_ms", m->seen_ms);
}

/* What it would boot if it asked now; a machine that never asked has not told its architecture,
 * which the site file may know. */
static void
plan_of(const struct engine *e, const struct machine *m, struct plan *ret)
{
	if (m->site)
		machines_plan_as(e, m, m->site->arch, ret);
	else
		machines_plan(e, m, ret);
}

/* The image of that plan, "" if it is another kind. */
static void
ref_of(const struct plan *plan, char ret[80])
{
	ret[0] = '\0';
	if (plan->kind == PLAN_IMAGE)
		snprintf(ret, 80, "%s@%d", plan->image->name, plan->image->generation);
}

static void
put_plan(const struct engine *e, json_t *ret, const struct machine *m)
{
	struct plan plan;
	char ref[80];

	plan_of(e, m, &plan);
	ref_of(&plan, ref);
	json_put(ret, "plan", plan_kind_name(plan.kind));
	json_put(ret, "plan_reason", plan.reason);
	json_put_flag(ret, "once", m->once);
	view_text(ret, "image", ref);
	view_text(ret, "tried", m->tried);
	view_text(ret, "last_good", m->last_good);
	json_object_set_new(ret, "trial", trial_view(e, m));
	json_object_set_new(ret, "clock", !m->clock.known ? json_null() :
			    json_pack("{s:I, s:I}", "offset_ms", (json_int_t)m->clock.offset_ms,
				      "within_ms", (json_int_t)m->clock.within_ms));
	view_text(ret, "local_way", m->learnt.way);
	view_text(ret, "local_way_state", learnt_way_state(m));
	view_text(ret, "binary", m->learnt.binary);
	json_put_flag(ret, "secure_boot", m->learnt.locked);
	view_text(ret, "code", m->code);
	view_text(ret, "key", m->pin);
	view_text(ret, "key_pending", m->pending);
}

static void
put_boot(json_t *ret, const struct boot *b)
{
	json_t *progress = json_null();

	json_put(ret, "phase", b ? phase_name(b->phase) : "");
	json_put(ret, "phase_state", b ? phase_state_name(b->state) : "");
	json_put(ret, "text", b && b->text ? b->text : "");
	json_put_num(ret, "phase_since_ms", b ? b->phase_ms : 0);
	json_put_num(ret, "boot_since_ms", b ? b->begin_ms : 0);
	json_object_set_new(ret, "healthy_ms",
			    b && b->healthy ? json_integer(b->end_ms) : json_null());
	if (b && b->part[0] && b->total > 0)
		progress = json_pack("{s:s, s:I, s:I}", "part", b->part, "done",
				     (json_int_t)b->done, "total", (json_int_t)b->total);
	json_object_set_new(ret, "progress", progress);
}

json_t *
view_machine(struct engine *e, const struct machine *m)
{
	json_t *ret = json_object();

	put_identity(e, ret, m);
	put_plan(e, ret, m);
	json_put(ret, "state", timeline_state(m));
	put_boot(ret, m->boot);
	report_put(e, m, ret);
	json_object_set_new(ret, "facts", m->facts ? json_incref(m->facts) : json_null());
	return ret;
}

static json_t *
view_boot(struct engine *e, const struct boot *b)
{
	json_t *ret = json_object(), *events = json_array();
	sqlite3_stmt *row;

	json_put_num(ret, "id", b->id);
	json_put_num(ret, "begin_ms", b->begin_ms);
	json_put_num(ret, "script_ms", b->script_ms);
	json_put_num(ret, "end_ms", b->end_ms);
	json_put(ret, "outcome", b->outcome[0] ? b->outcome : "open");
	json_put(ret, "plan", b->script_ms ? plan_kind_name(b->kind) : "");
	json_put(ret, "plan_reason", b->reason);
	view_text(ret, "image", b->image);
	view_text(ret, "ip", b->ip);
	json_put(ret, "phase", phase_name(b->phase));
	json_put(ret, "phase_state", phase_state_name(b->state));
	json_put(ret, "text", b->text ? b->text : "");
	for (row = db_ask(&e->db, DB_EVENTS_OF, "i", b->id); db_next(&e->db, row);)
		json_array_append_new(events, hub_event(row));
	json_object_set_new(ret, "events", events);
	return ret;
}

json_t *
view_boots(struct engine *e, const struct machine *m)
{
	struct boot boots[BOOTS_SHOWN] = { { .id = 0 } };
	json_t *list = json_array();
	sqlite3_stmt *row = db_ask(&e->db, DB_BOOTS_OF, "ii", m->id, (int64_t)BOOTS_SHOWN);
	int64_t machine;
	size_t count = 0;

	while (db_next(&e->db, row))
		if (count < BOOTS_SHOWN)
			records_read_boot(row, &boots[count++], &machine);
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, view_boot(e, &boots[i]));
		free(boots[i].text);
	}
	return list;
}

static json_t *
archs_of(const struct image *image)
{
	json_t *archs = json_array();

	for (int arch = SITE_ARCH_AMD64; arch <= SITE_ARCH_ARM64; arch++)
		if (image_has_arch(image, (enum site_arch)arch))
			json_array_append_new(archs,
					      json_string(site_arch_name((enum site_arch)arch)));
	return archs;
}

/* Why the machine needs the image, or NULL.  A plan for one boot is soon over: what comes after it
 * counts. */
static const char *
why(const struct engine *e, const struct machine *m, const char *ref)
{
	struct machine after = *m;
	struct plan plan;
	char next[80];

	if (after.once)
		after.once = after.kind_set = false;
	plan_of(e, &after, &plan);
	ref_of(&plan, next);
	if (strcmp(next, ref) == 0)
		return "boots it next";
	if (m->boot && strcmp(m->boot->image, ref) == 0)
		return "runs it";
	return strcmp(m->last_good, ref) == 0 ? "would fall back to it" : NULL;
}

static void
put_uses(const struct engine *e, json_t *ret, const struct image *image)
{
	json_t *names = json_array(), *uses = json_array();
	char ref[80];

	snprintf(ref, sizeof(ref), "%s@%d", image->name, image->generation);
	for (size_t i = 0; i < e->nmachines; i++) {
		const struct machine *m = e->machines[i];
		const char *reason = why(e, m, ref);

		if (!reason)
			continue;
		json_array_append_new(names, json_string(m->name));
		json_array_append_new(uses, json_pack("{s:s, s:s}", "machine", m->name, "why",
						      reason));
	}
	json_object_set_new(ret, "used_by", names);
	json_object_set_new(ret, "uses", uses);
}

json_t *
view_images(struct engine *e)
{
	json_t *list = json_array();

	for (size_t i = 0; i < e->images.count; i++) {
		const struct image *image = &e->images.items[i];
		json_t *one = json_object();
		uint64_t size = 0;

		for (size_t part = 0; part < image->nparts; part++)
			size += image->parts[part].size;
		json_put(one, "name", image->name);
		json_put_num(one, "generation", image->generation);
		json_put(one, "identity", image->identity);
		json_object_set_new(one, "archs", archs_of(image));
		view_text(one, "version", image->version);
		json_put_num(one, "size", (int64_t)size);
		view_text(one, "signer", image->signer);
		view_text(one, "fault", image->fault);
		put_uses(e, one, image);
		json_array_append_new(list, one);
	}
	return list;
}
