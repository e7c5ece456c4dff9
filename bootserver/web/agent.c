/* POST /v1/enrol, /v1/self/poll, /v1/self/events, /v1/self/cluster: CMS from an agent to the engine
 * and back.  Web can neither read a secret nor forge a word of it. */
#include "web/endpoints.h"

#include "lib/json.h"
#include "web/link.h"
#include "web/request.h"

#define CMS_TYPE "application/cms"	/* RFC 7193 */

static void
decided(struct request *req, const json_t *answer)
{
	int64_t status = json_num(answer, "status", 0);
	const char *text = json_str(answer, "text", NULL);
	void *der;
	size_t len;

	if (!answer)
		request_silent(req);
	else if (status < 200 || status > 599)
		request_bad_answer(req, "no status");
	else if (json_bytes(answer, "der", &der, &len) == 0)
		request_bytes(req, (unsigned)status, CMS_TYPE, der, len);
	else if (text)
		request_say(req, (unsigned)status, "%s", text);
	else
		request_bad_answer(req, "neither CMS nor text");
}

static void
ask(struct request *req, const char *path, int64_t timeout_ms)
{
	json_t *message;

	if (req->body.len == 0) {
		request_say(req, MHD_HTTP_BAD_REQUEST, "The body is empty, CMS is wanted.");
		return;
	}
	message = json_object();
	json_put(message, "type", "agent");
	json_put(message, "path", path);
	json_put(message, "ip", req->peer->ip);
	json_put_bytes(message, "der", req->body.text, req->body.len);
	link_ask(req, message, timeout_ms, decided);
}

void
agent_enrol(struct request *req)
{
	ask(req, "enrol", req->peer->web->limits.engine_ms);
}

void
agent_poll(struct request *req)
{
	ask(req, "poll", req->peer->web->limits.poll_ms);
}

void
agent_events(struct request *req)
{
	ask(req, "events", req->peer->web->limits.engine_ms);
}

void
agent_cluster(struct request *req)
{
	ask(req, "cluster", req->peer->web->limits.engine_ms);
}
