/*
 * One request from its first line to the last byte of its answer: see request.h.  libmicrohttpd
 * calls request_handle() once with the headers, once with each piece of the body, and once at the
 * end; there the route's function runs.  If it asked the engine, the connection is suspended, and
 * the same call comes again when the answer is there.
 */
#include "web/request.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "web/admission.h"
#include "web/claims.h"
#include "web/link.h"
#include "web/metrics.h"
#include "web/peer.h"
#include "web/routes.h"
#include "web/server.h"
#include "web/transfer.h"

#define BODY_SPILL (8u << 20)	/* bytes beyond a limit that are read before the line is cut */

void *
request_begin(void *arg, const char *uri, struct MHD_Connection *mhd)
{
	struct request *req = mem_new(sizeof(*req));
	const char *nul = strstr(uri, "%00");
	size_t len = strcspn(uri, "?");

	(void)arg;
	req->peer = peer_of(mhd);
	req->peer->request = req;
	req->since_ms = clock_mono_ms();
	claims_clean(req->path, sizeof(req->path), uri, len);
	for (char *quote = req->path; (quote = strchr(quote, '"')) != NULL;)
		*quote = '_';	/* it stands in quotes in the log */
	req->bad_uri = nul && nul < uri + len;	/* would end the path early */
	buf_init(&req->body);
	return req;
}

void
request_give(struct request *req, unsigned status, struct MHD_Response *response)
{
	if (!response || req->response) {
		if (response)
			MHD_destroy_response(response);
		return;
	}
	req->status = status;
	req->response = response;
}

void
request_bytes(struct request *req, unsigned status, const char *type, char *data, size_t len)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);

	if (!response) {
		free(data);
		return;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status != MHD_HTTP_OK || !req->route || req->route->methods & ROUTE_POST)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	request_give(req, status, response);
}

void
request_say(struct request *req, unsigned status, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	text[strcspn(text, "\n")] = '\0';
	char *line = str_format("%s\n", text);
	request_bytes(req, status, "text/plain; charset=utf-8", line, strlen(line));
}

void
request_silent(struct request *req)
{
	request_say(req, MHD_HTTP_SERVICE_UNAVAILABLE,
		    "The engine does not answer: try again in a few seconds.");
	if (req->response)
		MHD_add_response_header(req->response, MHD_HTTP_HEADER_RETRY_AFTER, "5");
	log_warn("ip=%s path=%s the engine did not answer in time", req->peer->ip, req->path);
}

void
request_bad_answer(struct request *req, const char *what)
{
	log_warn("ip=%s path=%s the engine's answer is no good: %s", req->peer->ip, req->path,
		 what);
	request_say(req, MHD_HTTP_BAD_GATEWAY,
		    "The engine's answer is no good: the server's log has more.");
}

void
request_relay(struct request *req, const json_t *answer, const char *type)
{
	int64_t status = json_num(answer, "status", 0);
	const char *body = json_str(answer, "body", NULL);

	if (!answer)
		request_silent(req);
	else if (status < 200 || status > 599 || !body)
		request_bad_answer(req, "no status and body");
	else
		request_bytes(req, (unsigned)status, status == 200 ? type : "text/plain",
			      str_dup(body), strlen(body));
}

const char *
request_query(struct request *req, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	if (MHD_lookup_connection_value_n(req->peer->mhd, MHD_GET_ARGUMENT_KIND, name,
					  strlen(name), &value, &len) != MHD_YES)
		return NULL;
	return value && len > 0 && strlen(value) == len ? value : NULL;
}

const char *
request_header(struct request *req, const char *name)
{
	return MHD_lookup_connection_value(req->peer->mhd, MHD_HEADER_KIND, name);
}

struct tally {
	int hosts, lengths, codings;
};

static enum MHD_Result
count_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct tally *tally = arg;

	(void)kind, (void)value;
	tally->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	tally->lengths += strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0;
	tally->codings += strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0;
	return MHD_YES;
}

/* Another reader might see another host or another end of the body, so what comes behind it is
 * nobody's request (RFC 9112, 3.2, 6.1 and 6.3). */
static bool
reads_two_ways(struct MHD_Connection *mhd)
{
	struct tally tally = { 0 };

	MHD_get_connection_values(mhd, MHD_HEADER_KIND, count_header, &tally);
	return tally.hosts > 1 || tally.lengths > 1 || tally.codings > 1 ||
	       (tally.lengths && tally.codings);
}

/* Nobody knows where a body of another coding ends (RFC 9112, 6.3), so the answer does not wait
 * for that. */
static bool
is_endless(struct request *req)
{
	const char *coding = request_header(req, MHD_HTTP_HEADER_TRANSFER_ENCODING);

	return coding && strcasecmp(coding, "chunked") != 0;
}

/* The last answer on this connection. */
static void
say_bad(struct request *req, const char *text)
{
	request_say(req, MHD_HTTP_BAD_REQUEST, "%s", text);
	if (req->response)
		MHD_add_response_header(req->response, MHD_HTTP_HEADER_CONNECTION, "close");
}

/* Faults that can be told from the headers alone; the route is known after this, or an answer
 * is. */
static void
check_head(struct request *req, struct MHD_Connection *mhd, const char *url)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	int64_t most = req->peer->web->limits.header_bytes;

	req->route = req->bad_uri ? NULL : routes_find(url, req->arg);
	if (req->bad_uri) {
		request_say(req, MHD_HTTP_BAD_REQUEST, "The path holds a NUL.");
	} else if (reads_two_ways(mhd)) {
		say_bad(req, "Host or the body's length is said twice.");
	} else if (is_endless(req)) {
		say_bad(req, "The only transfer coding taken is chunked.");
	} else if (size && (int64_t)size->header_size > most) {
		request_say(req, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
			    "The headers are over %lld bytes.", (long long)most);
	} else if (!req->route) {
		request_say(req, MHD_HTTP_NOT_FOUND, "There is nothing at this path.");
	} else if (!routes_takes(req->route, req->method)) {
		request_say(req, MHD_HTTP_METHOD_NOT_ALLOWED, "This path takes %s.",
			    routes_allow(req->route));
		if (req->response)
			MHD_add_response_header(req->response, MHD_HTTP_HEADER_ALLOW,
						routes_allow(req->route));
	} else if (req->route->secure && !server_is_tls(req->peer->server)) {
		request_say(req, MHD_HTTP_FORBIDDEN, "This path wants HTTPS.");
	}
}

/* Begins the request.  A body announced as too large is refused before it is sent only if the
 * client waits for our word; else it is read and thrown away, as closing the connection with
 * bytes unread would reset it and lose the answer. */
static enum MHD_Result
first_call(struct request *req, struct MHD_Connection *mhd, const char *url, const char *method)
{
	const char *length;

	str_copy(req->method, sizeof(req->method), method);
	req->begun = true;
	req->head = str_eq(method, MHD_HTTP_METHOD_HEAD);
	peer_enter(req->peer, PEER_BODY);
	check_head(req, mhd, url);
	length = request_header(req, MHD_HTTP_HEADER_CONTENT_LENGTH);
	if (!req->response && length && strtoull(length, NULL, 10) > req->route->body &&
	    request_header(req, MHD_HTTP_HEADER_EXPECT))
		request_say(req, MHD_HTTP_CONTENT_TOO_LARGE, "At most %zu bytes.",
			    req->route->body);
	if (req->response && (request_header(req, MHD_HTTP_HEADER_EXPECT) || is_endless(req))) {
		peer_enter(req->peer, PEER_SENDING);
		return MHD_queue_response(mhd, req->status, req->response);
	}
	return MHD_YES;
}

static enum MHD_Result
take_body(struct request *req, const char *data, size_t len)
{
	size_t most = req->route ? req->route->body : 0;

	req->received += len;
	server_moved(req->peer->server);
	if (req->received > most + BODY_SPILL)
		return MHD_NO;
	if (req->received <= most)
		buf_add(&req->body, data, len);
	return MHD_YES;
}

static void
run_route(struct request *req)
{
	req->ran = true;
	req->since_ms = clock_mono_ms();
	if (req->response)
		return;		/* refused already */
	if (req->route->body > 0 && req->received > req->route->body)
		request_say(req, MHD_HTTP_CONTENT_TOO_LARGE, "At most %zu bytes.",
			    req->route->body);
	else
		req->route->handle(req);
}

static enum MHD_Result
suspend(struct request *req, struct MHD_Connection *mhd, enum peer_phase phase)
{
	peer_enter(req->peer, phase);
	req->suspended = true;
	MHD_suspend_connection(mhd);
	return MHD_YES;
}

/* The request is whole: run the route, then send what is there, or wait for the engine or for its
 * turn. */
static enum MHD_Result
last_call(struct request *req, struct MHD_Connection *mhd)
{
	if (req->aborted)
		return MHD_NO;
	if (!req->ran)
		run_route(req);
	if (!req->response && req->ask_id)
		return suspend(req, mhd, PEER_WAITING);
	if (!req->response)
		return MHD_NO;
	if (req->transfer && admission_ask(req) == ADMISSION_HELD)
		return suspend(req, mhd, PEER_HELD);
	if (!req->response)
		return MHD_NO;
	peer_enter(req->peer, PEER_SENDING);
	if (req->transfer)
		transfer_start(req->transfer);
	return MHD_queue_response(mhd, req->status, req->response);
}

enum MHD_Result
request_handle(void *arg, struct MHD_Connection *mhd, const char *url, const char *method,
	       const char *version, const char *data, size_t *len, void **context)
{
	struct request *req = *context;

	(void)arg, (void)version;
	if (!req->begun)
		return first_call(req, mhd, url, method);
	if (*len > 0) {
		enum MHD_Result taken = take_body(req, data, *len);

		*len = 0;
		return taken;
	}
	return last_call(req, mhd);
}

/* One line a request; `code` other than COMPLETED_OK means that the answer did not get out
 * whole. */
static void
log_access(const struct request *req, enum MHD_RequestTerminationCode code)
{
	log_debug("ip=%s method=%s path=\"%s\" status=%u ms=%lld%s", req->peer->ip,
		  req->begun ? req->method : "?", req->path, req->status,
		  (long long)(clock_mono_ms() - req->since_ms),
		  code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " broken=yes");
}

void
request_end(void *arg, struct MHD_Connection *mhd, void **context,
	    enum MHD_RequestTerminationCode code)
{
	struct request *req = *context;
	bool whole = code == MHD_REQUEST_TERMINATED_COMPLETED_OK;

	(void)arg, (void)mhd;
	if (!req)
		return;
	*context = NULL;
	link_forget(req);
	if (req->transfer)
		transfer_end(req->transfer, whole);
	if (req->response) {
		metrics_request(req->peer->web->metrics, req->route, req->status,
				clock_mono_ms() - req->since_ms);
		MHD_destroy_response(req->response);
	}
	log_access(req, code);
	req->peer->request = NULL;
	peer_enter(req->peer, PEER_IDLE);
	buf_fini(&req->body);
	free(req);
}

void
request_resume(struct request *req)
{
	if (!req->suspended)
		return;
	req->suspended = false;
	MHD_resume_connection(req->peer->mhd);
	server_wake(req->peer->server);
}

void
request_abort(struct request *req)
{
	link_forget(req);
	req->aborted = true;
	request_resume(req);
}
