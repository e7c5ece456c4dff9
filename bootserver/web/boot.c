/* GET /v1/boot?mac=…: what a machine says of itself goes to the engine, its decision comes back
 * as a script.  Never an HTTP error: whoever asks here reads scripts. */
#include "web/endpoints.h"

#include <string.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "web/claims.h"
#include "web/known.h"
#include "web/link.h"
#include "web/request.h"
#include "web/script.h"

static json_t *
claims_of(struct request *req)
{
	json_t *claims = json_object();

	for (size_t i = 0; claims_name(i); i++) {
		const char *name = claims_name(i), *value = NULL;
		size_t len = 0;

		MHD_lookup_connection_value_n(req->peer->mhd, MHD_GET_ARGUMENT_KIND, name,
					      strlen(name), &value, &len);
		claims_take(claims, name, value, len);
	}
	return claims;
}

static void
decided(struct request *req, const json_t *answer)
{
	const char *name = json_str(answer, "script", NULL);
	const json_t *vars = json_object_get(answer, "vars");

	if (!answer)
		script_fail(req, "the engine does not answer");
	else if (!name || (vars && !json_is_object(vars)))
		script_fail(req, "the engine's answer is no good");
	else {
		known_script(req->peer->web->known, json_str(vars, "machine", ""),
			     json_str(vars, "nonce", ""), json_str(answer, "rack", ""),
			     clock_mono_ms());
		script_give(req, name, vars);
	}
}

void
boot_answer(struct request *req)
{
	json_t *claims = claims_of(req), *message;

	if (!json_object_get(claims, "mac")) {
		json_decref(claims);
		script_fail(req, "the request names no MAC address that can be read");
		return;
	}
	message = json_object();
	json_put(message, "type", "boot");
	json_put(message, "ip", req->peer->ip);
	json_object_set_new(message, "claims", claims);
	link_ask(req, message, req->peer->web->limits.engine_ms, decided);
}
