/* All routes of the operator's API on one screen, and what each one does. */
#include "engine/routes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "engine/agent.h"
#include "engine/images.h"
#include "engine/machines.h"
#include "engine/start.h"
#include "engine/timeline.h"
#include "engine/view.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

struct route_call {
	struct engine *e;
	struct machine *m;	/* of a path with a name */
	const json_t *body;
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
show(const struct route_call *call, int status)
{
	*call->ret = view_machine(call->e, call->m);
	return status;
}

static int
get_site(const struct route_call *call)
{
	*call->ret = view_site(call->e);
	return 200;
}

static int
get_machines(const struct route_call *call)
{
	*call->ret = view_machines(call->e);
	return 200;
}

static int
get_machine(const struct route_call *call)
{
	json_t *boots;

	/* the newest boot may have changed in this turn */
	show(call, 200);
	boots = view_boots(call->e, call->m);
	json_object_set_new(*call->ret, "boots", boots);
	return 200;
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
	char name[64];

	if (ref) {
		if (image_ref_parse(name, &generation, ref) < 0)
			return -EINVAL;
		str_copy(m->image, sizeof(m->image), name);
	}
	m->generation = (int)json_num(body, "generation", generation);
	return m->generation < 0 ? -EINVAL : 0;
}

static int
reimage(const struct route_call *call)
{
	struct engine *e = call->e;
	struct machine *m = call->m, was = *m;
	struct plan plan;

	if (!machines_approved(e, m))
		return fault(call, 409, "this machine was not taken in: approve it first");
	if (take_image(m, call->body) < 0) {
		*m = was;
		return fault(call, 422, "an image is named as NAME or NAME@GENERATION");
	}
	m->kind_set = m->once = false;
	machines_plan(e, m, &plan);
	if (plan.kind == PLAN_FAILURE && m->claims.buildarch[0]) {
		*m = was;
		return fault(call, 409, plan.reason);
	}
	machines_touch(e, m);
	log_info("machine=%s text=\"to be reimaged: %s\"", m->name, plan.reason);
	if (json_flag(call->body, "reboot", true))
		agent_order(e, m, "reboot");
	return show(call, 200);
}

static int
reboot(const struct route_call *call)
{
	agent_order(call->e, call->m, "reboot");
	return show(call, 202);
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

/* '*' stands for a machine's name, MAC or code.  GET /v1/events is a stream: api.c. */
static const struct {
	const char *method, *path;
	int (*run)(const struct route_call *call);
} table[] = {
	{ "GET", "/v1/site", get_site },
	{ "GET", "/v1/machines", get_machines },
	{ "GET", "/v1/machines/*", get_machine },
	{ "POST", "/v1/machines/*/approve", approve },
	{ "POST", "/v1/approve", approve_code },
	{ "PUT", "/v1/machines/*/plan", put_plan },
	{ "POST", "/v1/machines/*/reimage", reimage },
	{ "POST", "/v1/machines/*/reboot", reboot },
	{ "GET", "/v1/images", get_images },
	{ "POST", "/v1/images/reload", reload_images },
};

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

int
route(struct engine *e, const struct route_ask *ask, json_t **ret)
{
	struct route_call call = { .e = e, .body = ask->body, .ret = ret };
	bool other_method = false;

	if (!e->started)
		return fault(&call, 503, "the boot server is starting");
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char name[80] = "";

		if (!fits(table[i].path, ask->path, name))
			continue;
		if (strcmp(table[i].method, ask->method) != 0) {
			other_method = true;
			continue;
		}
		if (strchr(table[i].path, '*')) {
			call.m = machines_find(e, name);
			if (!call.m)
				return fault(&call, 404, "there is no such machine");
		}
		return table[i].run(&call);
	}
	return other_method ? fault(&call, 405, "this path does not take that method") :
	       fault(&call, 404, "there is no such path");
}
