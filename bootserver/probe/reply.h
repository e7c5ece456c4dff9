#ifndef PROBE_REPLY_H
#define PROBE_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What an HTTP server answers (RFC 9112), read as it comes in: a head, and a body whose length the
 * head says, or in chunks, or to the end of the connection.  Bytes of strangers: fuzzed.
 */

#define REPLY_LINE 4096		/* the longest line of a head that is taken */

enum reply_state {
	REPLY_STATUS, REPLY_FIELDS, REPLY_BODY, REPLY_CHUNK_SIZE, REPLY_CHUNK, REPLY_CHUNK_END,
	REPLY_TRAILER, REPLY_DONE, REPLY_BAD,
};

struct reply {
	enum reply_state state;
	int status;			/* 0: not read yet */
	int64_t length;			/* Content-Length; -1: none said */
	bool chunked;
	unsigned retry_after_s;		/* 0: none said */
	char location[REPLY_LINE];
	uint64_t left;			/* of the body or the chunk */
	char line[REPLY_LINE];
	size_t len;
};

void reply_init(struct reply *reply);

/* Takes bytes; those of the body are given to `body`.  REPLY_BAD when it is no HTTP; what comes
 * behind REPLY_DONE is left aside. */
enum reply_state reply_take(struct reply *reply, const char *data, size_t len,
			    void (*body)(void *arg, const char *data, size_t len), void *arg);

/* The connection has ended: is that a whole answer? */
bool reply_is_whole(const struct reply *reply);

#endif
