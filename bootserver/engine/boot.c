/*
 * The answer to a machine that asks what to boot: who it is (machines.c), what it boots (plan/),
 * which boot of its timeline that is (timeline.c), and the variables its script is given.  Nothing
 * here is secret: a script carries a nonce, and the nonce opens site.json.
 */
#include "engine/boot.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cloudinit.h"
#include "engine/cluster.h"
#include "engine/learnt.h"
#include "engine/machines.h"
#include "engine/order.h"
#include "engine/timeline.h"
#include "engine/trial.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"
#include "plan/local.h"
#include "plan/script.h"

#define WAIT_RETRY "10"		/* seconds until a waiting machine asks again */
#define FAIL_RETRY "30"

/* One claim: printable ASCII only, cut to the room there is. */
static void
take(char *ret, size_t size, const json_t *claims, const char *key)
{
	str_copy(ret, size, json_str(claims, key, ""));
	for (char *c = ret; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
			*c = '_';
}

static int
read_claims(struct plan_claims *ret, const json_t *claims)
{
	if (net_mac_normal(ret->mac, json_str(claims, "mac", "")) < 0)
		return -1;
	take(ret->uuid, sizeof(ret->uuid), claims, "uuid");
	take(ret->serial, sizeof(ret->serial), claims, "serial");
	take(ret->asset, sizeof(ret->asset), claims, "asset");
	take(ret->manufacturer, sizeof(ret->manufacturer), claims, "manufacturer");
	take(ret->product, sizeof(ret->product), claims, "product");
	take(ret->buildarch, sizeof(ret->buildarch), claims, "arch");
	take(ret->platform, sizeof(ret->platform), claims, "platform");
	for (char *c = ret->uuid; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	ret->cpu64 = json_flag(claims, "cpu64", false) ||
		     strcmp(json_str(claims, "cpu64", ""), "1") == 0;
	return 0;
}

/* A free text as a variable: other signs than those of the closed set become '_'. */
static void
put_clean(json_t *vars, const char *key, const char *text)
{
	char *copy = str_dup(text);

	script_clean(copy);
	json_put(vars, key, copy);
	free(copy);
}

static void
put_image(const struct engine *e, json_t *vars, const struct boot *b, const struct plan *plan)
{
	const struct plan_image *image = plan->image;
	bool root = image->root.sha256[0];
	char *args;

	args = str_format("%s%s%s%sbootserver.url=%s bootserver.machine=%s bootserver.nonce=%s"
			  " bootserver.root=%s bootserver.size=%llu",
			  image->args ? image->args : "", image->args && image->args[0] ? " " : "",
			  plan->args ? plan->args : "", plan->args && plan->args[0] ? " " : "",
			  e->url, b->machine->name, b->nonces[0],
			  root ? image->root.sha256 : "none",
			  (unsigned long long)(root ? image->root.size : 0));
	json_put(vars, "kernel", image->kernel.sha256);
	json_put(vars, "initrd", image->initrd.sha256);
	json_put(vars, "image", b->image);
	json_put(vars, "args", args);
	free(args);
}

/* Where the machine stands, for the queue of transfers: NULL if nobody said. */
static const char *
rack_of(const struct machine *m)
{
	return m->site ? m->site->rack : NULL;
}

/* The ways to the local disk, in this machine's order. */
static void
put_ways(json_t *vars, const struct machine *m)
{
	static const char *const names[LOCAL_WAYS] = { "way1", "way2", "way3" };
	const char *ways[LOCAL_WAYS];

	local_order(m->claims.platform, m->learnt.way, m->learnt.good, ways);
	for (int i = 0; i < LOCAL_WAYS; i++)
		json_put(vars, names[i], ways[i] ? ways[i] : "");
}

/* The vars of the script; a kernel argument that cannot stand in one makes it a failure. */
static json_t *
script_vars(const struct engine *e, const struct boot *b, struct plan *plan)
{
	const struct machine *m = b->machine;
	json_t *vars = json_object();
	struct err err;

	json_put(vars, "url", e->url);
	json_put(vars, "https", e->https);
	json_put(vars, "machine", m->name);
	json_put(vars, "nonce", b->nonces[0]);
	json_put(vars, "retry", plan->kind == PLAN_WAIT ? WAIT_RETRY : FAIL_RETRY);
	if (plan->kind == PLAN_IMAGE) {
		put_image(e, vars, b, plan);
		if (script_value_check(json_str(vars, "args", ""), &err) < 0) {
			plan->kind = PLAN_FAILURE;
			snprintf(plan->reason, sizeof(plan->reason), "kernel arguments: %.120s",
				 err.text);
		}
	} else if (plan->kind == PLAN_WAIT && m->code[0])
		json_put(vars, "code", m->code);
	else if (plan->kind == PLAN_LOCAL)
		put_ways(vars, m);
	put_clean(vars, "reason", plan->reason);
	return vars;
}

static void
note_script(struct engine *e, struct boot *b, const struct plan *plan)
{
	struct note note = { .phase = PHASE_SCRIPT, .from = "engine", .text = plan->reason };

	note.state = plan->kind == PLAN_FAILURE ? STATE_FAIL :
		     plan->kind == PLAN_WAIT ? STATE_WAIT : STATE_DONE;
	timeline_note(e, b, &note);
}

/* A script that ends our hearing of the machine: the plan for one boot is used up by it. */
static void
left_us(struct engine *e, struct boot *b)
{
	struct machine *m = b->machine;

	b->past = true;
	timeline_end(e, b, plan_kind_name(b->kind));
	if (m->once) {
		m->once = m->kind_set = false;
		machines_touch(e, m);
	}
}

/* A text of the machine's row, which is saved if it is another one than before. */
static void
keep(struct engine *e, struct machine *m, char *ret, size_t size, const char *text)
{
	if (str_eq(ret, text))
		return;
	str_copy(ret, size, text);
	machines_touch(e, m);
}

static void
record(struct engine *e, struct boot *b, const struct plan *plan)
{
	struct machine *m = b->machine;

	b->kind = plan->kind;
	b->image[0] = '\0';
	str_copy(b->reason, sizeof(b->reason), plan->reason);
	b->script_ms = clock_now_ms();
	if (plan->kind == PLAN_IMAGE) {
		snprintf(b->image, sizeof(b->image), "%s@%d", plan->image->name,
			 plan->image->generation);
		keep(e, m, m->tried, sizeof(m->tried), b->image);
		trial_script(e, b);
		m->digest[0] = '\0';	/* another image may bring other roles */
	}
	if (plan->kind != PLAN_FAILURE)
		order_boot(e, m);
	timeline_save(e, b);
	e->metrics.decisions[plan->kind]++;
}

static void
answer_script(struct engine *e, int64_t id, const char *script, const char *rack, json_t *vars)
{
	json_t *answer = json_object();

	json_put(answer, "type", "answer");
	json_put_num(answer, "id", id);
	json_put(answer, "script", script);
	json_put(answer, "rack", rack);
	json_object_set_new(answer, "vars", vars);
	engine_send(e, e->web, answer);
	e->answers[e->nanswers - 1].asked_ms = clock_mono_ms();
}

static void
answer_nobody(struct engine *e, int64_t id)
{
	json_t *vars = json_object();

	json_put(vars, "url", e->url);
	json_put(vars, "https", e->https);
	json_put(vars, "retry", FAIL_RETRY);
	json_put(vars, "reason", "the request names no MAC address");
	answer_script(e, id, "failure", NULL, vars);
}

static void
remember(struct engine *e, struct machine *m, const json_t *claims)
{
	char lldp[256], version[64];

	take(lldp, sizeof(lldp), claims, "lldp");
	take(version, sizeof(version), claims, "version");
	if (str_eq(m->lldp, lldp) && str_eq(m->version, version))
		return;
	str_set(&m->lldp, lldp);
	str_set(&m->version, version);
	machines_touch(e, m);
}

void
boot_script(struct engine *e, const json_t *body)
{
	const json_t *said = json_object_get(body, "claims");
	const char *ip = json_str(body, "ip", "");
	struct note asked = { .phase = PHASE_IPXE, .state = STATE_DONE, .from = "web" };
	struct plan_claims claims = { .cpu64 = false };
	struct machine *m;
	struct boot *b;
	struct plan plan;
	json_t *vars;

	if (read_claims(&claims, said) < 0) {
		answer_nobody(e, json_num(body, "id", 0));
		return;
	}
	m = machines_claim(e, &claims);
	remember(e, m, said);
	learnt_back(e, m);
	learnt_asked(e, m);
	machines_address(e, m, ip, claims.mac);
	b = timeline_early(e, m);
	if (b->phase <= PHASE_IPXE)
		timeline_note(e, b, &asked);
	machines_plan(e, m, &plan);
	str_copy(b->ip, sizeof(b->ip), ip);
	str_copy(b->mac, sizeof(b->mac), claims.mac);
	timeline_nonce(e, b);
	if (plan.kind == PLAN_IMAGE)
		snprintf(b->image, sizeof(b->image), "%s@%d", plan.image->name,
			 plan.image->generation);
	vars = script_vars(e, b, &plan);
	record(e, b, &plan);
	note_script(e, b, &plan);
	if (plan.kind == PLAN_LOCAL || plan.kind == PLAN_RESCUE || plan.kind == PLAN_MEMTEST)
		left_us(e, b);
	answer_script(e, json_num(body, "id", 0), plan_kind_name(plan.kind), rack_of(m), vars);
}

static json_t *
texts(char *const *items, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(items[i]));
	return list;
}

/* Addresses of a service; the server's own when none is given. */
static json_t *
addresses(const struct engine *e, const struct site_list *list)
{
	char own[NET_IP4_TEXT];
	char *one[] = { own };

	net_ip4_format(own, e->site->address.address);
	return list->count ? texts(list->items, list->count) : texts(one, 1);
}

static json_t *
machine_part(const struct engine *e, const struct machine *m)
{
	struct site_boot boot;
	json_t *part = json_object();

	machines_settings(e, m, &boot);
	json_put(part, "name", m->name);
	json_object_set_new(part, "system-disk",
			    boot.system_disk ? json_string(boot.system_disk) : json_null());
	json_put_num(part, "state-size", boot.state_size);
	json_put(part, "rest", boot.rest == SITE_REST_STORAGE ? "storage" : "unused");
	json_put_flag(part, "diskless", boot.diskless == 1);
	json_put_flag(part, "cloud-init", boot.user_data != NULL);
	return part;
}

void
boot_site_json(struct engine *e, const json_t *body)
{
	int64_t id = json_num(body, "id", 0);
	const struct boot *b = timeline_of_nonce(e, body, true);
	json_t *all;
	char *text;

	if (!b || b->end_ms) {
		engine_answer(e, id, 403, "body",
			      "this nonce opens nothing: ask for a new script\n");
		return;
	}
	all = json_object();
	json_put_num(all, "schema", 1);
	json_put(all, "site", e->site->name);
	json_put(all, "domain", e->site->domain);
	json_put(all, "url", e->url);
	json_put(all, "https", e->https);
	json_put(all, "ca", e->ca_pem);
	json_put(all, "engine", e->cert_pem);
	json_object_set_new(all, "ssh-keys",
			    texts(e->site->ssh_keys.items, e->site->ssh_keys.count));
	json_object_set_new(all, "dns", addresses(e, &e->site->dns));
	json_object_set_new(all, "ntp", addresses(e, &e->site->ntp));
	if (e->cluster && e->cluster->ceph_fsid[0])
		json_put(all, "ceph-fsid", e->cluster->ceph_fsid);
	json_object_set_new(all, "machine", machine_part(e, b->machine));
	json_object_set_new(all, "files", cloudinit_root_files(e, b));
	text = json_text(all, NULL);
	engine_answer(e, id, 200, "body", text);
	free(text);
	json_decref(all);
}
