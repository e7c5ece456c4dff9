/* What stage 1 leaves for the root's time client. */
#include "cmocka_all.h"

#include <stdlib.h>

#include "images/stage1/handover.h"

static void
time_servers(void **state)
{
	static const struct {
		const char *site, *text;
	} rows[] = {
		{ "{\"ntp\": [\"10.9.0.1\"]}", "[Time]\nNTP=10.9.0.1\nFallbackNTP=\n" },
		{ "{\"ntp\": [\"10.9.0.1\", \"10.9.0.2\"]}",
		  "[Time]\nNTP=10.9.0.1 10.9.0.2\nFallbackNTP=\n" },
		{ "{\"ntp\": [\"10.9.0.1\\nNTP=6.6.6.6\", 7]}", "[Time]\nNTP=\nFallbackNTP=\n" },
		{ "{}", "[Time]\nNTP=\nFallbackNTP=\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		json_t *site = json_loads(rows[i].site, 0, NULL);
		char *text = handover_timesyncd(site);

		assert_non_null(site);
		assert_string_equal(text, rows[i].text);
		free(text);
		json_decref(site);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
