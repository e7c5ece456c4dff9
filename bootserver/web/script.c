/* Scripts as answers: see script.h. */
#include "web/script.h"

#include <stdlib.h>
#include <string.h>

#include "lib/json.h"
#include "lib/log.h"
#include "plan/script.h"
#include "web/request.h"

#define RETRY_S "10"

/* The head in its order: our bases first, so that what follows may use them. */
static json_t *
head_of(const struct web *web, const json_t *vars)
{
	json_t *head = json_object();

	json_put(head, "url", web->url);
	json_put(head, "https", web->https);
	json_object_update(head, (json_t *)(uintptr_t)vars);	/* which it only reads */
	return head;
}

static int
render(struct request *req, const char *name, const json_t *vars, struct err *err)
{
	const struct web *web = req->peer->web;
	const char *plain = json_str(web->scripts, name, NULL);
	json_t *head = head_of(web, vars);
	char *text = NULL;
	int r;

	if (plain)
		r = script_render(head, plain, &text, err);
	else
		r = err_set(err, -1, "there is no script \"%.60s\"", name);
	json_decref(head);
	if (r == 0)
		request_bytes(req, MHD_HTTP_OK, "text/plain; charset=utf-8", text, strlen(text));
	return r;
}

void
script_fail(struct request *req, const char *reason)
{
	json_t *vars = json_object();
	char *clean = str_dup(reason);
	struct err err;

	script_clean(clean);
	json_put(vars, "reason", clean);
	json_put(vars, "retry", RETRY_S);
	free(clean);
	log_warn("ip=%s phase=script state=fail reason=\"%s\"", req->peer->ip, reason);
	if (render(req, "failure", vars, &err) < 0) {
		log_error("the failure script cannot be made: %s", err.text);
		request_say(req, MHD_HTTP_INTERNAL_SERVER_ERROR, "%s", reason);
	}
	json_decref(vars);
}

void
script_give(struct request *req, const char *name, const json_t *vars)
{
	struct err err;

	if (render(req, name, vars, &err) == 0)
		return;
	log_warn("ip=%s script=%s cannot be made: %s", req->peer->ip, name, err.text);
	script_fail(req, "the server's answer does not fit a script");
}
