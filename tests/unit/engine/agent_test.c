/* Agents: whose key is taken, what is refused, and that nothing counts twice. */
#include "tests/unit/engine/bench.c"

#include "engine/agent.h"
#include "engine/machines.h"

#define IP1 "10.9.0.101"

/* n1 has booted its image and its agent has a key. */
static void
begin(struct bench *b, struct bench_agent *agent)
{
	bench_agent_init(agent, "");
	bench_agent_boots(b, agent, "kernel one");
}

static json_t *
poll_said(int wait_s)
{
	return json_pack("{s:i}", "wait_s", wait_s);
}

static void
listed_machine_enrols_and_gets_healthy(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	assert_int_equal(bench_event(b, &agent, 1, "facts", "done"), 1);
	assert_int_equal(bench_event(b, &agent, 2, "enrol", "done"), 2);
	assert_string_equal(bench_shows(b, "n1", "phase"), "enrol");
	assert_string_equal(bench_shows(b, "n1", "last_good"), "(null)");
	clock_fake_ms += 5000;
	assert_int_equal(bench_event(b, &agent, 3, "healthy", "done"), 3);
	assert_string_equal(bench_shows(b, "n1", "state"), "healthy");
	assert_string_equal(bench_shows(b, "n1", "last_good"), "edge@1");
	assert_int_equal(b->e->metrics.healthy, 1);
	bench_agent_reboots(b, &agent);
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
	bench_enrol(b, &agent, IP1, "kept", 200);
	bench_agent_fini(&agent);
}

/* What was answered is on the disk: its counter, too, outlives a power cut. */
static void
nothing_is_answered_before_it_is_kept(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	unsigned before;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	before = bench_syncs;
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 200));
	assert_true(bench_syncs > before);
	before = bench_syncs;
	bench_event(b, &agent, 1, "facts", "done");
	assert_true(bench_syncs > before);
	bench_agent_fini(&agent);
}

static void
enrolment_from_a_wrong_address_is_refused(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;

	begin(b, &agent);
	bench_lease(b, MAC2, "10.9.0.102", "", "");
	bench_enrol(b, &agent, "10.9.0.102", "kept", 403);
	assert_string_equal(bench_shows(b, "n1", "state"), "failed");
	bench_enrol(b, &agent, "10.9.0.177", "kept", 403);
	assert_string_equal(bench_shows(b, "n1", "key"), "(null)");
	bench_enrol(b, &agent, IP1, "kept", 200);
	bench_agent_fini(&agent);
}

static void
nonce_must_be_fresh_and_of_this_boot(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	char old[BOOT_NONCE];

	begin(b, &agent);
	str_copy(old, sizeof(old), agent.nonce);
	str_copy(agent.nonce, sizeof(agent.nonce), "0123456789abcdef0123456789abcdef");
	bench_enrol(b, &agent, IP1, "kept", 403);
	str_copy(agent.nonce, sizeof(agent.nonce), old);
	bench_agent_reboots(b, &agent);
	str_copy(agent.nonce, sizeof(agent.nonce), old);
	bench_enrol(b, &agent, IP1, "kept", 403);
	bench_agent_reboots(b, &agent);
	clock_fake_ms += 31 * 60 * 1000;
	bench_enrol(b, &agent, IP1, "kept", 403);
	assert_string_equal(bench_shows(b, "n1", "key"), "(null)");
	bench_agent_fini(&agent);
}

static void
nothing_is_taken_twice(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *said, *message, *answer;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	said = json_pack("{s:[{s:i, s:s, s:s, s:s}]}", "events", "seq", 1, "phase", "storage",
			 "state", "stall", "text", "no usable disk");
	message = bench_signed(&agent, "events", said);
	json_decref(bench_open(b, bench_ask(b, json_copy(message)), 200));
	answer = bench_open(b, bench_ask(b, message), 409);
	assert_int_equal(json_num(answer, "counter", 0), agent.counter);
	json_decref(answer);
	assert_int_equal(bench_count(b, "n1", "storage", "stall"), 1);
	/* the same event under a new counter: the agent did not hear that it was kept */
	assert_int_equal(bench_event(b, &agent, 1, "storage", "stall"), 1);
	assert_int_equal(bench_count(b, "n1", "storage", "stall"), 1);
	assert_string_equal(bench_shows(b, "n1", "text"), "no usable disk");
	bench_agent_fini(&agent);
}

/* Whatever a machine says is shown on terminals: no order to one gets there. */
static void
what_is_told_is_text(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *said, *shown, *disk;

	begin(b, &agent);
	said = json_pack("{s:s, s:s, s:{s:[{s:s}]}}", "mac", MAC1, "state", "kept", "facts",
			 "disks", "model", "SSD\xc2\x9b" "31m\x1b[0m \u202ex");
	json_decref(bench_agent_ask(b, &agent, "enrol", said, 200));
	shown = bench_route(b, "GET", "/v1/machines/n1", NULL, 200);
	disk = json_array_get(json_object_get(json_object_get(shown, "facts"), "disks"), 0);
	assert_string_equal(json_str(disk, "model", ""), "SSD 31m [0m  x");
	json_decref(shown);
	said = json_pack("{s:[{s:i, s:s, s:s, s:s}]}", "events", "seq", 1, "phase", "storage",
			 "state", "stall", "text", "disk\xc2\x9b" "2J \u200b\"é\"\u2066");
	json_decref(bench_agent_ask(b, &agent, "events", said, 200));
	assert_string_equal(bench_shows(b, "n1", "text"), "disk 2J  'é' ");
	bench_agent_fini(&agent);
}

static void
counter_outlives_the_engine(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	bench_stop(b);
	bench_start(b, bench_site);
	agent.counter--;
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 409));
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 200));
	assert_int_equal(bench_event(b, &agent, 1, "healthy", "done"), 1);
	bench_agent_fini(&agent);
}

static void
another_key_waits_for_a_person(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent, other;
	char path[80];

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	/* in the same boot there is no second key at all */
	bench_agent_init(&other, agent.nonce);
	bench_enrol(b, &other, IP1, "new", 403);
	bench_agent_reboots(b, &other);
	bench_enrol(b, &other, IP1, "new", 202);
	assert_string_equal(bench_shows(b, "n1", "state"), "stalled");
	assert_int_equal(strlen(bench_shows(b, "n1", "code")), 9);
	/* a key that says it is in memory does not get past either: the pinned one was kept */
	bench_enrol(b, &other, IP1, "ram", 202);
	json_decref(bench_agent_ask(b, &other, "poll", poll_said(0), 403));
	snprintf(path, sizeof(path), "/v1/machines/%.20s/approve", bench_shows(b, "n1", "code"));
	json_decref(bench_route(b, "POST", path, NULL, 200));
	bench_enrol(b, &other, IP1, "new", 200);
	assert_string_equal(bench_shows(b, "n1", "code"), "(null)");
	str_copy(agent.nonce, sizeof(agent.nonce), other.nonce);
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 403));
	bench_agent_fini(&agent);
	bench_agent_fini(&other);
}

static void
machine_in_memory_brings_a_new_key_each_boot(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent, other;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "ram", 200);
	bench_agent_init(&other, agent.nonce);
	/* while its boot lives no other key gets in */
	bench_enrol(b, &other, IP1, "ram", 403);
	bench_agent_reboots(b, &other);
	bench_enrol(b, &other, IP1, "ram", 200);
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 403));
	bench_agent_fini(&agent);
	bench_agent_fini(&other);
}

static void
script_asked_by_somebody_else_ends_nothing(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent, thief;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "ram", 200);
	assert_int_equal(bench_event(b, &agent, 1, "healthy", "done"), 1);
	bench_agent_init(&thief, agent.nonce);
	bench_nonce(b, MAC1, "10.9.0.66", "image", thief.nonce);
	assert_string_equal(bench_shows(b, "n1", "state"), "booting");
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 200));
	assert_string_equal(bench_shows(b, "n1", "state"), "healthy");
	bench_enrol(b, &thief, IP1, "ram", 403);
	bench_agent_fini(&agent);
	bench_agent_fini(&thief);
}

static void
approve_policy_asks_for_every_key(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	char *site = str_format("%senrolment: approve\n", bench_site);

	bench_site_file(b, "reload", site);
	assert_true(json_flag(b->config, "ok", false));
	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 202);
	bench_enrol(b, &agent, IP1, "kept", 202);
	assert_int_equal(bench_count(b, "n1", "enrol", "stall"), 1);
	json_decref(bench_route(b, "POST", "/v1/machines/n1/approve", NULL, 200));
	bench_enrol(b, &agent, IP1, "kept", 200);
	bench_agent_fini(&agent);
	free(site);
}

static void
without_a_dhcp_server_of_ours_the_scripts_address_counts(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	char *site = str_format("site: {name: lab, domain: lab.internal}\n"
				"server: {interface: br0, address: 10.9.0.1/24}\n"
				"dhcp: {mode: proxy}\nimage: edge\n%s",
				strstr(bench_site, "machines:"));

	bench_site_file(b, "reload", site);
	assert_true(json_flag(b->config, "ok", false));
	bench_agent_init(&agent, "");
	bench_nonce(b, MAC1, "10.9.0.50", "image", agent.nonce);
	bench_enrol(b, &agent, "10.9.0.51", "kept", 403);
	bench_enrol(b, &agent, "10.9.0.50", "kept", 200);
	bench_agent_fini(&agent);
	free(site);
}

static void
machine_that_was_not_taken_in_does_not_enrol(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;

	bench_agent_init(&agent, "");
	bench_lease(b, STRANGE, IP1, "PXEClient", "");
	bench_nonce(b, STRANGE, IP1, "wait", agent.nonce);
	bench_enrol(b, &agent, IP1, "kept", 403);
	json_decref(bench_agent_ask(b, &agent, "events", json_object(), 403));
	bench_agent_fini(&agent);
}

static void
silence_of_a_healthy_machine_is_told(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	bench_event(b, &agent, 1, "healthy", "done");
	clock_fake_ms += 200000;
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &(struct err){ "" }), 0);
	assert_string_equal(bench_shows(b, "n1", "state"), "stalled");
	json_decref(bench_agent_ask(b, &agent, "poll", poll_said(0), 200));
	assert_string_equal(bench_shows(b, "n1", "state"), "healthy");
	bench_agent_fini(&agent);
}

static void
bytes_that_are_no_request_are_refused(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	static const char *const ders[] = { "", "AAAA", "not base64!", "MIIB" };

	for (int i = 0; i < 4; i++)
		json_decref(bench_open(
			b,
			bench_ask(b, json_pack("{s:s, s:s, s:s, s:s}", "type", "agent", "ip", IP1,
					       "path", "enrol", "der", ders[i])),
			400));
	begin(b, &agent);
	json_decref(bench_agent_ask(b, &agent, "dance", json_object(), 403));
	bench_enrol(b, &agent, IP1, "kept", 200);
	json_decref(bench_agent_ask(b, &agent, "dance", json_object(), 404));
	bench_agent_fini(&agent);
}

static void
event_times_are_counted_from_the_request(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent;
	json_t *answer, *event;
	int64_t now;

	begin(b, &agent);
	bench_enrol(b, &agent, IP1, "kept", 200);
	clock_fake_ms += 30000;
	now = clock_fake_ms;
	/* the agent's clock is a year behind; the event is 20 s old */
	clock_fake_ms -= 31536000000;
	answer = bench_signed(&agent, "events",
			      json_pack("{s:[{s:i, s:s, s:s, s:I}]}", "events", "seq", 1, "phase",
					"facts", "state", "done", "at_ms",
					(json_int_t)(clock_fake_ms - 20000)));
	clock_fake_ms = now;
	json_decref(bench_open(b, bench_ask(b, answer), 200));
	answer = bench_route(b, "GET", "/v1/machines/n1", NULL, 200);
	event = json_object_get(json_array_get(json_object_get(answer, "boots"), 0), "events");
	event = json_array_get(event, json_array_size(event) - 1);
	assert_int_equal(json_num(event, "at_ms", 0), now - 20000);
	json_decref(answer);
	bench_agent_fini(&agent);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(listed_machine_enrols_and_gets_healthy),
		CASE(nothing_is_answered_before_it_is_kept),
		CASE(enrolment_from_a_wrong_address_is_refused),
		CASE(nonce_must_be_fresh_and_of_this_boot),
		CASE(what_is_told_is_text),
		CASE(nothing_is_taken_twice),
		CASE(counter_outlives_the_engine),
		CASE(another_key_waits_for_a_person),
		CASE(machine_in_memory_brings_a_new_key_each_boot),
		CASE(script_asked_by_somebody_else_ends_nothing),
		CASE(approve_policy_asks_for_every_key),
		CASE(without_a_dhcp_server_of_ours_the_scripts_address_counts),
		CASE(machine_that_was_not_taken_in_does_not_enrol),
		CASE(silence_of_a_healthy_machine_is_told),
		CASE(bytes_that_are_no_request_are_refused),
		CASE(event_times_are_counted_from_the_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
