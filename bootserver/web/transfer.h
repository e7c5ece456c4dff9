#ifndef WEB_TRANSFER_H
#define WEB_TRANSFER_H

#include "web/state.h"

/*
 * One blob on its way to one machine, as the engine hears of it: begin, progress (at most one a
 * second), then done or broken.  Bytes are counted by what the other side's kernel has
 * acknowledged, not by what ours has taken.  Where admission and pacing will be decided: before
 * transfer_start().
 */
struct transfer {
	struct request *req;
	char nonce[65], sha256[65];
	uint64_t first, len, total;	/* the range, and the whole blob */
	uint64_t base;			/* bytes written on the connection before the answer */
	uint64_t told;			/* position last told, within the blob */
	int64_t begun_ms, told_ms;
	bool begun;
};

/* The transfer of req's answer: `len` bytes from `first` of a blob of `total`.  `nonce` may be
 * NULL. */
struct transfer *transfer_new(struct request *req, const char *nonce, const char *sha256);

/* The answer is about to be sent: tells the engine `begin`. */
void transfer_start(struct transfer *transfer);

void transfer_tick(struct transfer *transfer, int64_t now_ms);

/* The answer is over: tells `done` if the blob's last byte went out whole, `progress` if a range
 * before the end did, else `broken`; frees it. */
void transfer_end(struct transfer *transfer, bool whole);

#endif
