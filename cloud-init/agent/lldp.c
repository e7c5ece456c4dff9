/* One LLDP frame: see lldp.h. */
#include "cloud-init/agent/lldp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "lib/hex.h"
#include "lib/net.h"
#include "lib/str.h"

#define ETHERTYPE_LLDP 0x88cc
#define ETHERTYPE_VLAN 0x8100

enum tlv { TLV_END, TLV_CHASSIS, TLV_PORT, TLV_TTL, TLV_PORT_TEXT, TLV_NAME };

/* A cursor whose first fault sticks. */
struct cursor {
	const uint8_t *at;
	size_t left;
	bool bad;
};

static uint16_t
take16(struct cursor *c)
{
	uint16_t value;

	if (c->left < 2) {
		c->bad = true;
		return 0;
	}
	value = (uint16_t)(c->at[0] << 8 | c->at[1]);
	c->at += 2;
	c->left -= 2;
	return value;
}

static struct cursor
take(struct cursor *c, size_t len)
{
	struct cursor part = { c->at, len, false };

	if (len > c->left) {
		c->bad = true;
		return (struct cursor){ c->at, 0, true };
	}
	c->at += len;
	c->left -= len;
	return part;
}

/* Text of a foreign device: printable ASCII, anything else becomes '?'. */
static void
set_text(char ret[256], const uint8_t *at, size_t len)
{
	size_t n = len < 255 ? len : 255;

	for (size_t i = 0; i < n; i++)
		ret[i] = at[i] >= 0x20 && at[i] < 0x7f ? (char)at[i] : '?';
	ret[n] = '\0';
}

static void
set_address(char ret[256], const uint8_t *at, size_t len)
{
	if (len == 5 && at[0] == 1)	/* IANA address family 1: IPv4 */
		inet_ntop(AF_INET, at + 1, ret, 256);
	else if (len == 17 && at[0] == 2)
		inet_ntop(AF_INET6, at + 1, ret, 256);
	else
		hex_format(ret, at, len < 120 ? len : 120);
}

/* Chassis and port ids begin with a subtype (tables 8-2 and 8-3); which ones are a MAC or an
 * address differs between the two. */
static void
set_id(char ret[256], struct cursor id, int mac_subtype, int address_subtype)
{
	int subtype;

	if (id.left < 2)
		return;
	subtype = id.at[0];
	if (subtype == mac_subtype && id.left == 7)
		net_mac_format(ret, id.at + 1);
	else if (subtype == address_subtype)
		set_address(ret, id.at + 1, id.left - 1);
	else
		set_text(ret, id.at + 1, id.left - 1);
}

static void
tlv_step(struct lldp_neighbour *found, int type, struct cursor value, bool *ret_leaves)
{
	switch (type) {
	case TLV_CHASSIS:
		set_id(found->chassis, value, 4, 5);
		break;
	case TLV_PORT:
		set_id(found->port, value, 3, 4);
		break;
	case TLV_TTL:
		*ret_leaves = take16(&value) == 0;
		break;
	case TLV_NAME:
		set_text(found->name, value.at, value.left);
		break;
	}
}

int
lldp_parse(const uint8_t *frame, size_t len, struct lldp_neighbour *ret)
{
	struct cursor c = { frame, len, false };
	struct lldp_neighbour found = { "", "", "" };
	bool leaves = false, end = false;
	uint16_t head;

	take(&c, 12);
	head = take16(&c);
	if (head == ETHERTYPE_VLAN) {
		take16(&c);
		head = take16(&c);
	}
	if (c.bad || head != ETHERTYPE_LLDP)
		return -EINVAL;
	while (!end && !c.bad && c.left > 0) {
		head = take16(&c);
		end = head >> 9 == TLV_END;
		if (!end && !c.bad)
			tlv_step(&found, head >> 9, take(&c, head & 0x1ff), &leaves);
	}
	if (c.bad || leaves || !found.chassis[0] || !found.port[0])
		return -EINVAL;
	*ret = found;
	return 0;
}
