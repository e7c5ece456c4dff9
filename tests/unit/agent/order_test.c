/* Orders: taken once, done when that is acknowledged, and how they went. */
#include "cmocka_all.h"

#include <poll.h>

#include "cloud-init/agent/order.h"
#include "lib/json.h"
#include "lib/str.h"
#include "tree.h"

static void
agent_init(struct agent *agent)
{
	*agent = (struct agent){ .input = { .name = "n1", .nonce = "nonce1" } };
	queue_init(&agent->queue);
	agent->orders = json_array();
	agent->taken = json_array();
	agent->results = json_array();
	str_copy(agent->input.mac, sizeof(agent->input.mac), "52:54:00:00:00:77");
}

static void
agent_fini(struct agent *agent)
{
	job_drop(&agent->order_job);
	queue_fini(&agent->queue);
	json_decref(agent->orders);
	json_decref(agent->taken);
	json_decref(agent->results);
}

static void
give(struct agent *agent, int id, const char *kind)
{
	json_t *order = json_pack("{s:i, s:s, s:i}", "id", id, "kind", kind, "seconds", 1);

	order_take(agent, order);
	json_decref(order);
}

/* The server has acknowledged what was taken. */
static void
acknowledge(struct agent *agent)
{
	json_array_clear(agent->taken);
}

/* Turns the wheel until no order is left. */
static void
work(struct agent *agent)
{
	for (int i = 0; i < 3000 && order_busy(agent); i++) {
		order_step(agent);
		poll(NULL, 0, 10);
	}
	assert_false(order_busy(agent));
}

static const json_t *
result(const struct agent *agent, size_t at, bool good)
{
	const json_t *one = json_array_get(agent->results, at);

	assert_non_null(one);
	assert_int_equal(json_flag(one, "good", !good), good);
	return one;
}

static void
nothing_is_done_before_it_is_acknowledged(void **state)
{
	struct agent agent;

	(void)state;
	agent_init(&agent);
	give(&agent, 3, "dance");
	order_step(&agent);
	assert_true(order_busy(&agent));
	assert_int_equal(json_array_size(agent.results), 0);
	give(&agent, 3, "dance");	/* the acknowledgement was lost: it is given again */
	assert_int_equal(json_array_size(agent.orders), 1);
	acknowledge(&agent);
	work(&agent);
	assert_int_equal(json_num(result(&agent, 0, false), "id", 0), 3);
	assert_string_equal(json_str(result(&agent, 0, false), "text", ""),
			    "this image's agent knows no order \"dance\"");
	assert_int_equal(json_array_size(agent.results), 1);
	agent_fini(&agent);
}

/* Neither a BMC nor a card: it says so, with both reasons. */
static void
identify_without_a_light(void **state)
{
	struct agent agent;

	(void)state;
	agent_init(&agent);
	give(&agent, 4, "identify");
	acknowledge(&agent);
	work(&agent);
	assert_string_equal(json_str(result(&agent, 0, false), "text", ""),
			    "no light can be asked: it has no BMC; none of its network cards is"
			    " known to have booted it");
	agent_fini(&agent);
}

/* Of a bond and its members, which all have one address, the card that it booted by is asked; no
 * such card is in this computer.  A BMC that is none is not asked twice. */
static void
identify_asks_the_boot_card(void **state)
{
	struct agent agent;

	(void)state;
	tree_file("/sys/class/net/bond9/address", "52:54:00:00:00:77");
	tree_file("/sys/class/net/test9s0/address", "52:54:00:00:00:77");
	tree_file("/sys/class/net/test9s0/bonding_slave/perm_hwaddr", "52:54:00:00:00:76");
	tree_file("/sys/class/net/test9s0/device/vendor", "0x8086");
	tree_file("/sys/class/net/test9s1/address", "52:54:00:00:00:77");
	tree_file("/sys/class/net/test9s1/bonding_slave/perm_hwaddr", "52:54:00:00:00:77");
	tree_file("/sys/class/net/test9s1/device/vendor", "0x8086");
	tree_file("/dev/ipmi0", "");
	agent_init(&agent);
	give(&agent, 4, "identify");
	acknowledge(&agent);
	work(&agent);
	assert_string_equal(json_str(result(&agent, 0, false), "text", ""),
			    "no light can be asked: its BMC: Inappropriate ioctl for device; the"
			    " driver of its network card test9s1 cannot blink (No such device)");
	agent_fini(&agent);
}

/* A way to leave is not held up by what stands before it; below --root it is refused. */
static void
leaving_waits_for_nobody(void **state)
{
	struct agent agent;

	(void)state;
	agent_init(&agent);
	give(&agent, 5, "identify");
	give(&agent, 6, "reboot");
	acknowledge(&agent);
	order_step(&agent);
	assert_int_equal(json_num(result(&agent, 0, false), "id", 0), 6);
	assert_string_equal(json_str(result(&agent, 0, false), "text", ""),
			    "not done below --root");
	work(&agent);
	assert_int_equal(json_num(result(&agent, 1, false), "id", 0), 5);
	agent_fini(&agent);
}

/* A second way to leave that came with the first is no job of its own. */
static void
two_ways_to_leave(void **state)
{
	struct agent agent;

	(void)state;
	agent_init(&agent);
	give(&agent, 5, "reboot");
	give(&agent, 6, "poweroff");
	acknowledge(&agent);
	work(&agent);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(json_num(result(&agent, i, false), "id", 0), 5 + i);
		assert_string_equal(json_str(result(&agent, i, false), "text", ""),
				    "not done below --root");
	}
	agent_fini(&agent);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, tree_init, tree_fini)
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_done_before_it_is_acknowledged),
		CASE(identify_without_a_light),
		CASE(identify_asks_the_boot_card),
		CASE(leaving_waits_for_nobody),
		CASE(two_ways_to_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
