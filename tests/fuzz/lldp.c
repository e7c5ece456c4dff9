/* LLDP frames of a foreign switch: what is taken is printable text within its bounds. */
#include <assert.h>
#include <string.h>

#include "cloud-init/agent/lldp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check(const char text[256])
{
	size_t len = strnlen(text, 256);

	assert(len < 256);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= 0x20 && text[i] < 0x7f);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct lldp_neighbour n;

	if (lldp_parse(data, len, &n) < 0)
		return 0;
	check(n.chassis);
	check(n.port);
	check(n.name);
	assert(n.chassis[0] && n.port[0]);
	return 0;
}
