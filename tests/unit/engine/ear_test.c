/*
 * What the ear makes of packets: the timeline from the first question on, other servers, malformed
 * packets, silence and what to do about it; and the packets as a pcap file.
 */
#include "tests/unit/engine/bench.c"

#include "engine/ear.h"
#include "engine/machines.h"

#define FIRMWARE "PXEClient:Arch:00007:UNDI:003016"

/* A packet of MAC1; `more` is a JSON object of further members. */
static void
heard(struct bench *b, bool reply, const char *kind, const char *more)
{
	json_t *body = json_pack("{s:s, s:s, s:s, s:b, s:i, s:s}", "type", "heard", "mac", MAC1,
				 "kind", kind, "reply", reply, "port", 67, "frame", "AQIDBA==");
	json_t *rest = json_loads(more, 0, NULL);

	assert_non_null(rest);
	json_object_update(body, rest);
	json_decref(rest);
	bench_say(b, false, body, NULL, 0);
}

static void
discover(struct bench *b)
{
	heard(b, false, "discover", "{\"vendor\": \"" FIRMWARE "\", \"arch\": 7}");
}

static void
wait_for(struct bench *b, int64_t ms)
{
	struct err err = { "" };

	clock_fake_ms += ms;
	engine_tick(b->e);
	assert_int_equal(engine_turn(b->e, &err), 0);
}

/* The last event of the machine's boot. */
static void
says(struct bench *b, const char *state, const char *text)
{
	const struct machine *m = index_find(&b->e->macs, MAC1);

	assert_non_null(m->boot);
	assert_string_equal(phase_state_name(m->boot->state), state);
	if (strcmp(m->boot->text, text) != 0)
		fail_msg("it says \"%s\"", m->boot->text);
}

static void
from_the_first_question_on(void **state)
{
	struct bench *b = *state;

	discover(b);
	says(b, "begin", "firmware (x86_64 UEFI) asks for an address");
	heard(b, true, "offer", "{\"server\": \"10.9.0.1\", \"given\": \"10.9.0.101\", "
	      "\"file\": \"snponly.efi\"}");
	heard(b, false, "request", "{\"server\": \"10.9.0.1\", \"asked\": \"10.9.0.101\"}");
	heard(b, true, "ack", "{\"server\": \"10.9.0.1\", \"given\": \"10.9.0.101\", "
	      "\"file\": \"snponly.efi\"}");
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient", "");
	says(b, "done", "firmware has 10.9.0.101");
	wait_for(b, 19000);
	says(b, "done", "firmware has 10.9.0.101");
	wait_for(b, 2000);
	says(b, "wait", "firmware (x86_64 UEFI) was told snponly.efi and has not fetched it: is "
	     "UDP port 69 open between it and 10.9.0.1?");
	/* it did fetch it after all: nothing is said of what goes well */
	bench_say(b, true, json_pack("{s:s, s:s, s:s, s:i}", "type", "tftp", "ip", "10.9.0.101",
				     "file", "snponly.efi", "size", 1), NULL, 0);
	says(b, "done", "snponly.efi");
	heard(b, false, "discover", "{\"vendor\": \"PXEClient\", \"ipxe\": true, \"arch\": 7}");
	wait_for(b, 60000);
	says(b, "done", "snponly.efi");
}

static void
nobody_answers(void **state)
{
	struct bench *b = *state;

	discover(b);
	wait_for(b, 9000);
	says(b, "begin", "firmware (x86_64 UEFI) asks for an address");
	discover(b);
	wait_for(b, 1000);
	says(b, "wait", "firmware (x86_64 UEFI) asked 2 times and was given no address: is the "
	     "pool used up, or is there none (dhcp.range, or an address for the machine)?");
	discover(b);
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient", "");
	says(b, "done", "firmware has 10.9.0.101");
}

static void
another_server(void **state)
{
	struct bench *b = *state;

	discover(b);
	heard(b, true, "offer", "{\"server\": \"10.9.0.77\", \"given\": \"10.9.0.5\"}");
	says(b, "wait", "another DHCP server, 10.9.0.77, offers 10.9.0.5: take it off this "
	     "segment, or set dhcp: {mode: proxy} if it is the site's");
	/* once is enough */
	bench_lease(b, MAC1, "10.9.0.101", "PXEClient", "");
	heard(b, true, "offer", "{\"server\": \"10.9.0.77\", \"given\": \"10.9.0.6\"}");
	says(b, "done", "firmware has 10.9.0.101");
	heard(b, true, "offer", "{\"server\": \"10.9.0.78\", \"file\": \"pxelinux.0\", "
	      "\"next\": \"10.9.0.79\"}");
	says(b, "wait", "another PXE server, 10.9.0.78, offers the boot file pxelinux.0 of "
	     "10.9.0.79: whichever is faster boots this machine; take that setting away there");
}

static void
malformed(void **state)
{
	struct bench *b = *state;

	heard(b, false, "unknown", "{\"vendor\": \"PXEClient\", \"arch\": 0, "
	      "\"fault\": \"option 53 (message type) says 0, which is none\"}");
	says(b, "wait", "firmware (x86 BIOS) sends a malformed packet: option 53 (message type) "
	     "says 0, which is none; look for newer firmware");
	heard(b, false, "discover", "{\"vendor\": \"PXEClient\", "
	      "\"fault\": \"option 93 (client architecture) has 1 bytes instead of 2\"}");
	says(b, "wait", "firmware sends a malformed packet: option 93 (client architecture) has 1 "
	     "bytes instead of 2; look for newer firmware");
	heard(b, true, "nak", "{\"server\": \"10.9.0.1\"}");
	says(b, "wait", "this server refuses the address that it asks for: it will ask for "
	     "another");
}

static const char proxy_site[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {mode: proxy}\n"
	"image: edge\n"
	"machines:\n"
	"  - {name: n1, mac: \"" MAC1 "\"}\n";

static void
beside_another_server(void **state)
{
	struct bench *b = *state;

	bench_site_file(b, "reload", proxy_site);
	discover(b);
	heard(b, true, "offer", "{\"server\": \"10.9.0.77\", \"given\": \"10.9.0.5\"}");
	heard(b, true, "offer", "{\"server\": \"10.9.0.1\", \"file\": \"snponly.efi\"}");
	says(b, "begin", "firmware (x86_64 UEFI) asks for an address");
	heard(b, false, "request", "{\"server\": \"10.9.0.77\", \"asked\": \"10.9.0.5\"}");
	says(b, "done", "firmware (x86_64 UEFI) has 10.9.0.5 from the DHCP server 10.9.0.77");
	heard(b, false, "request", "{\"port\": 4011}");
	heard(b, false, "request", "{\"port\": 4011}");
	wait_for(b, 21000);
	says(b, "wait", "firmware (x86_64 UEFI) asked port 4011 2 times and took no file: this "
	     "firmware ignores proxy offers; give it a reservation with the boot file in the DHCP "
	     "server 10.9.0.77 (`bootserver export dhcp`)");
}

static void
through_a_relay(void **state)
{
	static const char site[] =
		"site: {name: lab, domain: lab.internal}\n"
		"server: {interface: br0, address: 10.9.0.1/24}\n"
		"dhcp: {mode: relay, networks: [{subnet: 10.8.0.0/24, range: "
		"10.8.0.9-10.8.0.99}]}\nimage: edge\n"
		"machines:\n"
		"  - {name: n1, mac: \"" MAC1 "\"}\n";
	static const char packet[] =
		"{\"vendor\": \"" FIRMWARE "\", \"arch\": 7, \"relay\": \"10.7.0.254\", "
		"\"circuit\": \"ge-0/0/3\", \"remote\": \"0001\"}";
	struct bench *b = *state;

	bench_site_file(b, "reload", site);
	heard(b, false, "discover", packet);
	says(b, "begin", "firmware (x86_64 UEFI) asks for an address, through relay 10.7.0.254 "
	     "(circuit ge-0/0/3, remote 0001)");
	heard(b, false, "discover", packet);
	wait_for(b, 9000);
	says(b, "wait", "firmware (x86_64 UEFI) asked 2 times through relay 10.7.0.254, which is "
	     "in no network of the site: add its subnet to dhcp.networks");
}

static void
strangers(void **state)
{
	struct bench *b = *state;
	size_t count = b->e->nmachines;

	/* an operating system of nobody's is none of our machines; firmware is, and waits */
	heard(b, false, "discover", "{\"mac\": \"" STRANGE "\", \"vendor\": \"MSFT 5.0\"}");
	assert_int_equal(b->e->nmachines, count);
	heard(b, false, "discover", "{\"mac\": \"" STRANGE "\", \"vendor\": \"" FIRMWARE "\"}");
	assert_int_equal(b->e->nmachines, count + 1);
	/* ten thousand more are too many to take down */
	for (int i = 0; i < 10000; i++) {
		char more[128];

		snprintf(more, sizeof(more),
			 "{\"mac\": \"02:00:00:00:%02x:%02x\", \"vendor\": \"PXEClient\"}", i >> 8,
			 i & 255);
		heard(b, false, "discover", more);
	}
	assert_in_range(b->e->nmachines, count + 2, count + 1000);
}

static void
packets_as_pcap(void **state)
{
	struct bench *b = *state;
	struct machine *m = index_find(&b->e->macs, MAC1);
	unsigned char *bytes;
	uint32_t magic;
	json_t *answer;
	size_t len;

	assert_null(ear_pcap(b->e, m, &len));
	json_decref(bench_route(b, "GET", "/v1/machines/n1/pcap", NULL, 404));
	for (int i = 0; i < 30; i++)
		discover(b);
	bytes = ear_pcap(b->e, m, &len);
	assert_non_null(bytes);
	/* the last 24 of them, each of 4 bytes */
	assert_int_equal(len, 24 + 24 * (16 + 4));
	memcpy(&magic, bytes, sizeof(magic));
	assert_int_equal(magic, 0xa1b2c3d4);
	assert_memory_equal(bytes + len - 4, "\1\2\3\4", 4);
	free(bytes);
	answer = bench_route(b, "GET", "/v1/machines/n1/pcap", NULL, 200);
	assert_true(strlen(json_str(answer, "pcap", "")) > 600);
	json_decref(answer);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_enter, bench_leave)
	const struct CMUnitTest tests[] = {
		TEST(from_the_first_question_on), TEST(nobody_answers), TEST(another_server),
		TEST(malformed), TEST(beside_another_server), TEST(through_a_relay),
		TEST(strangers), TEST(packets_as_pcap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
