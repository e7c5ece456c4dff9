/* What stage 1 decides without touching anything: memory, waits, tries, addresses, progress. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "images/stage1/cache.h"
#include "images/stage1/memory.h"
#include "images/stage1/policy.h"
#include "images/stage1/url.h"
#include "lib/bar.h"
#include "lib/retry.h"
#include "lib/str.h"

static void
memory(void **state)
{
	struct err err;
	uint64_t total = 0;

	(void)state;
	assert_int_equal(memory_parse(&total, "MemTotal:     1003520 kB\nMemFree: 1 kB\n", &err),
			 0);
	assert_int_equal(total, UINT64_C(1003520) * 1024);
	assert_int_equal(memory_parse(&total, "MemFree: 1 kB\nMemTotal: 7 kB\n", &err), 0);
	assert_int_equal(total, 7 * 1024);
	assert_int_equal(memory_parse(&total, "MemFree: 1 kB\n", &err), -EINVAL);
	assert_int_equal(memory_parse(&total, "", &err), -EINVAL);

	assert_int_equal(memory_check(1000 * MEMORY_MIB, 400 * MEMORY_MIB, &err), 0);
	assert_int_equal(memory_check(1000 * MEMORY_MIB - 1, 400 * MEMORY_MIB, &err), -ENOMEM);
	assert_string_equal(err.text, "memory 999 MiB, needs 1000 MiB");
	assert_int_equal(memory_check(512 * MEMORY_MIB, 350 * MEMORY_MIB + 1, &err), -ENOMEM);
	assert_string_equal(err.text, "memory 512 MiB, needs 951 MiB");
	assert_int_equal(memory_check(UINT64_MAX, UINT64_MAX, &err), 0);
	assert_int_equal(memory_check(MEMORY_MIB, UINT64_MAX, &err), -ENOMEM);

	assert_true(memory_run_limit(1000 * MEMORY_MIB, 400 * MEMORY_MIB) > 400 * MEMORY_MIB);
	assert_int_equal(memory_overlay_limit(1000 * MEMORY_MIB, 400 * MEMORY_MIB),
			 300 * MEMORY_MIB);
	assert_int_equal(memory_overlay_limit(1, 2), 0);
}

static void
backoff(void **state)
{
	static const int64_t middle[] = { 1000, 1000, 2000, 4000, 8000, 16000, 30000, 30000 };

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(retry_backoff_ms(i, 128), middle[i]);
		assert_true(retry_backoff_ms(i, 0) >= middle[i] * 3 / 4);
		assert_true(retry_backoff_ms(i, 255) <= middle[i] * 5 / 4);
	}
	assert_int_equal(retry_backoff_ms(4000000000, 128), 30000);
}

/* One life of a transfer: events in order and what each must lead to. */
static void
fetch_table(void **state)
{
	static const struct {
		enum fetch_event event;
		bool moved;
		int64_t after_s;
		enum fetch_act act;
		int64_t wait_ms;
	} rows[] = {
		{ FETCH_BROKEN, false, 0, FETCH_RESUME, 1000 },
		{ FETCH_BROKEN, false, 9, FETCH_RESUME, 2000 },	/* Retry-After is 503's alone */
		{ FETCH_BROKEN, true, 0, FETCH_RESUME, 1000 },	/* bytes came: from the start */
		{ FETCH_BUSY, false, 7, FETCH_RESUME, 7000 },
		{ FETCH_BUSY, false, 0, FETCH_RESUME, 2000 },
		{ FETCH_BUSY, false, 99999, FETCH_RESUME, 300000 },
		{ FETCH_WRONG, true, 0, FETCH_ANEW, 1000 },
		{ FETCH_REFUSED, false, 0, FETCH_RESUME, 1000 },
		{ FETCH_WRONG, true, 0, FETCH_ANEW, 2000 },
		{ FETCH_BROKEN, true, 0, FETCH_RESUME, 1000 },
		{ FETCH_WRONG, true, 0, FETCH_FAIL, 0 },	/* the third, though bytes came */
		{ FETCH_LOCAL, true, 0, FETCH_FAIL, 0 },
		{ FETCH_ALL, true, 0, FETCH_DONE, 0 },
	};
	struct retry retry = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct retry_next next = retry_fetch(&retry, rows[i].event, rows[i].moved,
						     rows[i].after_s, 128);
		if (next.act != rows[i].act || next.wait_ms != rows[i].wait_ms)
			fail_msg("row %zu: act %d, wait %lld ms", i, next.act,
				 (long long)next.wait_ms);
	}
}

static void
refusals_end_breaks_do_not(void **state)
{
	struct retry retry = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(retry_fetch(&retry, FETCH_BROKEN, false, 0, 0).act, FETCH_RESUME);
	for (int i = 1; i < 10; i++)
		assert_int_equal(retry_fetch(&retry, FETCH_REFUSED, false, 0, 0).act, FETCH_RESUME);
	assert_int_equal(retry_fetch(&retry, FETCH_REFUSED, false, 0, 0).act, FETCH_FAIL);
}

static void
policies(void **state)
{
	unsigned nth = 0;

	(void)state;
	assert_false(policy_failed(1, 4, false).reboot);
	assert_int_equal(policy_failed(1, 4, false).wait_s, 5);
	assert_int_equal(policy_failed(3, 4, false).wait_s, 20);
	assert_true(policy_failed(4, 4, false).reboot);
	assert_true(policy_failed(1, 1, false).reboot);
	assert_true(policy_failed(1, 4, true).reboot);
	assert_true(policy_failed(1, 4, true).wait_s > policy_failed(4, 4, false).wait_s);
	assert_int_equal(policy_deadline(1000, 1000, 0), 15 * 60 * 1000);
	assert_int_equal(policy_deadline(1000, 901000, 0), 0);
	assert_int_equal(policy_deadline(1000, 2000, 40), 39000);

	assert_int_equal(policy_agent_wait_ms(&nth, 10), 1000);
	assert_int_equal(policy_agent_wait_ms(&nth, 10), 2000);
	assert_int_equal(policy_agent_wait_ms(&nth, 10), 4000);
	assert_int_equal(policy_agent_wait_ms(&nth, 60000), 1000);
	assert_int_equal(policy_agent_wait_ms(&nth, 10), 2000);
}

static void
addresses(void **state)
{
	char *text = url_encode("a-b_c.d~ /?&=%+\n\xc3\xa4");
	char long_text[400];

	(void)state;
	assert_string_equal(text, "a-b_c.d~%20%2F%3F%26%3D%25%2B%0A%C3%A4");
	free(text);
	text = url_blob("http://10.9.0.1:8080", "abc", "n1");
	assert_string_equal(text, "http://10.9.0.1:8080/blob/abc?nonce=n1");
	free(text);
	text = url_report("http://h",
			  &(struct url_claim){ "7", "stage1", "stall", "memory 1 MiB" });
	assert_string_equal(text, "http://h/v1/report?nonce=7&phase=stage1&state=stall&"
			    "text=memory%201%20MiB");
	free(text);

	/* 299 bytes, then a character of two bytes over the limit of 300: left out as a whole */
	memset(long_text, 'x', 299);
	strcpy(long_text + 299, "\xc3\xa4yyyy");
	text = url_report("http://h", &(struct url_claim){ "7", "root", "fail", long_text });
	assert_int_equal(strlen(strstr(text, "text=")), strlen("text=") + 299);
	free(text);
}

static void
progress_lines(void **state)
{
	char line[BAR_LINE] = "";
	struct bar p;

	(void)state;
	bar_init(&p, 100 << 20, 0, 1000);
	assert_false(bar_step(&p, 9 << 20, 5000, line));		/* no tenth yet */
	assert_true(bar_step(&p, 41 << 20, 5000, line));
	assert_string_equal(line, "[####......]  41 %  41.0 of 100.0 MiB  10.2 MiB/s");
	assert_false(bar_step(&p, 55 << 20, 5400, line));		/* two a second at most */
	assert_true(bar_step(&p, 55 << 20, 5500, line));
	assert_false(bar_step(&p, 55 << 20, 20000, line));
	assert_true(bar_step(&p, 55 << 20, 20500, line));		/* slow: a sign of life */
	assert_true(bar_step(&p, 100 << 20, 20501, line));		/* the end is always said */
	assert_non_null(strstr(line, "[##########] 100 %"));
	assert_false(bar_step(&p, 100 << 20, 90000, line));	/* and once */

	bar_init(&p, 0, 0, 0);
	assert_false(bar_step(&p, 5 << 20, 14999, line));
	assert_true(bar_step(&p, 30 << 20, 15000, line));
	assert_string_equal(line, "30.0 MiB  2.0 MiB/s");
}

static void
progress_is_seldom(void **state)
{
	char line[BAR_LINE];
	struct bar p;
	unsigned lines = 0;

	(void)state;
	bar_init(&p, 1000, 0, 0);
	for (int i = 1; i <= 1000; i++)
		lines += bar_step(&p, (uint64_t)i, i * 10, line);
	assert_int_equal(lines, 10);
}

static void
state_partition(void **state)
{
	(void)state;
	assert_true(cache_is_state("MAJOR=8\nPARTN=2\nPARTNAME=bootserver-state\n"));
	assert_true(cache_is_state("PARTNAME=bootserver-state"));
	assert_false(cache_is_state("MAJOR=8\nPARTNAME=bootserver-state2\n"));
	assert_false(cache_is_state("MAJOR=8\nXPARTNAME=bootserver-state\n"));
	assert_false(cache_is_state(""));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory),
		cmocka_unit_test(backoff),
		cmocka_unit_test(fetch_table),
		cmocka_unit_test(refusals_end_breaks_do_not),
		cmocka_unit_test(policies),
		cmocka_unit_test(addresses),
		cmocka_unit_test(progress_lines),
		cmocka_unit_test(progress_is_seldom),
		cmocka_unit_test(state_partition),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
