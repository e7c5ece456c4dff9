/* GET /metrics: what web counts, then what the engine counts. */
#include <string.h>

#include "lib/json.h"
#include "web/endpoints.h"
#include "web/link.h"
#include "web/metrics.h"
#include "web/request.h"

#define PROMETHEUS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* A silent engine takes nothing away from web's own figures: they say that it is silent. */
static void
gathered(struct request *req, const json_t *answer)
{
	struct buf text;

	buf_init(&text);
	metrics_render(req->peer->web, &text);
	buf_text(&text, json_str(answer, "body", ""));
	request_bytes(req, MHD_HTTP_OK, PROMETHEUS_TYPE, str_dup(text.text), text.len);
	buf_fini(&text);
}

void
metrics_answer(struct request *req)
{
	json_t *message = json_object();

	json_put(message, "type", "metrics");
	link_ask(req, message, req->peer->web->limits.engine_ms, gathered);
}
