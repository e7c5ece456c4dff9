/* What machines say and hear: DHCP messages, TFTP packets, HTTP answers, URLs, joined frames. */
#include "cmocka_all.h"

#include <errno.h>
#include <string.h>

#include "lib/dhcp.h"
#include "lib/str.h"
#include "probe/ask.h"
#include "probe/reply.h"
#include "probe/tftp.h"
#include "probe/url.h"
#include "probe/ether.h"

static const uint8_t mac[6] = { 0x52, 0x54, 0, 0, 0, 1 }, uuid[16] = "0123456789abcde";

/* Our own parser of the ear reads what our client says. */
static void
dhcp_is_said_as_firmware_says_it(void **state)
{
	struct ask ask = {
		.kind = ASK_DISCOVER, .firmware = firmware_find("uefi-arm64"), .mac = mac,
		.uuid = uuid, .xid = 0x12345678, .choice = -1,
	};
	uint8_t frame[ASK_MOST + 42];
	struct dhcp_packet p;

	(void)state;
	assert_int_equal(dhcp_parse(&p, frame, ask_frame(frame, &ask)), 0);
	assert_string_equal(p.fault, "");
	assert_string_equal(p.mac, "52:54:00:00:00:01");
	assert_string_equal(p.vendor, "PXEClient:Arch:00011:UNDI:003016");
	assert_int_equal(p.arch, 11);
	assert_int_equal(p.xid, 0x12345678);
	assert_int_equal(p.type, 1);
	assert_int_equal(p.to_port, 67);
	assert_false(p.ipxe);
	ask.ipxe = true;
	ask.kind = ASK_REQUEST;
	ask.wish = 0x0a090064;
	ask.server = 0x0a090001;
	ask.choice = 0x8000;
	assert_int_equal(dhcp_parse(&p, frame, ask_frame(frame, &ask)), 0);
	assert_string_equal(p.fault, "");
	assert_string_equal(p.user, "iPXE");
	assert_true(p.ipxe && p.pxe);
	assert_int_equal(p.type, 3);
	assert_int_equal(p.asked, 0x0a090064);
	assert_int_equal(p.server, 0x0a090001);
	ask.firmware = firmware_find("uefi-http-x86_64");
	ask.ipxe = false;
	assert_int_equal(dhcp_parse(&p, frame, ask_frame(frame, &ask)), 0);
	assert_string_equal(p.vendor, "HTTPClient:Arch:00016:UNDI:003016");
	assert_null(firmware_find("uefi-riscv"));
}

static void
tftp_packets(void **state)
{
	struct tftp_packet p;
	uint8_t bytes[128];

	(void)state;
	assert_int_equal(tftp_format(bytes, sizeof(bytes), "a/b.efi", 1468), 37);
	assert_memory_equal(bytes, "\0\1a/b.efi\0octet\0blksize\0" "1468\0tsize\0" "0", 37);
	assert_int_equal(tftp_format(bytes, 20, "a/b.efi", 1468), 0);
	assert_int_equal(tftp_parse(&p, "\0\3\1\2data", 8), TFTP_DATA);
	assert_int_equal(p.number, 0x102);
	assert_int_equal(p.len, 4);
	assert_int_equal(tftp_parse(&p, "\0\6blksize\0" "1432\0tsize\0" "300\0", 25), TFTP_OACK);
	assert_int_equal(p.blksize, 1432);
	assert_int_equal(p.tsize, 300);
	assert_int_equal(tftp_parse(&p, "\0\6blksize\0" "1432", 14), TFTP_BAD);
	assert_int_equal(tftp_parse(&p, "\0\6blksize\0" "7\0", 12), TFTP_BAD);
	assert_int_equal(tftp_parse(&p, "\0\5\0\1file\nnot found\0", 19), TFTP_ERROR);
	assert_int_equal(p.number, 1);
	assert_string_equal(p.text, "file_not found");
	assert_int_equal(tftp_parse(&p, "\0\4\0\1", 4), TFTP_BAD);
	assert_int_equal(tftp_parse(&p, "\0\3\0", 3), TFTP_BAD);
}

static void
add(void *arg, const char *data, size_t len)
{
	buf_add(arg, data, len);
}

/* All at once, and byte by byte. */
static void
check_reply(const char *text, const char *want, int status, bool whole)
{
	for (size_t step = 1; step <= strlen(text); step += strlen(text) - 1) {
		struct reply reply;
		struct buf body;

		buf_init(&body);
		reply_init(&reply);
		for (size_t at = 0; at < strlen(text); at += step) {
			size_t left = strlen(text) - at;

			reply_take(&reply, text + at, left < step ? left : step, add, &body);
		}
		if (!str_eq(body.text, want) || reply.status != status ||
		    reply_is_whole(&reply) != whole)
			fail_msg("%s: %d \"%s\" state %d", text, reply.status, body.text,
				 reply.state);
		buf_fini(&body);
	}
}

static void
http_answers(void **state)
{
	(void)state;
	check_reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcd", "abc", 200, true);
	check_reply("HTTP/1.1 200 OK\r\ncontent-length:3\r\n\r\nab", "ab", 200, false);
	check_reply("HTTP/1.0 200\r\n\r\nto the end", "to the end", 200, true);
	check_reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
		    "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nT: x\r\n\r\nmore", "abc0123456789",
		    200, true);
	check_reply("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX\r\n", "abc",
		    200, false);
	check_reply("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "",
		    404, true);
	check_reply("HTTP/1.1 503 x\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno", "no", 503,
		    true);
	check_reply("SSH-2.0-OpenSSH\r\n", "", 0, false);
	check_reply("HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc", "", 200, false);
	check_reply("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", "",
		    200, false);
}

static void
urls(void **state)
{
	struct url url, base;
	char name[16];

	(void)state;
	assert_int_equal(url_parse(&base, "tftp://10.9.0.1/d/snponly.efi", NULL), 0);
	assert_int_equal(base.port, 69);
	assert_int_equal(url_parse(&url, "autoexec.ipxe", &base), 0);
	assert_string_equal(url.path, "/d/autoexec.ipxe");
	assert_int_equal(url_parse(&url, "https://boot.lab:8443/v1/boot?mac=1/2", NULL), 0);
	assert_int_equal(url.port, 8443);
	assert_string_equal(url.host, "boot.lab");
	url_name(name, sizeof(name), &url);
	assert_string_equal(name, "boot");
	assert_int_equal(url_parse(&url, "http://10.9.0.1?x", NULL), 0);
	assert_string_equal(url.path, "/?x");
	assert_int_equal(url_parse(&url, "/top", &base), 0);
	assert_string_equal(url.path, "/top");
	assert_int_equal(url_parse(&url, "ftp://x/y", &base), -EINVAL);
	assert_int_equal(url_parse(&url, "http://x:0/y", NULL), -EINVAL);
	assert_int_equal(url_parse(&url, "http:///y", NULL), -EINVAL);
	assert_int_equal(url_parse(&url, "y", NULL), -EINVAL);
}

/* A frame of 10 bytes of TCP payload, cut into 4, 4 and 2: sequence numbers and lengths fit. */
static void
joined_frames_are_cut(void **state)
{
	static const uint8_t whole[] = {
		0x52, 0x54, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 8, 0,
		0x45, 0, 0, 50, 0, 7, 0x40, 0, 64, 6, 0, 0, 10, 9, 0, 1, 10, 9, 0, 5,
		0, 80, 0x80, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0x50, 0x19, 2, 0, 0, 0, 0, 0,
		'0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
	};
	static const uint8_t lens[] = { 4, 4, 2 }, flags[] = { 0x10, 0x10, 0x19 };
	struct ether_frame frame = { .data = whole, .len = sizeof(whole) };
	uint8_t cut[128];
	size_t at = 0;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		uint32_t sum = 0;

		assert_int_equal(ether_cut(cut, sizeof(cut), &frame, 4, &at), 54 + lens[i]);
		assert_int_equal(cut[17], 40 + lens[i]);
		assert_int_equal(cut[19], 7 + i);
		assert_int_equal(cut[41], 4 * i);
		assert_int_equal(cut[47], flags[i]);
		assert_int_equal(cut[54], '0' + 4 * i);
		for (size_t k = 14; k < 34; k += 2)
			sum += (uint32_t)cut[k] << 8 | cut[k + 1];
		assert_int_equal((sum & 0xffff) + (sum >> 16), 0xffff);
	}
	assert_int_equal(ether_cut(cut, sizeof(cut), &frame, 4, &at), 0);
	at = 0;
	frame.len = 40;
	assert_int_equal(ether_cut(cut, sizeof(cut), &frame, 4, &at), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dhcp_is_said_as_firmware_says_it),
		cmocka_unit_test(tftp_packets),
		cmocka_unit_test(http_answers),
		cmocka_unit_test(urls),
		cmocka_unit_test(joined_frames_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
