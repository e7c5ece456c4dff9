/*
 * The parser of DHCP packets: see dhcp.h.  Every read goes through a cursor whose end is the
 * packet's; what lies beyond is a fault of the packet and is told, never read.
 */
#include "lib/dhcp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

#define ETHERNET 14
#define UDP 17
#define HEADER 236		/* BOOTP up to the magic cookie (RFC 951) */
#define COOKIE 0x63825363u

struct cursor {
	const uint8_t *at, *end;
};

static size_t
left(const struct cursor *c)
{
	return (size_t)(c->end - c->at);
}

static uint32_t
number(const uint8_t *at, size_t len)
{
	uint32_t ret = 0;

	while (len-- > 0)
		ret = ret << 8 | *at++;
	return ret;
}

/* The first fault counts: what follows may come of it. */
static void __attribute__((format(printf, 2, 3)))
fault(struct dhcp_packet *p, const char *fmt, ...)
{
	va_list args;

	if (p->fault[0] != '\0')
		return;
	va_start(args, fmt);
	vsnprintf(p->fault, sizeof(p->fault), fmt, args);
	va_end(args);
}

static bool
is_plain(uint8_t byte)
{
	return byte >= ' ' && byte <= '~' && byte != '"' && byte != '\\';
}

static void
take_text(char *ret, size_t size, const uint8_t *at, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < size - 1 && at[i] != '\0'; i++)
		ret[i] = is_plain(at[i]) ? (char)at[i] : '_';
	ret[i] = '\0';
}

/* Option 82's parts are text with some switches and bytes with others. */
static void
take_mixed(char ret[DHCP_TEXT], const uint8_t *at, size_t len)
{
	bool plain = true;

	for (size_t i = 0; i < len; i++)
		plain = plain && is_plain(at[i]);
	if (plain) {
		take_text(ret, DHCP_TEXT, at, len);
		return;
	}
	ret[0] = '\0';
	for (size_t i = 0; i < len && 2 * i + 2 < DHCP_TEXT; i++)
		snprintf(ret + 2 * i, 3, "%02x", at[i]);
}

static void
take_relay(struct dhcp_packet *p, const uint8_t *at, size_t len)
{
	struct cursor c = { at, at + len };

	while (left(&c) >= 2) {
		size_t part = c.at[1];

		if (part > left(&c) - 2)
			break;
		if (c.at[0] == 1)
			take_mixed(p->circuit, c.at + 2, part);
		else if (c.at[0] == 2)
			take_mixed(p->remote, c.at + 2, part);
		c.at += 2 + part;
	}
	if (left(&c) > 0)
		fault(p, "option 82 (relay agent) is cut within");
}

/* PXE's own options (PXE 2.1, table 2-3): 8 boot servers, 9 menu; each begins with a type. */
static void
take_pxe(struct dhcp_packet *p, const uint8_t *at, size_t len)
{
	struct cursor c = { at, at + len };

	p->pxe = true;
	while (left(&c) >= 2 && c.at[0] != 255) {
		size_t part = c.at[1];

		if (c.at[0] == 0) {
			c.at++;
			continue;
		}
		if (part > left(&c) - 2)
			return;
		if (part >= 3 && (c.at[0] == 9 || (c.at[0] == 8 && p->choice < 0)))
			p->choice = (int)number(c.at + 2, 2);
		c.at += 2 + part;
	}
}

/* Length of those options that have one; a number of bytes, or a multiple of it. */
static const struct {
	uint8_t code, len;
	bool multiple;
	const char *name;
} lengths[] = {
	{ 1, 4, false, "subnet mask" }, { 3, 4, true, "router" },
	{ 6, 4, true, "name server" }, { 50, 4, false, "requested address" },
	{ 51, 4, false, "lease time" }, { 52, 1, false, "overload" },
	{ 53, 1, false, "message type" }, { 54, 4, false, "server identifier" },
	{ 57, 2, false, "maximum size" }, { 93, 2, true, "client architecture" },
	{ 94, 3, false, "network interface" }, { 97, 17, false, "client machine" },
};

static bool
length_is_good(struct dhcp_packet *p, uint8_t code, size_t len)
{
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		bool good = lengths[i].multiple ? len > 0 && len % lengths[i].len == 0 :
						  len == lengths[i].len;

		if (lengths[i].code != code || good)
			continue;
		fault(p, "option %u (%s) has %zu bytes instead of %u", code, lengths[i].name, len,
		      lengths[i].len);
		return false;
	}
	return true;
}

static void
take_type(struct dhcp_packet *p, uint8_t type)
{
	if (type == 0 || str_eq(dhcp_type_name(type), "unknown"))
		fault(p, "option 53 (message type) says %u, which is none", type);
	p->type = type == 0 ? 255 : type;
}

static void
take_option(struct dhcp_packet *p, uint8_t code, const uint8_t *at, size_t len)
{
	if (!length_is_good(p, code, len))
		return;
	switch (code) {
	case 1: p->mask = number(at, 4); break;
	case 3: p->router = number(at, 4); break;
	case 6: p->dns = number(at, 4); break;
	case 43: take_pxe(p, at, len); break;
	case 50: p->asked = number(at, 4); break;
	case 53: take_type(p, at[0]); break;
	case 54: p->server = number(at, 4); break;
	case 60: take_text(p->vendor, sizeof(p->vendor), at, len); break;
	case 67: take_text(p->file, sizeof(p->file), at, len); break;
	case 77:
		/* RFC 3004 has a length before each class; iPXE and others send the bare text */
		take_text(p->user, sizeof(p->user), at, len);
		p->ipxe = p->ipxe || strstr(p->user, "iPXE") != NULL;
		break;
	case 82: take_relay(p, at, len); break;
	case 93: p->arch = (int)number(at, 2); break;
	case 175: p->ipxe = true; break;
	default: break;
	}
}

/* One field of options; returns option 52 (which header fields hold more of them), or 0. */
static int
take_options(struct dhcp_packet *p, struct cursor c)
{
	int overload = 0;

	while (left(&c) > 0) {
		uint8_t code = *c.at++;
		size_t len;

		if (code == 0)
			continue;
		if (code == 255)
			return overload;
		len = left(&c) > 0 ? *c.at++ : 0;
		if (len > left(&c)) {
			fault(p, "option %u runs beyond the packet's end", code);
			return overload;
		}
		if (code == 52 && len == 1)
			overload = c.at[0];
		take_option(p, code, c.at, len);
		c.at += len;
	}
	return overload;
}

static int
take_bootp(struct dhcp_packet *p, struct cursor c)
{
	const uint8_t *header = c.at;
	int overload = 0;

	if (left(&c) < HEADER || header[0] < 1 || header[0] > 2 || header[1] != 1 ||
	    header[2] != 6)
		return -EINVAL;
	p->reply = header[0] == 2;
	p->xid = number(header + 4, 4);
	p->asked = number(header + 12, 4);
	p->given = number(header + 16, 4);
	p->next = number(header + 20, 4);
	p->relay = number(header + 24, 4);
	net_mac_format(p->mac, header + 28);
	c.at += HEADER;
	if (left(&c) >= 4 && number(c.at, 4) == COOKIE) {
		c.at += 4;
		overload = take_options(p, c);
	}
	/* sname and file may hold options themselves (RFC 2132, 9.3) */
	if (overload & 1)
		take_options(p, (struct cursor){ header + 108, header + 236 });
	else if (p->file[0] == '\0')
		take_text(p->file, sizeof(p->file), header + 108, 128);
	if (overload & 2)
		take_options(p, (struct cursor){ header + 44, header + 108 });
	if (!p->reply && p->type == 0 && p->vendor[0] != '\0')
		fault(p, "there is no option 53 (message type)");
	return 0;
}

/* Ethernet (a VLAN tag is taken off by the kernel), IPv4 whole, UDP. */
static int
open_frame(struct dhcp_packet *p, struct cursor *c)
{
	size_t header, total, udp;

	if (left(c) < ETHERNET + 20 || number(c->at + 12, 2) != 0x0800)
		return -EINVAL;
	c->at += ETHERNET;
	header = (c->at[0] & 15) * 4u;
	total = number(c->at + 2, 2);
	if (c->at[0] >> 4 != 4 || header < 20 || total < header + 8 || total > left(c) ||
	    c->at[9] != UDP || (number(c->at + 6, 2) & 0x3fff) != 0)
		return -EINVAL;
	c->end = c->at + total;
	p->from = number(c->at + 12, 4);
	p->to = number(c->at + 16, 4);
	c->at += header;
	p->from_port = (uint16_t)number(c->at, 2);
	p->to_port = (uint16_t)number(c->at + 2, 2);
	udp = number(c->at + 4, 2);
	if (udp < 8 || udp > left(c))
		return -EINVAL;
	c->end = c->at + udp;
	c->at += 8;
	return 0;
}

int
dhcp_parse(struct dhcp_packet *ret, const void *frame, size_t len)
{
	struct cursor c = { frame, (const uint8_t *)frame + len };
	struct dhcp_packet p = { .arch = -1, .choice = -1 };
	int r = open_frame(&p, &c);

	if (r == 0)
		r = take_bootp(&p, c);
	if (r == 0)
		*ret = p;
	return r;
}

const char *
dhcp_type_name(int type)
{
	static const char *const names[] = {
		"bootp", "discover", "offer", "request", "decline", "ack", "nak", "release",
		"inform",
	};

	return type >= 0 && type < (int)(sizeof(names) / sizeof(names[0])) ? names[type] :
									     "unknown";
}
