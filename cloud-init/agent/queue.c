/* Events on their way to the server: see queue.h. */
#include "cloud-init/agent/queue.h"

#include <errno.h>

#include "lib/json.h"
#include "lib/str.h"

void
queue_init(struct queue *queue)
{
	queue->events = json_array();
	queue->last = 0;
}

void
queue_fini(struct queue *queue)
{
	json_decref(queue->events);
	queue->events = NULL;
}

/* The event that is missed least: the oldest `wait`, else the oldest. */
static void
make_room(struct queue *queue)
{
	json_t *event;
	size_t i;

	json_array_foreach(queue->events, i, event)
		if (str_eq(json_str(event, "state", ""), phase_state_name(STATE_WAIT))) {
			json_array_remove(queue->events, i);
			return;
		}
	json_array_remove(queue->events, 0);
}

void
queue_add(struct queue *queue, const struct queue_event *event)
{
	json_t *o = json_object();

	json_put_num(o, "seq", ++queue->last);
	json_put(o, "phase", phase_name(event->phase));
	json_put(o, "state", phase_state_name(event->state));
	json_put(o, "text", event->text);
	json_put_num(o, "at_ms", event->at_ms);
	if (event->data)
		json_object_set(o, "data", event->data);
	if (json_array_size(queue->events) >= QUEUE_MOST)
		make_room(queue);
	json_array_append_new(queue->events, o);
}

json_t *
queue_batch(const struct queue *queue, size_t most)
{
	size_t n = json_array_size(queue->events);
	json_t *batch;

	if (n == 0)
		return NULL;
	batch = json_array();
	for (size_t i = 0; i < n && i < most; i++)
		json_array_append(batch, json_array_get(queue->events, i));
	return batch;
}

void
queue_ack(struct queue *queue, int64_t seq)
{
	while (json_array_size(queue->events) > 0 &&
	       json_num(json_array_get(queue->events, 0), "seq", 0) <= seq)
		json_array_remove(queue->events, 0);
}

void
queue_shift(struct queue *queue, int64_t delta_ms)
{
	json_t *event;
	size_t i;

	json_array_foreach(queue->events, i, event)
		json_put_num(event, "at_ms", json_num(event, "at_ms", 0) + delta_ms);
}

json_t *
queue_format(const struct queue *queue)
{
	json_t *o = json_object();

	json_put_num(o, "last", queue->last);
	json_object_set(o, "events", queue->events);
	return o;
}

int
queue_parse(struct queue *queue, const json_t *object, struct err *err)
{
	json_t *events = json_object_get(object, "events"), *event;
	int64_t last = json_num(object, "last", -1), before = 0, seq;
	size_t i;

	if (!json_is_array(events) || last < 0)
		return err_set(err, -EINVAL, "no list of events there");
	json_array_foreach(events, i, event) {
		seq = json_num(event, "seq", 0);
		if (seq <= before || seq > last)
			return err_set(err, -EINVAL, "the numbers of the events do not grow");
		before = seq;
	}
	json_decref(queue->events);
	queue->events = json_incref(events);
	queue->last = last;
	return 0;
}
