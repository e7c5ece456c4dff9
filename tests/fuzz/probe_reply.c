/* HTTP answers of strangers: whole or in pieces they say the same, and no more body than came. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "probe/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
add(void *arg, const char *data, size_t len)
{
	buf_add(arg, data, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct reply *whole = mem_new(sizeof(*whole)), *pieces = mem_new(sizeof(*pieces));
	struct buf first, second;

	buf_init(&first);
	buf_init(&second);
	reply_init(whole);
	reply_init(pieces);
	reply_take(whole, (const char *)data, len, add, &first);
	for (size_t i = 0; i < len; i++)
		reply_take(pieces, (const char *)data + i, 1, add, &second);
	assert(whole->state == pieces->state && whole->status == pieces->status);
	assert(first.len == second.len && memcmp(first.text, second.text, first.len) == 0);
	assert(first.len <= len);
	assert(strlen(whole->location) < sizeof(whole->location));
	assert(reply_is_whole(whole) == reply_is_whole(pieces));
	buf_fini(&first);
	buf_fini(&second);
	free(whole);
	free(pieces);
	return 0;
}
