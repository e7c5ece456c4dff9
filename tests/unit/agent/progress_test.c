/* What the agent knows over a crash: input, verdict and progress files. */
#include "cmocka_all.h"

#include <errno.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/order.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tree.h"

#define SITE(machine) "{\"https\": \"https://10.9.0.1\", \"url\": \"http://10.9.0.1\", " \
	"\"ca\": \"C\", \"engine\": \"E\", \"machine\": " machine "}"

static void
agent_init(struct agent *agent, const char *nonce)
{
	*agent = (struct agent){ .input = { .name = "n1", .nonce = nonce } };
	queue_init(&agent->queue);
	agent->orders = json_array();
	agent->taken = json_array();
	agent->results = json_array();
	steps_init(&agent->steps, PHASE_FACTS, 0);
}

static void
agent_fini(struct agent *agent)
{
	queue_fini(&agent->queue);
	json_decref(agent->orders);
	json_decref(agent->taken);
	json_decref(agent->results);
}

static void
goes_on(void **state)
{
	const struct queue_event event = { PHASE_ENROL, STATE_DONE, "n1 approved", 5, NULL };
	json_t *order = json_pack("{s:i, s:s}", "id", 7, "kind", "reboot");
	struct agent agent, next;

	(void)state;
	agent_init(&agent, "nonce1");
	queue_add(&agent.queue, &event);
	steps_init(&agent.steps, PHASE_STORAGE, 0);
	agent.enrolled = true;
	order_take(&agent, order);
	json_decref(order);
	tree_file(WHERE_RUN "/x", "");
	progress_save(&agent);

	agent_init(&next, "nonce1");
	progress_load(&next);
	assert_int_equal(next.steps.phase, PHASE_STORAGE);
	assert_true(next.enrolled);
	assert_int_equal(next.queue.last, 1);
	assert_int_equal(json_integer_value(json_array_get(next.taken, 0)), 7);
	assert_string_equal(json_str(json_array_get(next.orders, 0), "kind", ""), "reboot");
	agent_fini(&next);

	agent_init(&next, "nonce2");	/* another boot's file */
	progress_load(&next);
	assert_int_equal(next.steps.phase, PHASE_FACTS);
	assert_false(next.enrolled);
	assert_int_equal(next.queue.last, 0);
	agent_fini(&next);

	steps_init(&agent.steps, PHASE_COUNT, 0);
	progress_save(&agent);
	agent_init(&next, "nonce1");
	progress_load(&next);
	assert_true(steps_all_done(&next.steps));
	agent_fini(&next);
	agent_fini(&agent);
}

static void
broken_file(void **state)
{
	static const char *const texts[] = { "", "{", "[]", "{\"nonce\": \"nonce1\"}",
		"{\"nonce\": \"nonce1\", \"queue\": {\"last\": -1, \"events\": []}}" };
	struct agent agent;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		tree_file(WHERE_RUN "/agent.json", texts[i]);
		agent_init(&agent, "nonce1");
		progress_load(&agent);
		assert_int_equal(agent.steps.phase, PHASE_FACTS);
		agent_fini(&agent);
	}
}

static void
input(void **state)
{
	struct input in;
	struct err err;

	(void)state;
	assert_int_equal(input_read(&in, &err), -ENOENT);
	tree_file(WHERE_RUN "/site.json", SITE("{\"name\": \"n1\"}"));
	tree_file("/proc/cmdline", "bootserver.nonce=N BOOTIF=01-52-54-00-00-00-01\n");
	assert_int_equal(input_read(&in, &err), 0);
	assert_string_equal(in.nonce, "N");
	assert_string_equal(in.mac, "52:54:00:00:00:01");
	assert_string_equal(in.root, "none");
	input_fini(&in);
	tree_file(WHERE_RUN "/boot.json", "{\"nonce\": \"M\", \"mac\": \"\", \"root\": \"R\"}");
	assert_int_equal(input_read(&in, &err), 0);
	assert_string_equal(in.nonce, "M");
	assert_string_equal(in.mac, "");
	assert_string_equal(in.root, "R");
	input_fini(&in);
	tree_file(WHERE_RUN "/site.json", SITE("{}"));
	assert_int_equal(input_read(&in, &err), -EINVAL);
	assert_non_null(strstr(err.text, "machine.name"));
	tree_file(WHERE_RUN "/site.json", SITE("{\"name\": \"../n1\"}"));
	assert_int_equal(input_read(&in, &err), -EINVAL);
	tree_file(WHERE_RUN "/site.json", "[1]");
	assert_int_equal(input_read(&in, &err), -EINVAL);
}

static void
verdict(void **state)
{
	struct disk disk = { .name = "vda", .size = 5 };
	struct verdict told = { .result = VERDICT_STALLED, .disk = "vda", .reason = "why not" };
	struct verdict seen;
	struct err err;

	(void)state;
	assert_int_equal(verdict_read(&seen, &err), -ENOENT);
	disk_sign(&disk, "ext4");
	told.disks = verdict_disks(&disk, 1, NULL);
	assert_int_equal(verdict_write(&told, &err), 0);
	assert_int_equal(verdict_read(&seen, &err), 0);
	assert_int_equal(seen.result, VERDICT_STALLED);
	assert_string_equal(seen.reason, "why not");
	assert_true(json_equal(seen.disks, told.disks));
	assert_string_equal(json_str(json_array_get(seen.disks, 0), "path", ""), "/dev/vda");
	assert_string_equal(json_str(json_array_get(seen.disks, 0), "use", ""), "unknown");
	verdict_fini(&seen);
	verdict_fini(&told);
	tree_file(WHERE_RUN "/state.json", "{\"result\": \"maybe\"}");
	assert_int_equal(verdict_read(&seen, &err), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(goes_on, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(broken_file, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(input, tree_init, tree_fini),
		cmocka_unit_test_setup_teardown(verdict, tree_init, tree_fini),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
