/*
 * HTTP for the operator's API: libmicrohttpd on the Unix socket that the keeper opened (mode 0600:
 * who may connect may do all), driven by the engine's own loop.  Requests go to route(); what may
 * be long is made piece by piece here, and a follower of events is suspended while there is nothing
 * to send.
 */
#include "engine/api.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <microhttpd.h>

#include "engine/hub.h"
#include "engine/routes.h"
#include "lib/json.h"
#include "lib/str.h"

#define BODY_MOST 65536
#define CONNECTIONS_MOST 64

struct api {
	struct engine *e;
	struct MHD_Daemon *daemon;
	struct stream *streams;
	struct request *held;	/* to be asked again */
	bool resumed;		/* a stream has something to send, a request is asked again */
	int fault;		/* a turn's, negative */
	struct err err;
};

/* An answer that goes out piece by piece: events, of a follower too, or machines. */
struct stream {
	struct stream *next;
	struct api *api;
	struct MHD_Connection *connection;
	struct hub_reader *reader;
	bool asleep;
};

/* A request while its body comes in, and until it is answered. */
struct request {
	struct request *next;	/* of those held */
	struct MHD_Connection *connection;
	struct buf body;
	bool held;
};

/* RFC 9110, 15.5.6: a 405 names the methods that the path takes. */
static void
add_allow(struct MHD_Response *response, const char *path)
{
	struct buf methods;

	buf_init(&methods);
	route_methods(path, &methods);
	MHD_add_response_header(response, "Allow", methods.text);
	buf_fini(&methods);
}

static enum MHD_Result
reply_json(struct MHD_Connection *connection, int status, const char *path, const json_t *body)
{
	char *text = body ? json_text(body, NULL) : str_dup("");
	struct MHD_Response *response;
	enum MHD_Result r;

	response = MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE);
	if (text[0])
		MHD_add_response_header(response, "Content-Type", "application/json");
	if (status == 405)
		add_allow(response, path);
	r = MHD_queue_response(connection, (unsigned)status, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result
reply_fault(struct MHD_Connection *connection, int status, const char *sentence)
{
	json_t *body = json_object();
	enum MHD_Result r;

	json_put(body, "error", sentence);
	r = reply_json(connection, status, "", body);
	json_decref(body);
	return r;
}

static void
wake(void *arg)
{
	struct stream *stream = arg;

	if (!stream->asleep)
		return;
	stream->asleep = false;
	stream->api->resumed = true;
	MHD_resume_connection(stream->connection);
}

static bool
hung_up(const struct stream *stream)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(stream->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
	char byte;

	return info && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static ssize_t
stream_read(void *arg, uint64_t pos, char *ret, size_t most)
{
	struct stream *stream = arg;
	ssize_t got = hub_read(stream->api->e, stream->reader, ret, most);

	(void)pos;
	if (got < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (got > 0)
		return got;
	if (hung_up(stream))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	stream->asleep = true;
	MHD_suspend_connection(stream->connection);
	return 0;
}

static void
stream_free(void *arg)
{
	struct stream *stream = arg, **at = &stream->api->streams;

	while (*at != stream)
		at = &(*at)->next;
	*at = stream->next;
	hub_close(stream->api->e, stream->reader);
	free(stream);
}

/* A number from 0 of the query into *number, which stays when there is none. */
static int
take_number(struct MHD_Connection *connection, const char *name, int64_t *number)
{
	const char *text = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return 0;
	if (len == 0 || len > 18 || strspn(text, "0123456789") != len)
		return -EINVAL;
	*number = strtoll(text, NULL, 10);
	return 0;
}

/* The reader is the stream's from now on. */
static enum MHD_Result
reply_pieces(struct api *api, struct MHD_Connection *connection, const char *kind,
	     struct hub_reader *reader)
{
	struct stream *stream = mem_new(sizeof(*stream));
	struct MHD_Response *response;
	enum MHD_Result r;

	stream->api = api;
	stream->connection = connection;
	stream->reader = reader;
	stream->reader->wake = wake;
	stream->reader->arg = stream;
	stream->next = api->streams;
	api->streams = stream;
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 32768, stream_read, stream,
						     stream_free);
	MHD_add_response_header(response, "Content-Type", kind);
	r = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return r;
}

/* Without `since` a follower sees what is new, anyone else all there is. */
static enum MHD_Result
reply_events(struct api *api, struct MHD_Connection *connection)
{
	int64_t follow = 0, since = -1;
	struct hub_reader *reader;

	if (take_number(connection, "follow", &follow) < 0 || follow > 1 ||
	    take_number(connection, "since", &since) < 0)
		return reply_fault(connection, 400, "since is an event's number, follow 0 or 1");
	reader = hub_open(api->e, since < 0 && !follow ? 0 : since, follow);
	return reply_pieces(api, connection, "application/x-ndjson", reader);
}

/* All of them, or `limit` behind the name `after`. */
static enum MHD_Result
reply_machines(struct api *api, struct MHD_Connection *connection)
{
	const char *after = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "after");
	struct hub_reader *reader;
	int64_t limit = INT64_MAX;

	if (take_number(connection, "limit", &limit) < 0 || limit == 0)
		return reply_fault(connection, 400, "limit is a number from 1");
	if (after && !str_is_label(after))
		return reply_fault(connection, 400, "after is a machine's name");
	reader = hub_open_machines(api->e, after ? after : "", limit);
	return reply_pieces(api, connection, "application/json", reader);
}

static void
hold(struct api *api, struct MHD_Connection *connection, struct request *request)
{
	request->connection = connection;
	request->held = true;
	request->next = api->held;
	api->held = request;
	MHD_suspend_connection(connection);
}

/* All that are held ask again. */
static void
ask_again(void *arg)
{
	struct api *api = arg;

	while (api->held) {
		struct request *request = api->held;

		api->held = request->next;
		request->held = false;
		api->resumed = true;
		MHD_resume_connection(request->connection);
	}
}

/* What came before is kept, so that it is seen; what the request changes, before it is answered. */
static enum MHD_Result
reply_route(struct api *api, struct MHD_Connection *connection, const struct route_ask *ask)
{
	json_t *answer = NULL;
	int status, r;

	r = engine_turn(api->e, &api->err);
	status = route(api->e, ask, &answer);
	if (r == 0)
		r = engine_turn(api->e, &api->err);
	if (r < 0) {
		api->fault = r;
		json_decref(answer);
		return reply_fault(connection, 500, api->err.text);
	}
	if (status == ROUTE_LATER) {
		hold(api, connection, (struct request *)(uintptr_t)ask->who);
		return MHD_YES;
	}
	r = (int)reply_json(connection, status, ask->path, answer);
	json_decref(answer);
	return (enum MHD_Result)r;
}

/* The database between two turns, for `bootserver backup`: nobody else may open its file. */
static enum MHD_Result
reply_database(struct api *api, struct MHD_Connection *connection)
{
	struct MHD_Response *response;
	unsigned char *copy = NULL;
	enum MHD_Result r;
	size_t len;

	api->fault = engine_turn(api->e, &api->err);
	if (api->fault == 0)
		copy = db_copy(&api->e->db, &len);
	if (!copy)
		return reply_fault(connection, 500, "the database cannot be read");
	response = MHD_create_response_from_buffer_with_free_callback(len, copy, sqlite3_free);
	MHD_add_response_header(response, "Content-Type", "application/vnd.sqlite3");
	r = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return r;
}

static enum MHD_Result
answer(struct api *api, struct MHD_Connection *connection, struct route_ask *ask,
       const struct buf *text)
{
	json_t *body = NULL;
	enum MHD_Result r;
	struct err err;

	if (strcmp(ask->path, "/v1/events") == 0 && strcmp(ask->method, "GET") == 0)
		return reply_events(api, connection);
	if (strcmp(ask->path, "/v1/machines") == 0 && strcmp(ask->method, "GET") == 0 &&
	    api->e->started)
		return reply_machines(api, connection);
	if (strcmp(ask->path, "/v1/database") == 0 && strcmp(ask->method, "GET") == 0)
		return reply_database(api, connection);
	if (text->len > BODY_MOST)
		return reply_fault(connection, 413, "the body is larger than 64 KiB");
	if (text->len > 0 && (json_parse(&body, text->text, text->len, &err) < 0 ||
			      !json_is_object(body))) {
		json_decref(body);
		return reply_fault(connection, 400, "the body is no JSON object");
	}
	ask->body = body;
	r = reply_route(api, connection, ask);
	json_decref(body);
	return r;
}

static enum MHD_Result
request_handle(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
	       const char *version, const char *data, size_t *len, void **state)
{
	struct request *request = *state;
	struct route_ask ask = { .method = method, .path = path, .who = request };

	(void)version;
	if (!request) {
		request = *state = mem_new(sizeof(*request));
		buf_init(&request->body);
		return MHD_YES;
	}
	if (*len > 0) {
		if (request->body.len <= BODY_MOST)
			buf_add(&request->body, data, *len);
		*len = 0;
		return MHD_YES;
	}
	return answer(arg, connection, &ask, &request->body);
}

static void
completed(void *arg, struct MHD_Connection *connection, void **state,
	  enum MHD_RequestTerminationCode why)
{
	struct request *request = *state;
	struct api *api = arg;

	(void)connection, (void)why;
	if (!request)
		return;
	edit_forget(api->e, request);
	buf_fini(&request->body);
	free(request);
	*state = NULL;
}

int
api_start(struct api **ret, struct engine *e, int fd, struct err *err)
{
	struct api *api = mem_new(sizeof(*api));

	api->e = e;
	api->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, request_handle, api,
		MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MOST,
		MHD_OPTION_NOTIFY_COMPLETED, completed, api, MHD_OPTION_END);
	if (!api->daemon) {
		free(api);
		return err_set(err, -EIO, "cannot serve the operator's API");
	}
	e->edit.wake = ask_again;
	e->edit.arg = api;
	*ret = api;
	return 0;
}

void
api_stop(struct api *api)
{
	if (!api)
		return;
	for (struct stream *s = api->streams; s; s = s->next)
		wake(s);
	ask_again(api);
	api->e->edit.wake = NULL;
	MHD_stop_daemon(api->daemon);
	free(api);
}

int
api_fd(const struct api *api)
{
	return MHD_get_daemon_info(api->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int
api_run(struct api *api, struct err *err)
{
	api->resumed = false;
	MHD_run(api->daemon);
	if (api->fault)
		*err = api->err;
	return api->fault;
}

bool
api_waits(const struct api *api)
{
	MHD_UNSIGNED_LONG_LONG ms;

	return api->resumed || (MHD_get_timeout(api->daemon, &ms) == MHD_YES && ms == 0);
}

void
api_tick(struct api *api)
{
	for (struct stream *s = api->streams; s; s = s->next)
		if (s->asleep && hung_up(s))
			wake(s);
}
