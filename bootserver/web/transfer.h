#ifndef WEB_TRANSFER_H
#define WEB_TRANSFER_H

#include "web/pace.h"
#include "web/queue.h"
#include "web/sock.h"
#include "web/state.h"

/*
 * One blob on its way to one machine, as the engine hears of it: queued, begin, progress (at most
 * one a second), still, then done or broken.  Bytes are counted by what the other side's kernel has
 * acknowledged, not by what ours has taken.  When it may begin is admission.h's word; how fast it
 * goes is pace.h's, where the other side is iPXE.
 */
struct transfer {
	struct request *req;
	char nonce[65], sha256[65];
	char rack[QUEUE_RACK];		/* "": not known */
	uint64_t first, len, total;	/* the range, and the whole blob */
	struct ticket *ticket;		/* its place in the queue, or NULL */
	struct queue_place sent_away;	/* place 0: it was not */
	uint64_t base;			/* bytes written on the connection before the answer */
	uint64_t told;			/* position last told, within the blob */
	int64_t begun_ms, told_ms;
	bool begun;
	bool still;			/* nothing has moved for limits.quiet_ms */
	bool paced;			/* the other side is iPXE */
	struct pace pace;
	struct sock_seen seen;		/* at the last look */
	int64_t seen_ms, moved_ms;	/* that look, and the last at which something had moved */
};

/* The transfer of req's answer: `len` bytes from `first` of a blob of `total`.  `nonce` may be
 * NULL. */
struct transfer *transfer_new(struct request *req, const char *nonce, const char *sha256);

/* The answer is about to be sent: tells the engine `begin`. */
void transfer_start(struct transfer *transfer);

/* It waits for its turn: tells the engine `queued`. */
void transfer_tell_place(struct transfer *transfer, const struct queue_place *place);

/* Looks at its connection: what was delivered, whether it stands still, how fast it may go. */
void transfer_tick(struct transfer *transfer, int64_t now_ms);

/* The answer is over: tells `done` if the blob's last byte went out whole, `progress` if a range
 * before the end did, else `broken`; frees it. */
void transfer_end(struct transfer *transfer, bool whole);

#endif
