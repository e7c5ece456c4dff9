/* Blobs on their way: see transfer.h. */
#include "web/transfer.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "web/link.h"
#include "web/sock.h"

#define PROGRESS_MS 1000

struct transfer *
transfer_new(struct request *req, const char *nonce, const char *sha256)
{
	struct transfer *transfer = mem_new(sizeof(*transfer));

	transfer->req = req;
	str_copy(transfer->nonce, sizeof(transfer->nonce), nonce ? nonce : "");
	str_copy(transfer->sha256, sizeof(transfer->sha256), sha256);
	return transfer;
}

static void
tell(struct transfer *transfer, const char *state, uint64_t done)
{
	struct peer *peer = transfer->req->peer;
	json_t *message = json_object();

	transfer->told_ms = clock_mono_ms();
	transfer->told = done;
	json_put(message, "type", "transfer");
	json_put(message, "nonce", transfer->nonce);
	json_put(message, "ip", peer->ip);
	json_put(message, "sha256", transfer->sha256);
	json_put(message, "state", state);
	json_put_num(message, "done", (int64_t)done);
	json_put_num(message, "total", (int64_t)transfer->total);
	json_put_num(message, "ms", transfer->told_ms - transfer->begun_ms);
	link_tell(peer->web->link, message, str_eq(state, "progress"));
}

/* How far into the blob the other side has come; the answer's headers (and TLS) are in the count,
 * so it may be ahead by some hundred bytes, never beyond the range. */
static uint64_t
position(const struct transfer *transfer)
{
	uint64_t acked = sock_acked(transfer->req->peer->fd);
	uint64_t sent = acked > transfer->base ? acked - transfer->base : 0;

	return transfer->first + (sent < transfer->len ? sent : transfer->len);
}

void
transfer_start(struct transfer *transfer)
{
	int fd = transfer->req->peer->fd;

	transfer->begun = true;
	transfer->base = sock_acked(fd) + sock_unacked(fd);
	transfer->begun_ms = clock_mono_ms();
	transfer->req->peer->web->in_flight++;
	tell(transfer, "begin", transfer->first);
}

void
transfer_tick(struct transfer *transfer, int64_t now_ms)
{
	uint64_t done;

	if (!transfer->begun || now_ms - transfer->told_ms < PROGRESS_MS)
		return;
	done = position(transfer);
	if (done != transfer->told)
		tell(transfer, "progress", done);
}

void
transfer_end(struct transfer *transfer, bool whole)
{
	uint64_t end = transfer->first + transfer->len;

	if (transfer->begun) {
		transfer->req->peer->web->in_flight--;
		if (!whole)
			tell(transfer, "broken", position(transfer));
		else
			tell(transfer, end == transfer->total ? "done" : "progress", end);
	}
	free(transfer);
}
