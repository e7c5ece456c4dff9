/* GET /v1/machines/<name>/cloud-init/<file>: cloud-init's NoCloud files. */
#include "web/endpoints.h"

#include "lib/json.h"
#include "web/link.h"
#include "web/request.h"

static const char *const files[] = { "meta-data", "user-data", "vendor-data", "network-config" };

static bool
is_file(const char *name)
{
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (str_eq(files[i], name))
			return true;
	return false;
}

static void
decided(struct request *req, const json_t *answer)
{
	request_relay(req, answer, "text/plain; charset=utf-8");
}

void
cloudinit_answer(struct request *req)
{
	json_t *message;

	if (!str_is_label(req->arg[0]) || !is_file(req->arg[1])) {
		request_say(req, MHD_HTTP_NOT_FOUND, "There is no such machine or file.");
		return;
	}
	message = json_object();
	json_put(message, "type", "cloud-init");
	json_put(message, "name", req->arg[0]);
	json_put(message, "file", req->arg[1]);
	json_put(message, "ip", req->peer->ip);
	link_ask(req, message, req->peer->web->limits.engine_ms, decided);
}
