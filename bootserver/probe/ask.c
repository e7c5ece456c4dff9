/*
 * Messages of a DHCP client that boots from the network: RFC 2131 and RFC 2132, RFC 4578 for PXE,
 * RFC 3004 for the user class as iPXE misreads it, ipxe.org/howto/dhcpd for option 175.
 */
#include "probe/ask.h"

#include <stdio.h>
#include <string.h>

#define HEADER 236
#define LEAST 300		/* RFC 1542, 2.1 */

struct pen {
	uint8_t *at;
};

static void
put(struct pen *pen, uint64_t value, size_t len)
{
	while (len-- > 0)
		*pen->at++ = (uint8_t)(value >> 8 * len);
}

static void
put_bytes(struct pen *pen, const void *bytes, size_t len)
{
	memcpy(pen->at, bytes, len);
	pen->at += len;
}

static void
option(struct pen *pen, uint8_t code, const void *bytes, size_t len)
{
	put(pen, code, 1);
	put(pen, len, 1);
	put_bytes(pen, bytes, len);
}

static void
option_number(struct pen *pen, uint8_t code, uint64_t value, size_t len)
{
	put(pen, code, 1);
	put(pen, len, 1);
	put(pen, value, len);
}

static void
option_vendor(struct pen *pen, const struct ask *ask)
{
	const struct firmware *f = ask->firmware;
	char text[40];
	int len = snprintf(text, sizeof(text), "%s:Arch:%05u:UNDI:%03u%03u",
			   f->http && !ask->ipxe ? "HTTPClient" : "PXEClient", f->arch, f->undi[0],
			   f->undi[1]);

	option(pen, 60, text, (size_t)len);
}

/* Firmware names itself by its UUID (PXE 2.1, 2.2.3), iPXE by its MAC address. */
static void
option_client(struct pen *pen, const struct ask *ask)
{
	uint8_t id[17] = { ask->ipxe ? 1 : 0 };

	if (ask->ipxe) {
		memcpy(id + 1, ask->mac, 6);
		option(pen, 61, id, 7);
	} else {
		memcpy(id + 1, ask->uuid, 16);
		option(pen, 61, id, 17);
	}
	id[0] = 0;
	memcpy(id + 1, ask->uuid, 16);
	option(pen, 97, id, 17);
}

static void
options_ipxe(struct pen *pen, const struct ask *ask)
{
	/* encapsulated: version 2.0.0, and that it has HTTP, HTTPS, menus, DNS, bzImage, EFI */
	static const uint8_t features[] = {
		0xeb, 3, 2, 0, 0, 0x13, 1, 1, 0x14, 1, 1, 0x27, 1, 1, 0x17, 1, 1, 0x18, 1, 1,
		0x24, 1, 1,
	};

	if (ask->bad_class)
		option(pen, 77, "\x09iPXE", 5);
	else
		option(pen, 77, "iPXE", 4);
	option(pen, 175, features, sizeof(features));
}

static void
options(struct pen *pen, const struct ask *ask)
{
	static const uint8_t wanted[] = {
		1, 3, 6, 12, 15, 17, 28, 42, 43, 54, 60, 66, 67, 97, 119, 128, 129, 175, 203,
	};
	const struct firmware *f = ask->firmware;

	option_number(pen, 53, ask->kind, 1);
	if (ask->kind == ASK_RELEASE)
		goto server;
	option_number(pen, 57, 1472, 2);
	option(pen, 55, wanted, sizeof(wanted));
	option_number(pen, 93, f->arch, 2);
	option_number(pen, 94, 1u << 16 | (unsigned)f->undi[0] << 8 | f->undi[1], 3);
	option_vendor(pen, ask);
	if (ask->ipxe)
		options_ipxe(pen, ask);
	if (ask->wish != 0)
		option_number(pen, 50, ask->wish, 4);
	if (ask->choice >= 0) {
		put(pen, 43, 1), put(pen, 7, 1);
		option_number(pen, 71, (unsigned)ask->choice << 16, 4);
		put(pen, 255, 1);
	}
server:
	option_client(pen, ask);
	if (ask->server != 0)
		option_number(pen, 54, ask->server, 4);
	put(pen, 255, 1);
}

size_t
ask_format(uint8_t ret[ASK_MOST], const struct ask *ask)
{
	struct pen pen = { ret };
	size_t len;

	memset(ret, 0, ASK_MOST);
	put(&pen, 0x01010600, 4);
	put(&pen, ask->xid, 4);
	put(&pen, ask->secs, 2);
	put(&pen, ask->own == 0 ? 0x8000 : 0, 2);	/* answers by broadcast */
	put(&pen, ask->own, 4);
	pen.at = ret + 28;
	put_bytes(&pen, ask->mac, 6);
	pen.at = ret + HEADER;
	put(&pen, 0x63825363, 4);
	options(&pen, ask);
	len = (size_t)(pen.at - ret);
	return len < LEAST ? LEAST : len;
}

static uint16_t
sum(const uint8_t *at, size_t len)
{
	uint32_t ret = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		ret += (uint32_t)at[i] << 8 | at[i + 1];
	while (ret >> 16)
		ret = (ret & 0xffff) + (ret >> 16);
	return (uint16_t)~ret;
}

size_t
ask_frame(uint8_t ret[ASK_MOST + 42], const struct ask *ask)
{
	size_t len = ask_format(ret + 42, ask);
	struct pen pen = { ret };

	put(&pen, 0xffffffffffff, 6);
	put_bytes(&pen, ask->mac, 6);
	put(&pen, 0x0800, 2);
	put(&pen, 0x4500, 2);
	put(&pen, 28 + len, 2);
	put(&pen, 0, 4);
	put(&pen, 0x40110000, 4);	/* time to live 64, UDP */
	put(&pen, 0, 4);
	put(&pen, 0xffffffff, 4);
	put(&pen, 68u << 16 | 67, 4);
	put(&pen, 8 + len, 2);
	put(&pen, 0, 2);		/* no sum: RFC 768 */
	ret[24] = 0, ret[25] = 0;
	pen.at = ret + 24;
	put(&pen, sum(ret + 14, 20), 2);
	return 42 + len;
}
