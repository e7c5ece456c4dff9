/* What is waited for: does it lie outside; and the clock's distance from the server's. */
#include "cmocka_all.h"

#include <jansson.h>

#include "cloud-init/agent/away.h"
#include "cloud-init/agent/wire.h"

static void
words_of_an_api_server_that_is_away(void **state)
{
	static const struct {
		const char *text;
		bool away;
	} rows[] = {
		{ "Get \"https://api.lab.internal:6443/api\": dial tcp 10.9.0.100:6443: connect:"
		  " connection refused", true },
		{ "Unable to connect to the server: net/http: TLS handshake timeout", true },
		{ "Error from server (InternalError): an error on the server (\"oh\") has"
		  " prevented the request from succeeding", true },
		{ "Error from server (ServiceUnavailable): the server is currently unable to"
		  " handle the request", true },
		{ "Error from server: etcdserver: request timed out", true },
		{ "waits for the node to be Ready: " AWAY_SILENT, true },
		{ "Error from server (Forbidden): nodes \"n2\" is forbidden", false },
		{ "Error from server (NotFound): nodes \"n2\" not found", false },
		{ "container runtime network not ready: cni plugin not initialized", false },
		{ "the kubelet has not reported since this boot", false },
		{ "Error from server (InternalError): failed calling webhook \"metallb\": dial tcp"
		  " 10.96.0.9:443: connect: connection refused", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((away_word(rows[i].text) != NULL) != rows[i].away)
			fail_msg("\"%s\" is not %s", rows[i].text,
				 rows[i].away ? "away" : "here");
}

/* A control plane's only machine has nobody else to wait for. */
static void
own_api_server_lies_within(void **state)
{
	static const struct {
		const char *answer;
		bool others;
	} rows[] = {
		{ "{\"roles\": [\"worker\"], \"hosts\": [\"10.9.0.100 api.lab.internal\"]}", true },
		{ "{\"roles\": [\"control-plane\"], \"hosts\": [\"10.9.0.100 api.lab.internal\","
		  " \"10.9.0.100 n1 n1.lab.internal\", \"10.9.0.1 boot.lab.internal\"]}", false },
		{ "{\"roles\": [\"control-plane\"], \"hosts\": [\"10.9.0.100 k8s.lab.internal\","
		  " \"10.9.0.101 k8s.lab.internal\"]}", true },
		{ "{}", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *answer = json_loads(rows[i].answer, 0, NULL);

		assert_non_null(answer);
		if (away_others(answer) != rows[i].others)
			fail_msg("%s", rows[i].answer);
		json_decref(answer);
	}
}

/* Nobody listens on this machine's port; where no host is named, whoever asks will see. */
static void
knocks(void **state)
{
	json_t *closed = json_loads("{\"hosts\": [\"127.77.0.1 api.lab.internal\"]}", 0, NULL);
	json_t *none = json_loads("{\"hosts\": []}", 0, NULL);

	(void)state;
	assert_false(away_knock(closed));
	assert_true(away_knock(none));
	json_decref(closed);
	json_decref(none);
}

static void
clocks_are_compared(void **state)
{
	static const struct {
		const char *name;
		int64_t times[4];
		bool known;
		int64_t offset_ms, within_ms;
	} rows[] = {
		{ "the same, 10 ms each way", { 1000, 1010, 1010, 1020 }, true, 0, 10 },
		{ "ours is 600 s behind", { 1000, 601010, 601010, 1020 }, true, -600000, 10 },
		{ "ours is 5 s ahead; held for a minute", { 6000, 1001, 61001, 66002 }, true, 5000,
		  1 },
		{ "an old server says nothing", { 1000, 0, 0, 1020 }, false, 0, 0 },
		{ "ours was set back meanwhile", { 9000, 1010, 1010, 1020 }, false, 0, 0 },
		{ "theirs was", { 1000, 1010, 900, 1020 }, false, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_clock clock = { .known = false };

		if (wire_clock_of(&clock, rows[i].times) != rows[i].known ||
		    clock.offset_ms != rows[i].offset_ms || clock.within_ms != rows[i].within_ms)
			fail_msg("%s: %lld within %lld", rows[i].name, (long long)clock.offset_ms,
				 (long long)clock.within_ms);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_of_an_api_server_that_is_away),
		cmocka_unit_test(own_api_server_lies_within),
		cmocka_unit_test(knocks),
		cmocka_unit_test(clocks_are_compared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
