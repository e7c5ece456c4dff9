/* Which of etcd's members are stale ones of this machine. */
#include "cmocka_all.h"

#include "cloud-init/agent/member.h"
#include "lib/json.h"

static void
stale(void **state)
{
	static const struct member_wish wish = { "n2", "10.9.0.12", NULL };
	static const struct {
		const char *list, *ids;
	} rows[] = {
		{ "{}", "[]" },
		{ "{\"members\": [{\"ID\": \"1\", \"name\": \"n1\","
		  " \"peerURLs\": [\"https://10.9.0.11:2380\"]}]}", "[]" },
		/* a join that was cut: a member without a name */
		{ "{\"members\": [{\"ID\": \"18446744073709551615\", \"name\": \"\","
		  " \"peerURLs\": [\"https://10.9.0.12:2380\"], \"isLearner\": true}]}",
		  "[\"18446744073709551615\"]" },
		/* an earlier life with another address, and one with its own */
		{ "{\"members\": [{\"ID\": \"2\", \"name\": \"n2\","
		  " \"peerURLs\": [\"https://10.9.0.99:2380\"]}, {\"ID\": \"3\", \"name\": \"n3\","
		  " \"peerURLs\": [\"https://10.9.0.120:2380\"]}, {\"ID\": \"4\", \"name\": \"x\","
		  " \"peerURLs\": [\"https://10.9.0.12:2380\"]}]}", "[\"2\",\"4\"]" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *list = json_loads(rows[i].list, 0, NULL);
		json_t *ids = member_stale(list, &wish);
		char *text = json_text(ids, NULL);

		assert_string_equal(text, rows[i].ids);
		free(text);
		json_decref(ids);
		json_decref(list);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
