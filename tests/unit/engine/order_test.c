/* Orders: a row that outlives the engine, given until it is acknowledged, over when it is done. */
#include "tests/unit/engine/bench.c"

#include "engine/machines.h"
#include "engine/order.h"

#define IP1 "10.9.0.101"
#define N1 "/v1/machines/n1"

/* n1 has booted its image, its agent is known and has said that it is healthy. */
static void
begin(struct bench *b, struct bench_agent *agent)
{
	bench_agent_init(agent, "");
	bench_agent_boots(b, agent, "kernel one");
	bench_enrol(b, agent, IP1, "kept", 200);
	bench_event(b, agent, 1, "healthy", "done");
}

/* Polls at once with what `said` has besides (taken); returns the orders. */
static json_t *
poll_said(struct bench *b, struct bench_agent *agent, json_t *said)
{
	json_t *answer, *orders;

	json_put_num(said, "wait_s", 0);
	answer = bench_agent_ask(b, agent, "poll", said, 200);
	orders = json_incref(json_object_get(answer, "orders"));
	json_decref(answer);
	return orders;
}

static int64_t
id_of(const json_t *orders, const char *kind)
{
	assert_int_equal(json_array_size(orders), 1);
	assert_string_equal(json_str(json_array_get(orders, 0), "kind", ""), kind);
	return json_num(json_array_get(orders, 0), "id", 0);
}

/* The state that `show` has of the newest order of the kind; "" if there is none. */
static const char *
state_of(struct bench *b, const char *kind)
{
	static char state[16];
	json_t *machine = bench_route(b, "GET", N1, NULL, 200), *one;
	size_t i;

	state[0] = '\0';
	json_array_foreach(json_object_get(machine, "orders"), i, one)
		if (!state[0] && str_eq(json_str(one, "kind", ""), kind))
			str_copy(state, sizeof(state), json_str(one, "state", ""));
	json_decref(machine);
	return state;
}

static json_t *
taken(int64_t id)
{
	return json_pack("{s:[I]}", "taken", (json_int_t)id);
}

/* A held poll is answered by it; it is given until it is acknowledged, and never again then. */
static void
given_until_acknowledged(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *answer, *orders;
	int64_t id;

	begin(b, &agent);
	assert_null(bench_ask(b, bench_signed(&agent, "poll", json_pack("{s:i}", "wait_s", 60))));
	json_decref(bench_route(b, "POST", N1 "/reimage", NULL, 200));
	answer = bench_open(b, bench_hear(b->web), 200);
	id = id_of(json_object_get(answer, "orders"), "reboot");
	assert_string_equal(json_str(json_object_get(answer, "plan"), "image", ""), "edge");
	json_decref(answer);
	assert_string_equal(state_of(b, "reboot"), "given");
	orders = poll_said(b, &agent, json_object());
	assert_int_equal(id_of(orders, "reboot"), id);
	json_decref(orders);
	orders = poll_said(b, &agent, taken(id));
	assert_int_equal(json_array_size(orders), 0);
	json_decref(orders);
	assert_string_equal(state_of(b, "reboot"), "taken");
	assert_string_equal(bench_shows(b, "n1", "state"), "healthy");
	assert_int_equal(bench_count(b, "n1", "healthy", "note"), 2);
	bench_agent_reboots(b, &agent);
	assert_string_equal(state_of(b, "reboot"), "done");
	bench_agent_fini(&agent);
}

/* Also over a restart of the engine; once is enough; another machine's agent cannot end it. */
static void
outlives_the_engine(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *orders;
	int64_t id;

	begin(b, &agent);
	json_decref(bench_route(b, "POST", N1 "/poweroff", NULL, 202));
	json_decref(bench_route(b, "POST", N1 "/poweroff", NULL, 202));
	bench_stop(b);
	bench_start(b, bench_site);
	assert_string_equal(state_of(b, "poweroff"), "waits");
	orders = poll_said(b, &agent, taken(4711));
	id = id_of(orders, "poweroff");
	json_decref(orders);
	json_decref(poll_said(b, &agent, taken(id)));
	bench_stop(b);
	bench_start(b, bench_site);
	orders = poll_said(b, &agent, json_object());
	assert_int_equal(json_array_size(orders), 0);
	json_decref(orders);
	assert_string_equal(state_of(b, "poweroff"), "taken");
	bench_agent_fini(&agent);
}

/* Reimages n1 at its next boot; was a reboot taken back for it? */
static bool
stays(struct bench *b)
{
	json_t *answer = bench_route(b, "POST", N1 "/reimage", "{\"reboot\": false}", 200);
	bool withdrawn = json_flag(answer, "withdrawn", false);

	assert_true(json_is_array(json_object_get(answer, "orders")));
	json_decref(answer);
	return withdrawn;
}

/* A reimage that waits for the next boot takes back a reboot, unless its agent was told. */
static void
reboot_is_taken_back(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *orders;
	int64_t id;

	begin(b, &agent);
	json_decref(bench_route(b, "POST", N1 "/identify", NULL, 202));
	assert_false(stays(b));
	json_decref(bench_route(b, "POST", N1 "/reimage", NULL, 200));
	assert_string_equal(state_of(b, "reboot"), "waits");
	assert_true(stays(b));
	assert_string_equal(state_of(b, "reboot"), "withdrawn");
	assert_false(stays(b));
	orders = poll_said(b, &agent, json_object());
	id_of(orders, "identify");
	json_decref(orders);
	json_decref(bench_route(b, "POST", N1 "/reboot", NULL, 202));
	orders = poll_said(b, &agent, json_object());
	id = json_num(json_array_get(orders, 1), "id", 0);
	json_decref(orders);
	assert_false(stays(b));
	assert_string_equal(state_of(b, "reboot"), "given");
	json_decref(poll_said(b, &agent, taken(id)));
	assert_false(stays(b));
	assert_string_equal(state_of(b, "reboot"), "taken");
	bench_agent_fini(&agent);
}

/* A machine that reboots by itself: what its agent had not taken has expired. */
static void
expires_when_the_machine_boots(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *orders;

	begin(b, &agent);
	json_decref(bench_route(b, "POST", N1 "/reboot", NULL, 202));
	orders = poll_said(b, &agent, json_object());
	id_of(orders, "reboot");
	json_decref(orders);
	bench_agent_reboots(b, &agent);
	assert_string_equal(state_of(b, "reboot"), "expired");
	bench_enrol(b, &agent, IP1, "kept", 200);
	orders = poll_said(b, &agent, json_object());
	assert_int_equal(json_array_size(orders), 0);
	json_decref(orders);
	bench_agent_fini(&agent);
}

/* How it went is told once, in `show` and in the timeline. */
static void
result_is_shown(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *orders, *machine, *order;
	int64_t id;

	begin(b, &agent);
	json_decref(bench_route(b, "POST", N1 "/identify", "{\"seconds\": 0}", 422));
	json_decref(bench_route(b, "POST", N1 "/identify", "{\"seconds\": 3601}", 422));
	json_decref(bench_route(b, "POST", N1 "/identify", "{\"seconds\": 7}", 202));
	orders = poll_said(b, &agent, json_object());
	id = id_of(orders, "identify");
	assert_int_equal(json_num(json_array_get(orders, 0), "seconds", 0), 7);
	json_decref(orders);
	for (int i = 0; i < 2; i++)
		json_decref(poll_said(b, &agent,
				      json_pack("{s:[I], s:[{s:I, s:b, s:s}]}", "taken",
						(json_int_t)id, "results", "id", (json_int_t)id,
						"good", 0, "text", "it has no light")));
	assert_string_equal(state_of(b, "identify"), "failed");
	machine = bench_route(b, "GET", N1, NULL, 200);
	order = json_array_get(json_object_get(machine, "orders"), 0);
	assert_string_equal(json_str(order, "text", ""), "it has no light");
	assert_string_equal(json_str(order, "why", ""), "the operator asks");
	json_decref(machine);
	assert_int_equal(bench_count(b, "n1", "healthy", "note"), 3);
	bench_agent_fini(&agent);
}

static void
identify(struct bench *b, const char *body)
{
	json_decref(bench_route(b, "POST", N1 "/identify", body, 202));
}

/* Asked again for another time: an order that waits is changed, else there is one more. */
static void
newest_seconds_count(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *orders;

	begin(b, &agent);
	identify(b, "{\"seconds\": 300}");
	identify(b, "{\"seconds\": 7}");
	orders = poll_said(b, &agent, json_object());
	id_of(orders, "identify");
	assert_int_equal(json_num(json_array_get(orders, 0), "seconds", 0), 7);
	json_decref(orders);
	identify(b, "{\"seconds\": 7}");
	identify(b, "{\"seconds\": 9}");
	orders = poll_said(b, &agent, json_object());
	assert_int_equal(json_array_size(orders), 2);
	assert_int_equal(json_num(json_array_get(orders, 1), "seconds", 0), 9);
	json_decref(orders);
	bench_agent_fini(&agent);
}

/* A disk is wiped, or is not, and the agent says so; returns the order's id. */
static int64_t
wiped(struct bench *b, struct bench_agent *agent, bool good)
{
	const struct order wipe = { ORDER_WIPE, "the operator confirmed it", "S1", 0 };
	json_t *orders;
	int64_t id;

	order_add(b->e, machines_find(b->e, "n1"), &wipe);
	orders = poll_said(b, agent, json_object());
	id = id_of(orders, "wipe");
	json_decref(orders);
	json_decref(poll_said(b, agent, json_pack("{s:[I], s:[{s:I, s:b, s:s}]}", "taken",
						  (json_int_t)id, "results", "id", (json_int_t)id,
						  "good", good, "text", "so it went")));
	return id;
}

/* Rook is told of each disk that was wiped, over a restart of the engine too. */
static void
wiping_is_remembered(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	int64_t id;

	begin(b, &agent);
	assert_int_equal(order_wiped(b->e), 0);
	wiped(b, &agent, false);
	assert_int_equal(order_wiped(b->e), 0);
	id = wiped(b, &agent, true);
	assert_int_equal(order_wiped(b->e), id);
	wiped(b, &agent, false);
	bench_stop(b);
	bench_start(b, bench_site);
	assert_int_equal(order_wiped(b->e), id);
	assert_true(wiped(b, &agent, true) > id);
	assert_true(order_wiped(b->e) > id);
	bench_agent_fini(&agent);
}

/* A machine that nobody took in hears no order. */
static void
strangers_get_none(void **state)
{
	struct bench *b = *state;
	char nonce[BOOT_NONCE];

	bench_lease(b, STRANGE, IP1, "PXEClient", "");
	bench_nonce(b, STRANGE, IP1, "wait", nonce);
	json_decref(bench_route(b, "POST", "/v1/machines/" STRANGE "/reboot", NULL, 409));
	json_decref(bench_route(b, "POST", "/v1/machines/" STRANGE "/identify", NULL, 409));
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(given_until_acknowledged),
		CASE(outlives_the_engine),
		CASE(reboot_is_taken_back),
		CASE(expires_when_the_machine_boots),
		CASE(result_is_shown),
		CASE(newest_seconds_count),
		CASE(wiping_is_remembered),
		CASE(strangers_get_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
