/* GET /healthz: 200 when web and engine both answer. */
#include "web/endpoints.h"

#include "lib/json.h"
#include "web/link.h"
#include "web/request.h"

static void
decided(struct request *req, const json_t *answer)
{
	request_relay(req, answer, "text/plain; charset=utf-8");
}

void
healthz_answer(struct request *req)
{
	json_t *message = json_object();

	json_put(message, "type", "health");
	link_ask(req, message, req->peer->web->limits.engine_ms, decided);
}
