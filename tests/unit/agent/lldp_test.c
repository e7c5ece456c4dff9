/* LLDP frames, good and bad. */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "cloud-init/agent/lldp.h"

#define ETHER "\x01\x80\xc2\x00\x00\x0e\x02\x00\x00\x00\x00\x09"
#define CHASSIS_MAC "\x02\x07\x04\x02\xab\xcd\x00\x00\x01"
#define PORT "\x04\x0d\x05" "Ethernet1/12"
#define TTL "\x06\x02\x00\x78"
#define GONE "\x06\x02\x00\x00"
#define NAME "\x0a\x04" "leaf"
#define END "\x00\x00"

#define FRAME(x) (const uint8_t *)(x), sizeof(x) - 1

static void
a_switch(void **state)
{
	struct lldp_neighbour n;

	(void)state;
	assert_int_equal(lldp_parse(FRAME(ETHER "\x88\xcc" CHASSIS_MAC PORT TTL NAME END), &n), 0);
	assert_string_equal(n.chassis, "02:ab:cd:00:00:01");
	assert_string_equal(n.port, "Ethernet1/12");
	assert_string_equal(n.name, "leaf");
}

static void
a_tagged_frame(void **state)
{
	struct lldp_neighbour n;

	(void)state;
	assert_int_equal(lldp_parse(FRAME(ETHER "\x81\x00\x00\x05\x88\xcc" CHASSIS_MAC PORT
					  TTL), &n), 0);
	assert_string_equal(n.name, "");
}

static void
addresses_and_odd_bytes(void **state)
{
	struct lldp_neighbour n;

	(void)state;
	assert_int_equal(lldp_parse(FRAME(ETHER "\x88\xcc" "\x02\x06\x05\x01\x0a\x09\x00\x01"
					  "\x04\x07\x03\x02\x00\x00\x00\x00\x07" TTL
					  "\x0a\x04" "a\x1b" "[m" END), &n), 0);
	assert_string_equal(n.chassis, "10.9.0.1");
	assert_string_equal(n.port, "02:00:00:00:00:07");
	assert_string_equal(n.name, "a?[m");
}

static void
refused(void **state)
{
	static const struct {
		const uint8_t *frame;
		size_t len;
	} rows[] = {
		{ FRAME("") },
		{ FRAME(ETHER) },
		{ FRAME(ETHER "\x08\x00" CHASSIS_MAC PORT TTL END) },	/* IPv4 */
		{ FRAME(ETHER "\x88\xcc" END) },				/* nothing in it */
		{ FRAME(ETHER "\x88\xcc" CHASSIS_MAC TTL END) },		/* no port */
		{ FRAME(ETHER "\x88\xcc" CHASSIS_MAC PORT GONE END) },	/* goodbye */
		{ FRAME(ETHER "\x88\xcc" CHASSIS_MAC "\x04\xff\x05" "E") },	/* beyond the end */
		{ FRAME(ETHER "\x88\xcc" CHASSIS_MAC PORT "\x06\x01\x00") },
		{ FRAME(ETHER "\x88\xcc" CHASSIS_MAC PORT "\x06") },	/* half a head */
		{ FRAME(ETHER "\x81\x00\x00\x05") },
	};
	struct lldp_neighbour n = { "before", "", "" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (lldp_parse(rows[i].frame, rows[i].len, &n) != -EINVAL)
			fail_msg("row %zu was taken", i);
	assert_string_equal(n.chassis, "before");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_switch),
		cmocka_unit_test(a_tagged_frame),
		cmocka_unit_test(addresses_and_odd_bytes),
		cmocka_unit_test(refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
