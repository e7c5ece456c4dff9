/* The door to large transfers: see admission.h. */
#include "web/admission.h"

#include "lib/clock.h"
#include "web/known.h"
#include "web/metrics.h"
#include "web/queue.h"
#include "web/request.h"
#include "web/transfer.h"

#define FILES_MOST 16	/* of a boot, in the place of its first: five parts, and retries */

/* Not within libmicrohttpd's callbacks, where slots become free: from the loop. */
static int
on_free(sd_event_source *source, void *arg)
{
	struct web *web = arg;
	struct queue_place place;
	struct ticket *ticket;
	struct request *req;
	int64_t now_ms = clock_mono_ms();

	(void)source;
	while ((ticket = queue_next(web->queue, now_ms)) != NULL)
		request_resume(ticket->owner);
	while ((req = queue_send_away(web->queue, now_ms, &place)) != NULL) {
		req->transfer->ticket = NULL;
		req->transfer->sent_away = place;
		request_resume(req);
	}
	return 0;
}

int
admission_open(struct web *web, struct err *err)
{
	int r = sd_event_add_defer(web->event, &web->slot_free, on_free, web);

	if (r < 0)
		return err_errno(err, r, "cannot watch the queue");
	sd_event_source_set_enabled(web->slot_free, SD_EVENT_OFF);
	web->queue = queue_new(web->slots, web->limits.hold_ms);
	web->known = known_new();
	return 0;
}

void
admission_close(struct web *web)
{
	sd_event_source_disable_unref(web->slot_free);
	queue_free(web->queue);
	known_free(web->known);
}

static void
wake(struct web *web)
{
	sd_event_source_set_enabled(web->slot_free, SD_EVENT_ONESHOT);
}

static enum admission
refuse(struct request *req)
{
	struct queue_place place = req->transfer->sent_away;
	char text[24];

	transfer_tell_place(req->transfer, &place);
	transfer_end(req->transfer, false);
	req->transfer = NULL;
	MHD_destroy_response(req->response);
	req->response = NULL;
	metrics_sent_away(req->peer->web->metrics);
	request_say(req, MHD_HTTP_SERVICE_UNAVAILABLE,
		    "Place %u of %u in the queue: come again in %lld s.", place.place,
		    place.waiting, (long long)place.after_s);
	if (!req->response)
		return ADMISSION_LATER;
	snprintf(text, sizeof(text), "%lld", (long long)place.after_s);
	MHD_add_response_header(req->response, MHD_HTTP_HEADER_RETRY_AFTER, text);
	snprintf(text, sizeof(text), "%u/%u", place.place, place.waiting);
	MHD_add_response_header(req->response, "Queue-Place", text);
	return ADMISSION_LATER;
}

/* A machine has the place of its first file for those that follow, so that machines end one after
 * the other and not all at the end; but not for ever, or one could keep all others waiting. */
static int64_t
came_ms(const struct transfer *transfer, int64_t now_ms)
{
	struct known_machine *machine =
		known_find(transfer->req->peer->web->known, transfer->nonce);

	if (!machine || machine->files >= FILES_MOST)
		return now_ms;
	if (!machine->came_ms)
		machine->came_ms = now_ms;
	return machine->came_ms;
}

static void
ask_queue(struct transfer *transfer)
{
	struct request *req = transfer->req;
	struct web *web = req->peer->web;
	int64_t now_ms = clock_mono_ms();
	char who[QUEUE_WHO];
	struct queue_asker asker = {
		.who = who, .rack = transfer->rack, .came_ms = came_ms(transfer, now_ms),
	};

	/* a machine by its script, who has none by its address; and what it wants */
	snprintf(who, sizeof(who), "%.12s %.64s", transfer->sha256,
		 transfer->nonce[0] ? transfer->nonce : req->peer->ip);
	transfer->ticket = queue_ask(web->queue, &asker, now_ms, &transfer->sent_away);
	if (transfer->ticket)
		transfer->ticket->owner = req;
	wake(web);
	if (transfer->ticket && transfer->ticket->state == QUEUE_HELD)
		transfer_tell_place(transfer, &transfer->sent_away);
}

enum admission
admission_ask(struct request *req)
{
	struct transfer *transfer = req->transfer;

	if (transfer->len < ADMISSION_LARGE)
		return ADMISSION_GO;
	if (!transfer->ticket && transfer->sent_away.place == 0)
		ask_queue(transfer);
	if (!transfer->ticket)
		return refuse(req);
	return transfer->ticket->state == QUEUE_HELD ? ADMISSION_HELD : ADMISSION_GO;
}

void
admission_leave(struct transfer *transfer)
{
	struct web *web = transfer->req->peer->web;
	struct known_machine *machine;

	if (!transfer->ticket)
		return;
	machine = known_find(web->known, transfer->nonce);
	if (machine)
		machine->files++;
	queue_leave(web->queue, transfer->ticket, clock_mono_ms());
	transfer->ticket = NULL;
	wake(web);
}

void
admission_still(struct transfer *transfer, bool still)
{
	struct web *web = transfer->req->peer->web;

	if (!transfer->ticket)
		return;
	queue_still(web->queue, transfer->ticket, still);
	wake(web);
}

void
admission_tick(struct web *web, int64_t now_ms)
{
	queue_tick(web->queue, now_ms);
	wake(web);
}
