/* GET /site.json?nonce=…: the small file that makes an image this site's; who may have it, the
 * engine decides by the nonce. */
#include "web/endpoints.h"

#include "lib/json.h"
#include "web/claims.h"
#include "web/link.h"
#include "web/request.h"

static void
decided(struct request *req, const json_t *answer)
{
	request_relay(req, answer, "application/json");
}

void
sitejson_answer(struct request *req)
{
	const char *nonce = request_query(req, "nonce");
	json_t *message;

	if (!claims_is_nonce(nonce)) {
		request_say(req, MHD_HTTP_FORBIDDEN, "The nonce of a boot is missing.");
		return;
	}
	message = json_object();
	json_put(message, "type", "site-json");
	json_put(message, "nonce", nonce);
	json_put(message, "ip", req->peer->ip);
	link_ask(req, message, req->peer->web->limits.engine_ms, decided);
}
