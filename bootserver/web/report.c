/* GET|POST /v1/report?nonce=…&phase=…&state=…&text=…: a claim from iPXE or stage 1 on how far the
 * boot has come. */
#include "web/endpoints.h"

#include <string.h>

#include "lib/json.h"
#include "plan/phase.h"
#include "web/claims.h"
#include "web/link.h"
#include "web/request.h"

static const char *
fault_of(const char *nonce, const char *phase, const char *state)
{
	enum phase any_phase;
	enum phase_state any_state;

	if (!claims_is_nonce(nonce))
		return "nonce: 16 to 64 lower-case hex digits are wanted.";
	if (!phase || phase_parse(&any_phase, phase) < 0)
		return "phase: the name of a phase is wanted, such as stage1.";
	if (!state || phase_state_parse(&any_state, state) < 0 || any_state == STATE_NOTE)
		return "state: one of begin, progress, done, wait, stall, fail is wanted.";
	return NULL;
}

void
report_answer(struct request *req)
{
	const char *nonce = request_query(req, "nonce"), *phase = request_query(req, "phase");
	const char *state = request_query(req, "state"), *text = request_query(req, "text");
	const char *fault = fault_of(nonce, phase, state);
	char clean[CLAIMS_REPORT + 1];
	json_t *message;

	if (fault) {
		request_say(req, MHD_HTTP_BAD_REQUEST, "%s", fault);
		return;
	}
	claims_clean(clean, sizeof(clean), text ? text : "", text ? strlen(text) : 0);
	message = json_object();
	json_put(message, "type", "report");
	json_put(message, "nonce", nonce);
	json_put(message, "ip", req->peer->ip);
	json_put(message, "phase", phase);
	json_put(message, "state", state);
	json_put(message, "text", clean);
	link_tell(req->peer->web->link, message, str_eq(state, "progress"));
	/* not 204: that has no length, and iPXE would wait for the end of its body */
	request_say(req, MHD_HTTP_OK, "noted");
}
