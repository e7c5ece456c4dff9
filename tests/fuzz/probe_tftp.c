/* TFTP packets and joined frames of strangers: what is taken lies within what came. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "probe/tftp.h"
#include "probe/ether.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
cut(const uint8_t *data, size_t len)
{
	struct ether_frame frame = { .data = data, .len = len };
	uint8_t piece[ETHER_FRAME];
	size_t at = 0, n, payload = len > 0 ? data[0] : 0;

	while ((n = ether_cut(piece, sizeof(piece), &frame, payload, &at)) > 0)
		assert(n <= sizeof(piece) && at <= len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct tftp_packet p;
	uint8_t *copy = mem_new(len + 1);	/* its own end, for the sanitizer */

	if (len > 0)
		memcpy(copy, data, len);
	copy = realloc(copy, len > 0 ? len : 1);
	assert(copy != NULL);
	if (tftp_parse(&p, copy, len) == TFTP_DATA)
		assert(p.data + p.len == copy + len);
	assert(strlen(p.text) < sizeof(p.text));
	assert(p.blksize == 0 || p.blksize >= 8);
	cut(copy, len);
	free(copy);
	return 0;
}
