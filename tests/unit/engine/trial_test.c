/* Generations on trial: who falls back, to what, and whose clock stands still. */
#include "tests/unit/engine/bench.c"

#define IP1 "10.9.0.101"
#define N1 "/v1/machines/n1"

static const char trial_site[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
	"image: edge\n"
	"trial: 60s\n"
	"machines:\n"
	"  - {name: n1, mac: \"" MAC1 "\"}\n";

/* The machine asks for its script and fetches the kernel. */
static void
boot(struct bench *b, struct bench_agent *agent, const char *kernel)
{
	if (!agent->key)
		bench_agent_init(agent, "");
	bench_agent_boots(b, agent, kernel);
	bench_enrol(b, agent, IP1, "kept", 200);
}

/* edge@1 was healthy; edge@2 has been added and is booted now. */
static void
begin(struct bench *b, struct bench_agent *agent)
{
	bench_site_file(b, "reload", trial_site);
	boot(b, agent, "kernel one");
	bench_event(b, agent, 1, "healthy", "done");
	bench_image("edge", "kernel two");
	json_decref(bench_route(b, "POST", "/v1/images/reload", NULL, 200));
	clock_fake_ms += 1000;
	boot(b, agent, "kernel two");
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@2");
}

/* So many seconds pass, in each of which the agent polls; the kind of its last order, or "". */
static const char *
pass(struct bench *b, struct bench_agent *agent, int seconds, bool outside)
{
	static char kind[16];

	kind[0] = '\0';
	for (int i = 0; i < seconds; i++) {
		json_t *answer, *order;

		clock_fake_ms += 1000;
		engine_tick(b->e);
		assert_int_equal(engine_turn(b->e, &(struct err){ "" }), 0);
		answer = bench_agent_ask(b, agent, "poll", json_pack("{s:i, s:b}", "wait_s", 0,
								     "outside", outside), 200);
		order = json_array_get(json_object_get(answer, "orders"), 0);
		str_copy(kind, sizeof(kind), json_str(order, "kind", ""));
		json_decref(answer);
	}
	return kind;
}

static void
falls_back_to_the_last_good_one(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent = { .key = NULL };

	begin(b, &agent);
	assert_string_equal(pass(b, &agent, 59, false), "");
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@2");
	assert_string_equal(pass(b, &agent, 2, false), "reboot");
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@1");
	assert_string_equal(bench_shows(b, "n1", "plan_reason"),
			    "image edge@1, the last good one: edge@2 did not get healthy in its"
			    " time");
	boot(b, &agent, "kernel one");
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@1");
	bench_event(b, &agent, 1, "healthy", "done");
	/* healthy again, and asked again: it stays where it is good */
	assert_string_equal(pass(b, &agent, 200, false), "");
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@1");
	/* the operator wants another try, or there is a newer one */
	json_decref(bench_route(b, "POST", N1 "/reimage", "{\"reboot\": false}", 200));
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@2");
	bench_agent_fini(&agent);
}

static void
time_outside_does_not_count(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent = { .key = NULL };

	begin(b, &agent);
	assert_string_equal(pass(b, &agent, 40, false), "");
	assert_string_equal(pass(b, &agent, 3600, true), "");
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@2");
	assert_string_equal(pass(b, &agent, 30, false), "reboot");
	bench_agent_fini(&agent);
}

/* Nor does time in which the machine, or the engine, is off; but what was spent before is kept. */
static void
kept_over_boots_and_restarts(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent = { .key = NULL };

	begin(b, &agent);
	assert_string_equal(pass(b, &agent, 40, false), "");
	clock_fake_ms += 86400000;
	engine_tick(b->e);
	bench_stop(b);
	clock_fake_ms += 86400000;
	bench_start(b, trial_site);
	json_decref(bench_route(b, "POST", "/v1/images/reload", NULL, 200));
	boot(b, &agent, "kernel two");
	assert_string_equal(bench_shows(b, "n1", "tried"), "edge@2");
	assert_string_equal(pass(b, &agent, 15, false), "");
	assert_string_equal(pass(b, &agent, 20, false), "reboot");
	bench_stop(b);
	bench_start(b, trial_site);
	json_decref(bench_route(b, "POST", "/v1/images/reload", NULL, 200));
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@1");
	bench_agent_fini(&agent);
}

static void
passed_when_it_is_healthy(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent = { .key = NULL };

	begin(b, &agent);
	assert_string_equal(pass(b, &agent, 50, false), "");
	bench_event(b, &agent, 1, "healthy", "done");
	assert_string_equal(pass(b, &agent, 200, false), "");
	assert_string_equal(bench_shows(b, "n1", "last_good"), "edge@2");
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@2");
	assert_string_equal(bench_shows(b, "n1", "trial"), "(null)");
	bench_agent_fini(&agent);
}

/* What it is told to become goes by the image that it boots: the poll's digest is the answer's, or
 * its agent would ask again for ever. */
static void
another_image_is_another_answer(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent = { .key = NULL };
	json_t *answer, *polled;

	bench_site_file(b, "reload", trial_site);
	boot(b, &agent, "kernel one");
	bench_event(b, &agent, 1, "healthy", "done");
	json_decref(bench_agent_ask(b, &agent, "poll", json_pack("{s:i}", "wait_s", 0), 200));
	bench_image("edge", "kernel two");
	json_decref(bench_route(b, "POST", "/v1/images/reload", NULL, 200));
	boot(b, &agent, "kernel two");
	answer = bench_agent_ask(b, &agent, "cluster", json_object(), 200);
	assert_non_null(strstr(json_str(answer, "text", ""), "edge@2"));
	polled = bench_agent_ask(b, &agent, "poll", json_pack("{s:i}", "wait_s", 0), 200);
	assert_string_equal(json_str(polled, "cluster_digest", ""),
			    json_str(answer, "digest", "?"));
	json_decref(polled);
	json_decref(answer);
	bench_agent_fini(&agent);
}

/* Nothing was ever healthy: there is nothing to go back to, and it goes on trying. */
static void
a_first_image_is_on_no_trial(void **state)
{
	struct bench *b = *state;
	struct bench_agent agent = { .key = NULL };

	bench_site_file(b, "reload", trial_site);
	boot(b, &agent, "kernel one");
	assert_string_equal(pass(b, &agent, 200, false), "");
	assert_string_equal(bench_shows(b, "n1", "image"), "edge@1");
	bench_agent_fini(&agent);
}

int
main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		CASE(falls_back_to_the_last_good_one),
		CASE(time_outside_does_not_count),
		CASE(kept_over_boots_and_restarts),
		CASE(passed_when_it_is_healthy),
		CASE(a_first_image_is_on_no_trial),
		CASE(another_image_is_another_answer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
