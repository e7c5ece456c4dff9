/* The label of a Ceph OSD's block device: see bluestore.h. */
#include "cloud-init/agent/bluestore.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/str.h"

#define UUID 36
#define MEMBERS_MOST 64

/* A place in the bytes; `bad` once something was not there, and then everything is empty. */
struct cursor {
	const unsigned char *at, *end;
	bool bad;
};

static const unsigned char *
take(struct cursor *c, size_t len)
{
	const unsigned char *at = c->at;

	if (c->bad || (size_t)(c->end - c->at) < len) {
		c->bad = true;
		return NULL;
	}
	c->at += len;
	return at;
}

static uint32_t
take_number(struct cursor *c)
{
	const unsigned char *at = take(c, 4);

	return at ? at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24
		  : 0;
}

/* A string of Ceph's: its length, its bytes. */
static const char *
take_text(struct cursor *c, size_t *ret_len)
{
	*ret_len = take_number(c);
	return (const char *)take(c, *ret_len);
}

static bool
is_uuid(const char *text, size_t len)
{
	if (len != UUID)
		return false;
	for (size_t i = 0; i < len; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? text[i] != '-'
							    : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

static bool
is_number(const char *text, size_t len)
{
	if (len == 0 || len > 9)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]))
			return false;
	return true;
}

static bool
names(const char *key, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(key, name, len) == 0;
}

/* One of the label's further members, a map of strings. */
static void
take_member(struct cursor *c, struct bluestore *label)
{
	size_t klen, vlen;
	const char *key = take_text(c, &klen), *value = take_text(c, &vlen);

	if (!key || !value)
		return;
	if (names(key, klen, "ceph_fsid") && is_uuid(value, vlen))
		memcpy(label->fsid, value, vlen);
	else if (names(key, klen, "whoami") && is_number(value, vlen))
		memcpy(label->whoami, value, vlen);
}

int
bluestore_parse(struct bluestore *ret, const void *data, size_t len, struct err *err)
{
	struct cursor c = { data, (const unsigned char *)data + len, false };
	const unsigned char *line = take(&c, strlen(BLUESTORE_LINE)), *uuid = take(&c, UUID + 1);
	struct bluestore label = { "", "", "" };
	uint32_t members;
	size_t ignored;

	if (c.bad || memcmp(line, BLUESTORE_LINE, strlen(BLUESTORE_LINE)) != 0 ||
	    !is_uuid((const char *)uuid, UUID) || uuid[UUID] != '\n')
		return err_set(err, -EINVAL, "no BlueStore label");
	memcpy(label.osd_uuid, uuid, UUID);
	take(&c, 6);			/* version, compatible version, length */
	take(&c, 16 + 8 + 8);		/* osd_uuid, size, btime */
	take_text(&c, &ignored);	/* description */
	members = take_number(&c);
	if (members > MEMBERS_MOST)
		return err_set(err, -EINVAL, "a BlueStore label with %u members", members);
	while (members-- > 0)
		take_member(&c, &label);
	if (c.bad)
		return err_set(err, -EINVAL, "a BlueStore label that is cut short");
	*ret = label;
	return 0;
}
