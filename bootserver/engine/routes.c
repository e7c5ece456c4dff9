/* All routes of the operator's API on one screen, and what each one does. */
#include "engine/routes.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/agent.h"
#include "engine/ear.h"
#include "engine/edit.h"
#include "engine/images.h"
#include "engine/access.h"
#include "engine/machines.h"
#include "engine/report.h"
#include "engine/start.h"
#include "engine/timeline.h"
#include "engine/trial.h"
#include "engine/view.h"
#include "engine/wipe.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define IDENTIFY_S 120		/* a person walks to the rack meanwhile */
#define IDENTIFY_MOST_S 3600

struct route_call {
	struct engine *e;
	struct machine *m;	/* of a path with a name */
	const char *name;	/* as the path has it */
	const json_t *body;
	const void *who;
	json_t **ret;
};

static int
fault(const struct route_call *call, int status, const char *text)
{
	*call->ret = json_object();
	json_put(*call->ret, "error", text);
	return status;
}

static int
no_machine(const struct route_call *call)
{
	char *text = str_format("there is no such machine: %s", call->name);

	fault(call, 404, text);
	free(text);
	return 404;
}

static int
show(const struct route_call *call, int status)
{
	*call->ret = view_machine(call->e, call->m);
	return status;
}

/* The machine with its orders. */
static int
show_orders(const struct route_call *call, int status)
{
	show(call, status);
	json_object_set_new(*call->ret, "orders", order_view(call->e, call->m));
	return status;
}

static int
get_site(const struct route_call *call)
{
	*call->ret = view_site(call->e);
	return 200;
}

static int
get_machine(const struct route_call *call)
{
	json_t *boots, *settings;

	/* the newest boot may have changed in this turn */
	show(call, 200);
	boots = view_boots(call->e, call->m);
	json_object_set_new(*call->ret, "boots", boots);
	json_object_set_new(*call->ret, "orders", order_view(call->e, call->m));
	settings = edit_settings(call->e, call->m->name);
	json_object_set_new(*call->ret, "settings", settings ? settings : json_null());
	return 200;
}

/* The status of an edit that came to nothing. */
static int
edit_fault(const struct route_call *call, int r, const struct err *err)
{
	char *text;
	int status;

	if (r == -EAGAIN)
		return ROUTE_LATER;
	text = err->file[0] ? str_format("%s:%d:%d: %s", err->file, err->line, err->column,
					 err->text) : str_dup(err->text);
	status = fault(call, r == -EINVAL ? 422 : r == -ENOENT ? 404 : 409, text);
	free(text);
	return status;
}

/* A machine into the site's files; `good` is the status if all is well. */
static int
edit(const struct route_call *call, const char *name, bool fresh, int good)
{
	struct edit_ask ask = { call->who, name, call->body, fresh };
	struct route_call made = *call;
	struct err err = { "" };
	int r = edit_machine(call->e, &ask, &err);

	if (r < 0)
		return edit_fault(call, r, &err);
	made.m = machines_find(call->e, name);
	return made.m ? show(&made, good) : fault(call, 409, "the site changed meanwhile");
}

static int
post_machine(const struct route_call *call)
{
	const char *name = json_str(call->body, "name", NULL);

	if (!name)
		return fault(call, 422, "give the machine as in the site file, with its name");
	return edit(call, name, true, 201);
}

static int
put_machine(const struct route_call *call)
{
	if (!call->body)
		return fault(call, 422, "give the machine as in the site file");
	return edit(call, call->name, false, 200);
}

/* Out of the files, and out of memory. */
static int
delete_machine(const struct route_call *call)
{
	struct edit_ask ask = { .who = call->who, .name = call->m ? call->m->name : call->name };
	struct machine *m = call->m;
	struct err err = { "" };
	int r = m && !m->site && !edit_waits(call->e, call->who) ? 0 :
		edit_machine(call->e, &ask, &err);

	if (r < 0)
		return edit_fault(call, r, &err);
	log_info("machine=%s text=\"forgotten, the operator said so\"", ask.name);
	m = machines_find(call->e, call->name);
	if (m && !m->site)
		machines_forget(call->e, m);
	return 204;
}

/* The timeline says that what it waited for has come. */
static void
note_approved(struct engine *e, struct machine *m)
{
	struct boot *b = m->boot;
	struct note note = { .state = STATE_WAIT, .from = "engine",
			     .text = "approved: it goes on when it asks again" };

	if (!b || (b->state != STATE_WAIT && b->state != STATE_STALL))
		return;
	note.phase = b->phase;
	timeline_note(e, b, &note);
}

static int
approve(const struct route_call *call)
{
	struct machine *m = call->m;
	struct err err;
	int r = machines_approve(call->e, m, json_str(call->body, "name", NULL), &err);

	if (r < 0)
		return fault(call, r == -EINVAL ? 422 : 409, err.text);
	if (!m->site && start_again(call->e, &err) < 0)
		log_error("text=\"%s\"", err.text);
	log_info("machine=%s text=\"approved by the operator\"", m->name);
	note_approved(call->e, m);
	return show(call, 200);
}

static int
approve_code(const struct route_call *call)
{
	const char *code = json_str(call->body, "code", NULL);
	struct route_call named = *call;

	if (!code)
		return fault(call, 422, "give the code as {\"code\": \"ABCD-2345\"}");
	named.m = machines_find(call->e, code);
	if (!named.m || strcmp(named.m->name, code) == 0)
		return fault(call, 404, "no machine waits with this code");
	return approve(&named);
}

static bool
is_arm64(const struct machine *m)
{
	return (m->site && m->site->arch == SITE_ARCH_ARM64) ||
	       plan_arch(&m->claims) == SITE_ARCH_ARM64;
}

static int
put_plan(const struct route_call *call)
{
	struct machine *m = call->m;
	bool once = json_flag(call->body, "once", false);
	enum plan_kind kind;

	if (plan_kind_parse(&kind, json_str(call->body, "kind", "")) < 0)
		return fault(call, 422, "kind is one of image, local, wait, rescue, memtest");
	if (kind == PLAN_MEMTEST && is_arm64(m))
		return fault(call, 409, "the memory test is for x86, this machine is arm64");
	if (!machines_approved(call->e, m))
		return fault(call, 409, "this machine was not taken in: approve it first");
	m->kind = kind;
	m->once = once && kind != PLAN_IMAGE;
	m->kind_set = kind != PLAN_IMAGE;
	machines_touch(call->e, m);
	log_info("machine=%s plan=%s%s text=\"set by the operator\"", m->name, plan_kind_name(kind),
		 m->once ? " once=yes" : "");
	return show(call, 200);
}

/* The image the body names, "NAME" or "NAME@GENERATION" or with `generation` beside it. */
static int
take_image(struct machine *m, const json_t *body)
{
	const char *ref = json_str(body, "image", NULL);
	int generation = 0;
	int64_t number;
	char name[64];

	if (ref) {
		if (image_ref_parse(name, &generation, ref) < 0)
			return -EINVAL;
		str_copy(m->image, sizeof(m->image), name);
	}
	number = json_num(body, "generation", generation);
	if (number < 0 || number > INT_MAX)
		return -EINVAL;
	m->generation = (int)number;
	return 0;
}

/* What it boots.  A machine that never told its architecture is taken for what the site file says,
 * else for whatever the image is for. */
static void
plan_reimage(const struct engine *e, const struct machine *m, struct plan *ret)
{
	enum site_arch said = m->site ? m->site->arch : SITE_ARCH_ANY;

	machines_plan(e, m, ret);
	if (m->claims.buildarch[0])
		return;
	for (enum site_arch arch = SITE_ARCH_AMD64; arch <= SITE_ARCH_ARM64; arch++)
		if (ret->kind == PLAN_FAILURE && (said == SITE_ARCH_ANY || said == arch))
			machines_plan_as(e, m, arch, ret);
}

static int
reimage(const struct route_call *call)
{
	struct engine *e = call->e;
	struct machine *m = call->m, was = *m;
	bool withdrawn = false;
	struct plan plan;

	if (!machines_approved(e, m))
		return fault(call, 409, "this machine was not taken in: approve it first");
	if (take_image(m, call->body) < 0) {
		*m = was;
		return fault(call, 422, "an image is named as NAME or NAME@GENERATION");
	}
	m->kind_set = m->once = false;
	m->trial = (struct trial){ .over = false };
	plan_reimage(e, m, &plan);
	if (plan.kind == PLAN_FAILURE) {
		*m = was;
		return fault(call, 409, plan.reason);
	}
	machines_touch(e, m);
	trial_forget(e, m);
	log_info("machine=%s text=\"to be reimaged: %s\"", m->name, plan.reason);
	if (json_flag(call->body, "reboot", true))
		agent_order(e, m, &(struct order){ ORDER_REBOOT, "to be reimaged", NULL, 0 });
	else
		withdrawn = order_withdraw(e, m, ORDER_REBOOT,
					   "it is to be reimaged at its next boot");
	show_orders(call, 200);
	json_put_flag(*call->ret, "withdrawn", withdrawn);
	return 200;
}

/* An order for its agent; the machine, with its orders. */
static int
give(const struct route_call *call, enum order_kind kind, int64_t seconds)
{
	struct order order = { kind, "the operator asks", NULL, seconds };

	if (!machines_approved(call->e, call->m))
		return fault(call, 409, "this machine was not taken in: approve it first");
	agent_order(call->e, call->m, &order);
	return show_orders(call, 202);
}

static int
reboot(const struct route_call *call)
{
	return give(call, ORDER_REBOOT, 0);
}

static int
poweroff(const struct route_call *call)
{
	return give(call, ORDER_POWEROFF, 0);
}

static int
identify(const struct route_call *call)
{
	int64_t seconds = json_num(call->body, "seconds", IDENTIFY_S);

	if (seconds < 1 || seconds > IDENTIFY_MOST_S)
		return fault(call, 422, "seconds: 1 to 3600");
	return give(call, ORDER_IDENTIFY, seconds);
}

static int
wipe_disk(const struct route_call *call)
{
	return wipe(call->e, call->m, call->body, call->ret);
}

static int
get_cluster(const struct route_call *call)
{
	*call->ret = report_view(call->e);
	return 200;
}

/* An administrator's kubeconfig; it is made, not kept. */
static int
make_kubeconfig(const struct route_call *call)
{
	int64_t hours = json_num(call->body, "hours", 8);
	struct err err;
	char *text;

	if (hours < 1 || hours > ACCESS_HOURS_MOST)
		return fault(call, 422, "hours: 1 to 8760");
	if (!call->e->cluster->made_ms)
		return fault(call, 409, "the cluster is not made yet: `bootserver status`");
	text = access_admin(call->e, "bootserver-admin", hours, &err);
	if (!text)
		return fault(call, 500, err.text);
	log_info("text=\"a kubeconfig for %lld hours was given to the operator\"",
		 (long long)hours);
	*call->ret = json_object();
	json_put(*call->ret, "kubeconfig", text);
	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return 200;
}

static int
get_pcap(const struct route_call *call)
{
	size_t len;
	void *bytes = ear_pcap(call->e, call->m, &len);

	if (!bytes)
		return fault(call, 404, "no DHCP packet of this machine was heard since the server "
			     "started");
	*call->ret = json_object();
	json_put_bytes(*call->ret, "pcap", bytes, len);
	free(bytes);
	return 200;
}

static int
get_images(const struct route_call *call)
{
	*call->ret = view_images(call->e);
	return 200;
}

static int
reload_images(const struct route_call *call)
{
	struct err err;

	if (engine_images_load(call->e, &err) < 0)
		return fault(call, 500, err.text);
	return get_images(call);
}

/* What api.c has answered already, piece by piece or as bytes; here so that the table is whole. */
static int
get_pieces(const struct route_call *call)
{
	return fault(call, 500, "this is the transport's to answer");
}

/* '*' stands for a machine's name, MAC or code. */
static const struct {
	const char *method, *path;
	int (*run)(const struct route_call *call);
	const char *takes;	/* members of the body, "name:s once:b"; NULL: none */
	bool any;		/* the machine need not be there */
} table[] = {
	{ "GET", "/v1/site", get_site },
	{ "GET", "/v1/machines", get_pieces },
	{ "POST", "/v1/machines", post_machine, "*" },
	{ "GET", "/v1/machines/*", get_machine },
	{ "PUT", "/v1/machines/*", put_machine, "*", .any = true },
	{ "DELETE", "/v1/machines/*", delete_machine, .any = true },
	{ "POST", "/v1/machines/*/approve", approve, "name:s" },
	{ "POST", "/v1/approve", approve_code, "code:s name:s" },
	{ "PUT", "/v1/machines/*/plan", put_plan, "kind:s once:b" },
	{ "POST", "/v1/machines/*/reimage", reimage, "image:s generation:i reboot:b" },
	{ "POST", "/v1/machines/*/reboot", reboot },
	{ "POST", "/v1/machines/*/poweroff", poweroff },
	{ "POST", "/v1/machines/*/identify", identify, "seconds:i" },
	{ "POST", "/v1/machines/*/wipe", wipe_disk, "serial:s confirm:s" },
	{ "GET", "/v1/machines/*/pcap", get_pcap },
	{ "GET", "/v1/cluster", get_cluster },
	{ "POST", "/v1/cluster/kubeconfig", make_kubeconfig, "hours:i" },
	{ "GET", "/v1/images", get_images },
	{ "POST", "/v1/images/reload", reload_images },
	{ "GET", "/v1/events", get_pieces },
	{ "GET", "/v1/database", get_pieces },
};
#define ROUTES (sizeof(table) / sizeof(table[0]))

/* A member that the route does not take, or not of this kind, is a slip of the one who asks: better
 * told than overlooked. */
static int
check_body(const struct route_call *call, const char *takes)
{
	const char *key;
	json_t *value;
	struct err err;

	if (takes && takes[0] == '*')
		return 0;
	json_object_foreach((json_t *)(uintptr_t)call->body, key, value)
		if (json_check(key, value, takes ? takes : "", &err) < 0)
			return fault(call, 422, err.text);
	return 0;
}

/* True if the path fits the pattern; what stands for '*' is copied to `name`. */
static bool
fits(const char *pattern, const char *path, char name[80])
{
	const char *star = strchr(pattern, '*');
	size_t before = star ? (size_t)(star - pattern) : 0, len;

	if (!star)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, before) != 0)
		return false;
	path += before;
	len = strcspn(path, "/");
	if (len == 0 || len >= 80 || strcmp(path + len, star + 1) != 0)
		return false;
	memcpy(name, path, len);
	name[len] = '\0';
	return true;
}

void
route_methods(const char *path, struct buf *ret)
{
	char name[80];

	for (size_t i = 0; i < ROUTES; i++)
		if (fits(table[i].path, path, name))
			buf_format(ret, "%s%s", ret->len ? ", " : "", table[i].method);
}

static int
run(struct route_call *call, size_t at, const char *name)
{
	int status;

	if (strchr(table[at].path, '*')) {
		call->name = name;
		call->m = machines_find(call->e, name);
		if (!call->m && !table[at].any)
			return no_machine(call);
	}
	status = check_body(call, table[at].takes);
	return status ? status : table[at].run(call);
}

int
route(struct engine *e, const struct route_ask *ask, json_t **ret)
{
	struct route_call call = { .e = e, .body = ask->body, .ret = ret, .who = ask->who };
	bool other_method = false;

	if (!e->started)
		return fault(&call, 503, "the boot server is starting");
	for (size_t i = 0; i < ROUTES; i++) {
		char name[80] = "";

		if (!fits(table[i].path, ask->path, name))
			continue;
		if (strcmp(table[i].method, ask->method) == 0)
			return run(&call, i, name);
		other_method = true;
	}
	return other_method ? fault(&call, 405, "this path does not take that method") :
	       fault(&call, 404, "there is no such path");
}
