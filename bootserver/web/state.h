#ifndef WEB_STATE_H
#define WEB_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <microhttpd.h>
#include <systemd/sd-event.h>

#include "lib/str.h"

/*
 * The structs that the rooms of this house share: one `web` a process, one `peer` a connection, one
 * `request` at a time on each.
 */

/* From `limits` of the message `start`; web/limits.c has the table with names and defaults. */
struct limits {
	int64_t connections;	/* of each listening socket */
	int64_t per_ip;		/* of these, from one address */
	int64_t header_bytes;	/* request line and headers */
	int64_t headers_ms;	/* from accept (TLS handshake included) to the end of the headers */
	int64_t idle_ms;	/* the same from the end of the request before */
	int64_t body_ms;	/* from the end of the headers to the end of the body */
	int64_t stall_ms;	/* an answer of which the other side acknowledges nothing more */
	int64_t quiet_ms;	/* the same for a blob: then its slot is given to another */
	int64_t hold_ms;	/* how long a request for a blob waits here for its turn */
	int64_t engine_ms;	/* the engine's time for an answer */
	int64_t poll_ms;	/* the same for /v1/self/poll */
	int64_t tick_ms;	/* how often deadlines and transfers are looked at */
};

struct web {
	sd_event *event;
	int keeper;			/* channel */
	struct link *link;		/* to the engine */
	struct server *servers;		/* listening, and retired ones that still serve */
	struct peer *peers;
	struct ear *ear;		/* or NULL */
	struct metrics *metrics;
	struct queue *queue;		/* of large transfers */
	unsigned slots;			/* for them; 0: as many as the measured rate asks for */
	sd_event_source *slot_free;
	struct known *known;		/* machines that were given a script */
	struct limits limits;
	json_t *scripts;		/* name: text */
	char *url, *https;		/* bases, no slash at the end; https may be NULL */
	int store, tftp;		/* folders */
	int in_flight;			/* transfers */
	int64_t https_port;		/* 0: none */
};

enum peer_phase {
	PEER_HEADERS,		/* nothing whole yet: first request, TLS handshake */
	PEER_IDLE,		/* between requests, or within the headers of a later one */
	PEER_BODY,		/* headers are there, the body is not */
	PEER_WAITING,		/* suspended: the engine has the word */
	PEER_HELD,		/* suspended: its turn in the queue comes soon */
	PEER_SENDING,		/* the answer is on its way */
};

struct peer {
	struct web *web;
	struct server *server;
	struct peer *next, **link;	/* web->peers */
	struct MHD_Connection *mhd;
	struct request *request;	/* the one going on, or NULL */
	int fd;				/* MHD's */
	char ip[46];
	enum peer_phase phase;
	int64_t since_ms;		/* of the phase; while sending, of the last progress */
	uint64_t acked;			/* bytes the other side has acknowledged */
	bool cut;			/* shut down by us: nothing more to do */
};

#define ROUTE_ARG 80	/* bytes of a captured path segment, NUL included */

struct route;

/* What an endpoint does with the engine's answer; NULL: none came in time. */
typedef void (*request_then)(struct request *req, const json_t *answer);

struct request {
	struct peer *peer;
	const struct route *route;	/* NULL until it is known */
	char method[8], path[129];	/* for the log */
	char arg[2][ROUTE_ARG];	/* what stood for the '*' of the route's pattern */
	bool head;			/* HEAD: the answer's body is not sent */
	bool begun;			/* the handler was called: headers are whole */
	bool ran;			/* the route's function was called */
	bool bad_uri;
	struct buf body;
	size_t received;		/* of the body, kept or not */
	struct MHD_Response *response;	/* the answer, once there is one */
	unsigned status;
	int64_t since_ms;		/* whole request there */
	struct transfer *transfer;	/* or NULL */

	/* while the engine has the word */
	bool suspended, aborted;
	uint64_t ask_id;
	int64_t asked_ms, deadline_ms;
	request_then then;
	struct request *ask_next;
};

#endif
