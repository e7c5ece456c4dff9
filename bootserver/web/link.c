/*
 * The channel to the engine: see link.h.  Answers come in any order; each is found by its id.  A
 * message that is malformed, or whose id nobody waits for, is a fault of the engine: it is logged
 * and otherwise without effect (the request then runs into its deadline).
 */
#include "web/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "web/metrics.h"
#include "web/request.h"

#define BUCKETS 1024		/* of waiting requests, by id */
#define QUEUE_MOST 8192		/* messages */
#define QUEUE_BUSY 512		/* from here on, droppable messages are dropped */
#define PER_TURN 64		/* answers taken before others get their turn */

struct waiting {
	json_t *message;
	struct waiting *next;
};

struct link {
	struct web *web;
	int fd;
	sd_event_source *source;
	bool want_out;
	bool full;		/* it was said that messages are lost */
	struct waiting *first, **last;
	size_t queued;
	uint64_t last_id;
	struct request *asks[BUCKETS];
};

static struct request **
bucket(struct link *link, uint64_t id)
{
	return &link->asks[id % BUCKETS];
}

static void
gone(struct link *link)
{
	log_info("the engine is gone, leaving");
	sd_event_exit(link->web->event, 0);
}

static void
want_out(struct link *link, bool want)
{
	if (want == link->want_out)
		return;
	link->want_out = want;
	sd_event_source_set_io_events(link->source, EPOLLIN | (want ? EPOLLOUT : 0));
}

static bool
has_room(int fd)
{
	struct pollfd room = { .fd = fd, .events = POLLOUT };

	return poll(&room, 1, 0) == 1 && (room.revents & POLLOUT);
}

/* Sends what there is room for: a socket that polls writable has room for any one packet. */
static void
flush(struct link *link)
{
	struct err err;

	while (link->first && has_room(link->fd)) {
		struct waiting *head = link->first;
		int r = msg_send(link->fd, head->message, NULL, 0, &err);

		link->first = head->next;
		if (!link->first)
			link->last = &link->first;
		link->queued--;
		json_decref(head->message);
		free(head);
		if (r == -EPIPE) {
			gone(link);
			return;
		}
		if (r < 0)
			log_warn("%s", err.text);
	}
	want_out(link, link->first != NULL);
}

/* Said once, not for each message: strangers may send as many as they like. */
static void
say_full(struct link *link, bool full)
{
	if (full && !link->full)
		log_warn("the engine takes no messages: what it is told and asked now is lost");
	link->full = full;
}

/* Takes over `message`; false (and freed) when there is no place. */
static bool
enqueue(struct link *link, json_t *message)
{
	struct waiting *item;

	say_full(link, link->queued >= (link->full ? QUEUE_MOST / 2 : QUEUE_MOST));
	if (link->full) {
		json_decref(message);
		return false;
	}
	item = mem_new(sizeof(*item));
	item->message = message;
	*link->last = item;
	link->last = &item->next;
	link->queued++;
	flush(link);
	return true;
}

void
link_tell(struct link *link, json_t *message, bool droppable)
{
	if (droppable && link->queued >= QUEUE_BUSY) {
		json_decref(message);
		return;
	}
	enqueue(link, message);
}

void
link_ask(struct request *req, json_t *message, int64_t timeout_ms, request_then then)
{
	struct link *link = req->peer->web->link;
	struct request **place;

	req->ask_id = ++link->last_id;
	req->asked_ms = clock_mono_ms();
	req->deadline_ms = req->asked_ms + timeout_ms;
	req->then = then;
	json_put_num(message, "id", (int64_t)req->ask_id);
	if (!enqueue(link, message)) {
		req->ask_id = 0;
		then(req, NULL);
		return;
	}
	place = bucket(link, req->ask_id);
	req->ask_next = *place;
	*place = req;
}

void
link_forget(struct request *req)
{
	struct request **at;

	if (req->ask_id == 0)
		return;
	for (at = bucket(req->peer->web->link, req->ask_id); *at; at = &(*at)->ask_next)
		if (*at == req) {
			*at = req->ask_next;
			break;
		}
	req->ask_id = 0;
}

static struct request *
find(struct link *link, uint64_t id)
{
	struct request *req = *bucket(link, id);

	while (req && req->ask_id != id)
		req = req->ask_next;
	return req;
}

/* The one way out of waiting. */
static void
settle(struct request *req, const json_t *answer)
{
	metrics_engine(req->peer->web->metrics, clock_mono_ms() - req->asked_ms, answer != NULL);
	link_forget(req);
	req->then(req, answer);
	request_resume(req);
}

static void
take(struct link *link, const struct msg *msg)
{
	int64_t id = json_num(msg->body, "id", 0);
	struct request *req;

	if (!str_eq(msg_type(msg), "answer")) {
		log_warn("the engine sent a message of type %s, which web does not take",
			 msg_type(msg));
		return;
	}
	req = id > 0 ? find(link, (uint64_t)id) : NULL;
	if (req)
		settle(req, msg->body);
	else
		log_debug("an answer of the engine came too late (id %lld)", (long long)id);
}

static int
on_event(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct link *link = arg;
	struct msg msg;
	struct err err;
	int r = 1;

	(void)source, (void)revents;
	for (int turn = 0; turn < PER_TURN && r != 0; turn++) {
		r = msg_recv(fd, &msg, &err);
		if (r > 0) {
			take(link, &msg);
			msg_fini(&msg);
		} else if (r == -EBADMSG) {
			log_warn("the engine sent what is no message: %s", err.text);
		} else if (r < 0) {
			gone(link);
			return 0;
		}
	}
	flush(link);
	return 0;
}

void
link_tick(struct link *link, int64_t now_ms)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct request *next;

		for (struct request *req = link->asks[i]; req; req = next) {
			next = req->ask_next;
			if (now_ms >= req->deadline_ms)
				settle(req, NULL);
		}
	}
}

int
link_open(struct web *web, int fd, struct err *err)
{
	struct link *link = mem_new(sizeof(*link));
	int r;

	link->web = web;
	link->fd = fd;
	link->last = &link->first;
	r = sd_event_add_io(web->event, &link->source, fd, EPOLLIN, on_event, link);
	if (r < 0) {
		free(link);
		return err_errno(err, r, "cannot listen to the engine");
	}
	sd_event_source_set_priority(link->source, SD_EVENT_PRIORITY_NORMAL - 10);
	web->link = link;
	return 0;
}

void
link_close(struct link *link)
{
	if (!link)
		return;
	for (struct waiting *next, *item = link->first; item; item = next) {
		next = item->next;
		json_decref(item->message);
		free(item);
	}
	sd_event_source_unref(link->source);
	close(link->fd);
	free(link);
}
