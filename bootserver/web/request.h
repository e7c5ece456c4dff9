#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include "web/state.h"

/* One request from its first line to the last byte of its answer. */

/* libmicrohttpd's callbacks (MHD_OPTION_URI_LOG_CALLBACK, access handler, NOTIFY_COMPLETED). */
void *request_begin(void *arg, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result request_handle(void *arg, struct MHD_Connection *mhd, const char *url,
			       const char *method, const char *version, const char *data,
			       size_t *len, void **context);
void request_end(void *arg, struct MHD_Connection *mhd, void **context,
		 enum MHD_RequestTerminationCode code);

/* The answers.  Each sets the response once; a second one is our own fault and is ignored. */

/* Short text, "\n" added. */
void request_say(struct request *req, unsigned status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Bytes of a type; `data` is taken over (free()). */
void request_bytes(struct request *req, unsigned status, const char *type, char *data, size_t len);

/* A response made elsewhere, taken over. */
void request_give(struct request *req, unsigned status, struct MHD_Response *response);

/* The engine's {status, body} with this type, 502 if it is no such thing, 503 without an answer. */
void request_relay(struct request *req, const json_t *answer, const char *type);

/* 503 with Retry-After: the engine has not answered. */
void request_silent(struct request *req);

/* 502: the engine's answer is not what it should be; `what` goes to the log. */
void request_bad_answer(struct request *req, const char *what);

/* A query parameter (borrowed, decoded), NULL if it is missing, empty, or holds a NUL. */
const char *request_query(struct request *req, const char *name);
const char *request_header(struct request *req, const char *name);

/* Lets a suspended request go on (to send its answer, or to die); nothing if it is not
 * suspended. */
void request_resume(struct request *req);
void request_abort(struct request *req);

#endif
