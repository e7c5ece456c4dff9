#ifndef WEB_LINK_H
#define WEB_LINK_H

#include "lib/err.h"
#include "web/state.h"

/*
 * The channel to the engine: what goes out waits in a queue when the channel is full (web never
 * blocks on it), what is asked waits in a table until the answer, the deadline, or the end of the
 * connection.
 */

/* Takes the descriptor; ends the event loop when the other side is gone.  Aborts when memory is
 * out. */
int link_open(struct web *web, int fd, struct err *err);
void link_close(struct link *link);	/* NULL is fine */

/* Sends a message that has no answer; takes over `message`.  `droppable`: may be forgotten when
 * much is waiting already (progress of transfers). */
void link_tell(struct link *link, json_t *message, bool droppable);

/* Asks: adds `id` to `message` (taken over), remembers the request and calls `then` with the
 * answer, or with NULL after `timeout_ms`.  With a full queue `then` is called at once.  The
 * caller suspends the connection if the request has no response after this. */
void link_ask(struct request *req, json_t *message, int64_t timeout_ms, request_then then);

/* The request is gone: an answer that comes later is thrown away. */
void link_forget(struct request *req);

/* Calls `then` of all requests that have waited too long. */
void link_tick(struct link *link, int64_t now_ms);

#endif
