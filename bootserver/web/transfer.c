/* Blobs on their way: see transfer.h. */
#include "web/transfer.h"

#include <stdlib.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "web/admission.h"
#include "web/known.h"
#include "web/link.h"
#include "web/metrics.h"
#include "web/request.h"

#define PROGRESS_MS 1000

struct transfer *
transfer_new(struct request *req, const char *nonce, const char *sha256)
{
	struct transfer *transfer = mem_new(sizeof(*transfer));
	const char *agent = request_header(req, MHD_HTTP_HEADER_USER_AGENT);
	const struct known_machine *machine =
		nonce ? known_find(req->peer->web->known, nonce) : NULL;

	transfer->req = req;
	str_copy(transfer->nonce, sizeof(transfer->nonce), nonce ? nonce : "");
	str_copy(transfer->sha256, sizeof(transfer->sha256), sha256);
	str_copy(transfer->rack, sizeof(transfer->rack), machine ? machine->rack : "");
	transfer->paced = agent && str_starts(agent, "iPXE/");
	pace_init(&transfer->pace, machine ? &machine->pace : &(struct pace_memory){ 0 });
	return transfer;
}

/* What the engine hears of each state has this in common. */
static json_t *
message_of(const struct transfer *transfer, const char *state)
{
	json_t *message = json_object();

	json_put(message, "type", "transfer");
	json_put(message, "nonce", transfer->nonce);
	json_put(message, "ip", transfer->req->peer->ip);
	json_put(message, "sha256", transfer->sha256);
	json_put(message, "state", state);
	json_put_num(message, "total", (int64_t)transfer->total);
	return message;
}

static void
tell(struct transfer *transfer, const char *state, uint64_t done)
{
	json_t *message = message_of(transfer, state);

	transfer->told_ms = clock_mono_ms();
	transfer->told = done;
	json_put_num(message, "done", (int64_t)done);
	json_put_num(message, "ms", transfer->told_ms - transfer->begun_ms);
	link_tell(transfer->req->peer->web->link, message, str_eq(state, "progress"));
}

void
transfer_tell_place(struct transfer *transfer, const struct queue_place *place)
{
	json_t *message = message_of(transfer, "queued");

	json_put_num(message, "done", (int64_t)transfer->first);
	json_put_num(message, "ms", 0);
	json_put_num(message, "place", place->place);
	json_put_num(message, "waiting", place->waiting);
	link_tell(transfer->req->peer->web->link, message, true);
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
	sock_look(fd, &transfer->seen);
	transfer->base = transfer->seen.acked + transfer->seen.unacked;
	transfer->begun_ms = transfer->seen_ms = transfer->moved_ms = clock_mono_ms();
	transfer->req->peer->web->in_flight++;
	if (transfer->paced)
		sock_pace(fd, transfer->pace.rate);
	tell(transfer, "begin", transfer->first);
}

/* Nothing moves any more: the slot is another's, and a person can read of it; or it moves again. */
static void
judge_still(struct transfer *transfer, bool still)
{
	if (still == transfer->still)
		return;
	transfer->still = still;
	admission_still(transfer, still);
	if (still)
		metrics_still(transfer->req->peer->web->metrics);
	tell(transfer, still ? "still" : "begin", position(transfer));
}

static void
keep_pace(struct transfer *transfer, const struct sock_seen *now, int64_t now_ms)
{
	const struct sock_seen *last = &transfer->seen;
	struct pace_seen seen = {
		.ms = now_ms - transfer->seen_ms,
		.acked = now->acked - last->acked,
		.segments = now->segments - last->segments,
		.lost = now->lost - last->lost,
		.waiting = now->unacked > 0,
		.quiet_ms = now_ms - transfer->moved_ms,
		.peak = now->rate,
		.in_flight = now->in_flight,
	};

	if (transfer->paced && pace_step(&transfer->pace, &seen))
		sock_pace(transfer->req->peer->fd, transfer->pace.rate);
}

static void
look(struct transfer *transfer, int64_t now_ms)
{
	struct peer *peer = transfer->req->peer;
	struct sock_seen now;

	if (now_ms <= transfer->seen_ms || !sock_look(peer->fd, &now))
		return;
	if (now.acked > transfer->seen.acked)
		transfer->moved_ms = now_ms;
	queue_moved(peer->web->queue, now.acked - transfer->seen.acked);
	keep_pace(transfer, &now, now_ms);
	transfer->seen = now;
	transfer->seen_ms = now_ms;
	judge_still(transfer, now.unacked > 0 &&
			      now_ms - transfer->moved_ms >= peer->web->limits.quiet_ms);
}

void
transfer_tick(struct transfer *transfer, int64_t now_ms)
{
	uint64_t done;

	if (!transfer->begun)
		return;
	look(transfer, now_ms);
	if (transfer->still || now_ms - transfer->told_ms < PROGRESS_MS)
		return;
	done = position(transfer);
	if (done != transfer->told)
		tell(transfer, "progress", done);
}

/* What was learnt is the machine's, not the connection's. */
static void
remember(const struct transfer *transfer, bool whole)
{
	struct web *web = transfer->req->peer->web;
	struct known_machine *machine = known_find(web->known, transfer->nonce);

	if (!machine || !transfer->paced)
		return;
	machine->pace = pace_learnt(&transfer->pace, whole);
	log_debug("ip=%s pace %.1f MB/s%s", transfer->req->peer->ip,
		  (double)transfer->pace.rate / 1e6, pace_deep(&machine->pace) ? ", deep" : "");
}

void
transfer_end(struct transfer *transfer, bool whole)
{
	uint64_t end = transfer->first + transfer->len;

	if (transfer->begun) {
		look(transfer, clock_mono_ms());
		remember(transfer, whole);
		transfer->req->peer->web->in_flight--;
		if (!whole)
			tell(transfer, "broken", position(transfer));
		else
			tell(transfer, end == transfer->total ? "done" : "progress", end);
	}
	admission_leave(transfer);
	free(transfer);
}
