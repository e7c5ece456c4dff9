/* Events on their way to the server. */
#include "cmocka_all.h"

#include <errno.h>

#include "cloud-init/agent/queue.h"
#include "lib/json.h"

static void
add(struct queue *queue, enum phase_state state, int64_t at_ms)
{
	const struct queue_event event = { PHASE_ENROL, state, "t", at_ms, NULL };

	queue_add(queue, &event);
}

static int64_t
seq_of(const json_t *batch, size_t i)
{
	return json_num(json_array_get(batch, i), "seq", -1);
}

static void
sent_until_acknowledged(void **state)
{
	struct queue queue;
	json_t *batch;

	(void)state;
	queue_init(&queue);
	assert_null(queue_batch(&queue, 10));
	for (int i = 0; i < 5; i++)
		add(&queue, STATE_DONE, i);
	for (int again = 0; again < 2; again++) {
		batch = queue_batch(&queue, 3);
		assert_int_equal(json_array_size(batch), 3);
		assert_int_equal(seq_of(batch, 0), 1);
		assert_int_equal(seq_of(batch, 2), 3);
		json_decref(batch);
	}
	queue_ack(&queue, 2);
	queue_ack(&queue, 1);	/* a late answer takes nothing back */
	add(&queue, STATE_DONE, 5);
	batch = queue_batch(&queue, 100);
	assert_int_equal(json_array_size(batch), 4);
	assert_int_equal(seq_of(batch, 0), 3);
	assert_int_equal(seq_of(batch, 3), 6);
	json_decref(batch);
	queue_ack(&queue, 6);
	assert_null(queue_batch(&queue, 10));
	add(&queue, STATE_DONE, 6);
	assert_int_equal(queue.last, 7);
	queue_fini(&queue);
}

static void
members(void **state)
{
	json_t *data = json_pack("{s:i}", "x", 1), *batch, *event;
	const struct queue_event what = { PHASE_STORAGE, STATE_STALL, "disk vda", 77, data };
	struct queue queue;

	(void)state;
	queue_init(&queue);
	queue_add(&queue, &what);
	queue_shift(&queue, 1000);
	batch = queue_batch(&queue, 1);
	event = json_array_get(batch, 0);
	assert_string_equal(json_str(event, "phase", ""), "storage");
	assert_string_equal(json_str(event, "state", ""), "stall");
	assert_string_equal(json_str(event, "text", ""), "disk vda");
	assert_int_equal(json_num(event, "at_ms", 0), 1077);
	assert_int_equal(json_num(json_object_get(event, "data"), "x", 0), 1);
	json_decref(batch);
	json_decref(data);
	queue_fini(&queue);
}

static void
outlives_its_process(void **state)
{
	struct queue queue, next;
	struct err err;
	json_t *kept;

	(void)state;
	queue_init(&queue);
	queue_init(&next);
	for (int i = 0; i < 3; i++)
		add(&queue, STATE_WAIT, i);
	queue_ack(&queue, 1);
	kept = queue_format(&queue);
	assert_int_equal(queue_parse(&next, kept, &err), 0);
	assert_int_equal(next.last, 3);
	assert_int_equal(json_array_size(next.events), 2);
	json_decref(kept);
	kept = json_pack("{s:i,s:[{s:i},{s:i}]}", "last", 2, "events", "seq", 2, "seq", 1);
	assert_int_equal(queue_parse(&next, kept, &err), -EINVAL);
	assert_int_equal(next.last, 3);
	json_decref(kept);
	queue_fini(&queue);
	queue_fini(&next);
}

/* A server that is away for days: the queue is bounded, and what is missed least goes first. */
static void
bounded(void **state)
{
	struct queue queue;
	json_t *first;

	(void)state;
	queue_init(&queue);
	add(&queue, STATE_DONE, 0);
	add(&queue, STATE_WAIT, 0);
	for (int i = 0; i < QUEUE_MOST; i++)
		add(&queue, STATE_STALL, i);
	assert_int_equal(json_array_size(queue.events), QUEUE_MOST);
	first = json_array_get(queue.events, 0);
	assert_int_equal(json_num(first, "seq", 0), 3);
	queue_fini(&queue);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sent_until_acknowledged),
		cmocka_unit_test(members),
		cmocka_unit_test(outlives_its_process),
		cmocka_unit_test(bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
