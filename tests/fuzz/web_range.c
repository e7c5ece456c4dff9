/* Range, If-None-Match and If-Range of hostile clients: a part is never empty and never outside the
 * file, and the same bytes asked for in the plain way are the same part. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/str.h"
#include "web/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(const char *text, uint64_t size)
{
	uint64_t first = 7, count = 7, again_first, again_count;
	char plain[64];

	if (range_parse(text, size, &first, &count) != RANGE_PART) {
		assert(first == 7 && count == 7);
		return;
	}
	assert(count > 0 && first < size && count <= size - first);
	snprintf(plain, sizeof(plain), "bytes=%" PRIu64 "-%" PRIu64, first, first + count - 1);
	assert(range_parse(plain, size, &again_first, &again_count) == RANGE_PART);
	assert(again_first == first && again_count == count);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const uint64_t sizes[] = { 0, 1, 100, 1u << 20, UINT64_MAX };
	char *text = mem_new(len + 1);

	if (len > 0)
		memcpy(text, data, len);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		check(text, sizes[i]);
	if (range_if_holds(text, "\"a\""))
		assert(strcmp(text, "\"a\"") == 0);
	if (range_etag_listed(text, "\"a\""))
		assert(strchr(text, '*') || strstr(text, "\"a\""));
	free(text);
	return 0;
}
