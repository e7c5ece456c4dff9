/* How many large transfers go on at once: the search on links that are played by a formula. */
#include "cmocka_all.h"

#include "web/slots.h"

/* A link of `link` bytes a second and machines that take `one` each; beyond `strained` transfers
 * each one costs `strain` of the link (small windows, lost segments); 0: never. */
static const struct {
	const char *what;
	double link, one;
	unsigned strained;
	double strain;
	unsigned least, most;	/* where the search has to stay, once it has found it */
} links[] = {
	{ "gigabit, iPXE in emulation", 118e6, 10e6, 0, 0, 8, 16 },
	{ "gigabit, one fills it", 118e6, 118e6, 0, 0, SLOTS_LEAST, 5 },
	{ "ten gigabit, iPXE at 30 MB/s", 1180e6, 30e6, 0, 0, 28, 52 },
	{ "hundred gigabit, slow machines", 11.8e9, 10e6, 0, 0, 180, SLOTS_MOST },
	{ "a link that suffers from many", 118e6, 20e6, 8, 0.03, SLOTS_LEAST, 10 },
};

static double
rate_of(size_t row, unsigned count)
{
	double rate = links[row].one * count;
	double link = links[row].link;

	if (links[row].strained && count > links[row].strained)
		link *= 1 - links[row].strain * (count - links[row].strained);
	return rate < link ? rate : link;
}

static void
finds_the_number(void **state)
{
	(void)state;
	for (size_t row = 0; row < sizeof(links) / sizeof(links[0]); row++) {
		struct slots slots;

		slots_init(&slots, 0);
		for (int window = 0; window < 600; window++) {
			/* a rate is never quite the same twice */
			double noise = 1 + ((window * 7) % 5 - 2) * 0.004;

			slots_step(&slots, rate_of(row, slots.count) * noise, true);
			assert_in_range(slots.count, SLOTS_LEAST, SLOTS_MOST);
			if (window > 100 && slots.trying == SLOTS_STEADY &&
			    (slots.count < links[row].least || slots.count > links[row].most))
				fail_msg("%s: %u slots after %d windows", links[row].what,
					 slots.count, window);
		}
	}
}

static void
follows_a_faster_link(void **state)
{
	struct slots slots;

	(void)state;
	slots_init(&slots, 0);
	for (int window = 0; window < 200; window++)
		slots_step(&slots, rate_of(1, slots.count), true);
	assert_in_range(slots.count, SLOTS_LEAST, 5);
	for (int window = 0; window < 400; window++)
		slots_step(&slots, rate_of(2, slots.count), true);
	assert_in_range(slots.count, 28, 60);
}

static void
learns_nothing_from_idle_windows(void **state)
{
	struct slots slots;

	(void)state;
	slots_init(&slots, 0);
	for (int window = 0; window < 100; window++)
		slots_step(&slots, 1e6, false);
	assert_int_equal(slots.count, SLOTS_FIRST);
}

static void
keeps_a_fixed_number(void **state)
{
	struct slots slots;

	(void)state;
	slots_init(&slots, 3);
	for (int window = 0; window < 100; window++)
		slots_step(&slots, window * 1e6, true);
	assert_int_equal(slots.count, 3);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_number),
		cmocka_unit_test(follows_a_faster_link),
		cmocka_unit_test(learns_nothing_from_idle_windows),
		cmocka_unit_test(keeps_a_fixed_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
