#ifndef LIB_MSG_H
#define LIB_MSG_H

#include <stddef.h>

#include <jansson.h>

#include "lib/err.h"

/*
 * Messages between the processes: one JSON object a packet on a SOCK_SEQPACKET socketpair, with up
 * to MSG_FDS descriptors beside it.  A body over MSG_INLINE bytes travels as a sealed memfd (the
 * kernel refuses packets over 212,000 bytes); both ways look the same to the caller.  Every object
 * has a string "type"; docs/INTERFACES.md lists the types and msg_check() knows them.
 */
#define MSG_FDS 250	/* the kernel takes 253 (SCM_MAX_FD) */
#define MSG_INLINE 65536
#define MSG_MAX (64 * 1024 * 1024)	/* bytes of a memfd body */

struct msg {
	json_t *body;		/* owned by the struct */
	int fds[MSG_FDS + 1];	/* owned: msg_fini() closes those not set to -1 */
	size_t nfds;
};

/* A connected pair of sockets, close-on-exec, non-blocking. */
int msg_pair(int ret[2], struct err *err);

/* Sends `body` (borrowed) and `nfds` descriptors (borrowed).  Waits up to 5 s for room; -EPIPE when
 * the other side is gone. */
int msg_send(int fd, const json_t *body, const int *fds, size_t nfds, struct err *err);

/* Takes one message: 1 with *ret filled, 0 when there is none now, -EPIPE at end of file, -EBADMSG
 * for a packet that is no object or not in the table for the side it came from. */
int msg_recv(int fd, struct msg *ret, struct err *err);

/* Waits up to `timeout_ms` for one message, else -ETIMEDOUT. */
int msg_wait(int fd, struct msg *ret, int timeout_ms, struct err *err);

void msg_fini(struct msg *msg);
const char *msg_type(const struct msg *msg);

/* Checks an object against the table of types: known type, needed members there with the right
 * JSON type.  0 or -EBADMSG with the sentence. */
int msg_check(const json_t *body, struct err *err);

#endif
