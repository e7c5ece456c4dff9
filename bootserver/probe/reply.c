/* See reply.h. */
#include "probe/reply.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/str.h"

void
reply_init(struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->length = -1;
}

static enum reply_state
status_line(struct reply *reply)
{
	const char *at = reply->line;

	if (!str_starts(at, "HTTP/1.") || (at[7] != '0' && at[7] != '1') || at[8] != ' ')
		return REPLY_BAD;
	for (int i = 9; i < 12; i++) {
		if (at[i] < '0' || at[i] > '9')
			return REPLY_BAD;
		reply->status = reply->status * 10 + at[i] - '0';
	}
	return reply->status < 100 || (at[12] != ' ' && at[12] != '\0') ? REPLY_BAD : REPLY_FIELDS;
}

/* Digits and nothing else; -1 otherwise. */
static int64_t
number(const char *text, int base)
{
	char *end;
	long long value;

	if (strspn(text, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") == 0)
		return -1;
	value = strtoll(text, &end, base);
	if (*end != '\0' && *end != ' ' && (base != 16 || *end != ';'))
		return -1;
	return value > INT64_MAX / 2 ? -1 : value;
}

static bool
field(struct reply *reply)
{
	char *colon = strchr(reply->line, ':'), *value;
	int64_t n;

	if (colon == NULL || colon == reply->line)
		return false;
	*colon = '\0';
	value = colon + 1 + strspn(colon + 1, " \t");
	if (strcasecmp(reply->line, "Content-Length") == 0) {
		n = number(value, 10);
		if (n < 0 || (reply->length >= 0 && reply->length != n))
			return false;
		reply->length = n;
	} else if (strcasecmp(reply->line, "Transfer-Encoding") == 0) {
		if (strcasecmp(value, "chunked") != 0)
			return false;
		reply->chunked = true;
	} else if (strcasecmp(reply->line, "Retry-After") == 0) {
		n = number(value, 10);
		reply->retry_after_s = n < 0 || n > 3600 ? 1 : (unsigned)n;
	} else if (strcasecmp(reply->line, "Location") == 0) {
		str_copy(reply->location, sizeof(reply->location), value);
	}
	return true;
}

static enum reply_state
head_ends(struct reply *reply)
{
	if (reply->status < 200) {	/* 100 Continue: another head follows */
		reply_init(reply);
		return REPLY_STATUS;
	}
	if (reply->status == 204 || reply->status == 304)
		return REPLY_DONE;
	if (reply->chunked)
		return REPLY_CHUNK_SIZE;
	reply->left = reply->length >= 0 ? (uint64_t)reply->length : UINT64_MAX;
	return reply->left == 0 ? REPLY_DONE : REPLY_BODY;
}

static enum reply_state
chunk_size(struct reply *reply)
{
	int64_t n = number(reply->line, 16);

	if (n < 0)
		return REPLY_BAD;
	reply->left = (uint64_t)n;
	return n == 0 ? REPLY_TRAILER : REPLY_CHUNK;
}

static enum reply_state
line_ends(struct reply *reply)
{
	switch (reply->state) {
	case REPLY_STATUS: return status_line(reply);
	case REPLY_FIELDS:
		if (reply->line[0] == '\0')
			return head_ends(reply);
		return field(reply) ? REPLY_FIELDS : REPLY_BAD;
	case REPLY_CHUNK_SIZE: return chunk_size(reply);
	case REPLY_CHUNK_END: return reply->line[0] == '\0' ? REPLY_CHUNK_SIZE : REPLY_BAD;
	case REPLY_TRAILER: return reply->line[0] == '\0' ? REPLY_DONE : REPLY_TRAILER;
	default: return REPLY_BAD;
	}
}

static void
take_sign(struct reply *reply, char sign)
{
	if (sign != '\n' && sign != '\0' && reply->len < sizeof(reply->line) - 1) {
		reply->line[reply->len++] = sign;
		return;
	}
	if (sign != '\n') {
		reply->state = REPLY_BAD;
		return;
	}
	if (reply->len > 0 && reply->line[reply->len - 1] == '\r')
		reply->len--;
	reply->line[reply->len] = '\0';
	reply->len = 0;
	reply->state = line_ends(reply);
}

enum reply_state
reply_take(struct reply *reply, const char *data, size_t len,
	   void (*body)(void *arg, const char *data, size_t len), void *arg)
{
	while (len > 0 && reply->state != REPLY_BAD && reply->state != REPLY_DONE) {
		size_t part = 1;

		if (reply->state == REPLY_BODY || reply->state == REPLY_CHUNK) {
			part = reply->left < len ? (size_t)reply->left : len;
			body(arg, data, part);
			if (reply->left != UINT64_MAX)
				reply->left -= part;
			if (reply->left == 0)
				reply->state = reply->chunked ? REPLY_CHUNK_END : REPLY_DONE;
		} else {
			take_sign(reply, *data);
		}
		data += part;
		len -= part;
	}
	return reply->state;
}

bool
reply_is_whole(const struct reply *reply)
{
	return reply->state == REPLY_DONE ||
	       (reply->state == REPLY_BODY && reply->length < 0);
}
