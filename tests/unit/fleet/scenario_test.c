/* Scenarios as they are written, and the card's ring as it is reckoned. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"
#include "tests/fleet/line.h"
#include "tests/fleet/scenario.h"

static int
parse(const char *text, struct scenario *ret, struct err *err)
{
	char path[] = "/tmp/scenario-XXXXXX";
	int fd = mkstemp(path), r;

	assert_true(fd >= 0);
	assert_int_equal(file_write_all(fd, text, strlen(text)), 0);
	close(fd);
	r = scenario_read(ret, path, err);
	unlink(path);
	return r;
}

static void
what_is_shipped_is_understood(void **state)
{
	static const char *const names[] = { "power-back", "beside-dhcp", "restart", "stops",
						   "loss" };
	struct scenario s;
	struct err err = { "" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *path = str_format("tests/fleet/scenarios/%s.fleet", names[i]);

		if (scenario_read(&s, path, &err) < 0)
			fail_msg("%s", err.text);
		free(path);
	}
	assert_int_equal(s.loss_ppm, 10000);
	assert_int_equal(s.power_cut_ms, 4000);
}

static void
lines(void **state)
{
	static const char *const bad[] = {
		"machines 4\n", "firmware bios 1\n", "machines 4\nfirmware pdp11 1\n",
		"machines 4\nfirmware bios\n", "machines 4\nfirmware bios 1\nlost 3 %\n",
		"machines 4\nfirmware bios 1\nloss 3\n", "machines -4\nfirmware bios 1\n",
		"machines 4\nfirmware bios 1\nspread x s\n",
	};
	struct scenario s;
	struct err err = { "" };

	(void)state;
	assert_int_equal(parse("# all of it\nmachines 5 # five\nfirmware bios 1\n"
			       "firmware uefi-arm64 2\nloss 0.5 %\ndelay 3 ms\nservice 18 us\n"
			       "ring 8\nstops\nseed 7\nkernel 3 MiB\n", &s, &err), 0);
	assert_int_equal(s.machines, 5);
	assert_int_equal(s.loss_ppm, 5000);
	assert_int_equal(s.delay_ms, 3);
	assert_int_equal(s.service_ns, 18000);
	assert_int_equal(s.seed, 7);
	assert_true(s.stops);
	assert_string_equal(scenario_firmware(&s, 0)->name, "bios");
	assert_string_equal(scenario_firmware(&s, 2)->name, "uefi-arm64");
	assert_string_equal(scenario_firmware(&s, 3)->name, "bios");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (parse(bad[i], &s, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_non_null(strstr(err.text, "/tmp/scenario-"));
	}
}

/* Full frames on a link of 1 Gbit/s: 12.3 us each; the machine takes one in 18 us. */
static void
a_ring_is_overrun_by_a_burst(void **state)
{
	struct scenario s = { .rate_mbit = 1000, .ring = 8, .service_ns = 18000, .stops = true };
	struct line line = { .scenario = &s };
	int taken = 0;

	(void)state;
	while (taken < 100 && line_takes(&line, 0, 1514))
		taken++;
	/* of n that came 12.3 n / 18 were taken out: 8 are left when n is about 25 */
	assert_in_range(taken, 22, 27);
	assert_true(line.stopped);
	assert_int_equal(line.overruns, 1);
}

static void
a_ring_bears_what_is_paced(void **state)
{
	struct scenario s = { .rate_mbit = 1000, .ring = 8, .service_ns = 18000, .stops = true };
	struct line line = { .scenario = &s };

	(void)state;
	for (int burst = 0; burst < 1000; burst++)	/* 20 frames a millisecond: 29 MB/s */
		for (int i = 0; i < 20; i++)
			assert_true(line_takes(&line, burst * 1000000LL, 1514));
	assert_false(line.stopped);
	assert_int_equal(line.overruns, 0);
}

static void
an_overrun_ring_goes_on_unless_it_stops(void **state)
{
	struct scenario s = { .rate_mbit = 1000, .ring = 8, .service_ns = 18000 };
	struct line line = { .scenario = &s };
	int taken = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		taken += line_takes(&line, 0, 1514);
	assert_in_range(taken, 650, 720);	/* 12.3 of 18 */
	assert_false(line.stopped);
	line.stopped = true;
	line_reset(&line);
	assert_false(line.stopped);
	assert_int_equal(line.held, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_shipped_is_understood),
		cmocka_unit_test(lines),
		cmocka_unit_test(a_ring_is_overrun_by_a_burst),
		cmocka_unit_test(a_ring_bears_what_is_paced),
		cmocka_unit_test(an_overrun_ring_goes_on_unless_it_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
