/* The machines that were given a script: found by their nonce, bounded. */
#include "cmocka_all.h"

#include <stdbool.h>
#include <stdio.h>

#include "web/known.h"

static void
found_by_the_newest_nonce(void **state)
{
	struct known *known = known_new();

	(void)state;
	assert_null(known_find(known, "a1"));
	known_script(known, "n1", "a1", "r1", 1);
	known_script(known, "n2", "b1", "r2", 1);
	known_script(known, "", "c1", "r3", 1);
	assert_string_equal(known_find(known, "a1")->rack, "r1");
	assert_string_equal(known_find(known, "b1")->rack, "r2");
	assert_null(known_find(known, "c1"));
	known_find(known, "a1")->pace.most = 7000;
	known_find(known, "a1")->came_ms = 5;
	known_script(known, "n1", "a2", "r4", 2);
	assert_null(known_find(known, "a1"));
	assert_string_equal(known_find(known, "a2")->rack, "r4");
	assert_int_equal(known_find(known, "a2")->pace.most, 7000);
	assert_int_equal(known_find(known, "a2")->came_ms, 0);
	known_free(known);
	known_free(NULL);
}

/* Number `n` is given a script in moment `n`, its name and nonce from the number. */
static void
give(struct known *known, int n)
{
	char name[16], nonce[16];

	snprintf(name, sizeof(name), "m%d", n);
	snprintf(nonce, sizeof(nonce), "%x", n);
	known_script(known, name, nonce, "r1", n);
	known_find(known, nonce)->pace.most = (uint64_t)n;
}

static struct known_machine *
of(struct known *known, int n)
{
	char nonce[16];

	snprintf(nonce, sizeof(nonce), "%x", n);
	return known_find(known, nonce);
}

static void
who_was_not_heard_of_for_longest_goes(void **state)
{
	struct known *known = known_new();

	(void)state;
	for (int n = 1; n <= KNOWN_MOST; n++)
		give(known, n);
	known_script(known, "m1", "1", "r1", KNOWN_MOST + 1);	/* asks again */
	for (int n = KNOWN_MOST + 2; n < KNOWN_MOST + 12; n++)
		give(known, n);
	for (int n = 1; n < KNOWN_MOST + 12; n++) {
		bool gone = (n > 1 && n < 12) || n == KNOWN_MOST + 1;
		struct known_machine *machine = of(known, n);

		if (gone ? machine != NULL : !machine || machine->pace.most != (uint64_t)n)
			fail_msg("machine %d", n);
	}
	known_free(known);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(found_by_the_newest_nonce),
		cmocka_unit_test(who_was_not_heard_of_for_longest_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
