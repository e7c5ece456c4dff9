/* DHCP packets of strangers: what is taken is text within its bounds, a packet cut short says the
 * same or less, and what is no DHCP writes nothing. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/dhcp.h"
#include "lib/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void
check_text(const char *text, size_t size)
{
	size_t len = strnlen(text, size);

	assert(len < size);
	for (size_t i = 0; i < len; i++)
		assert(text[i] >= ' ' && text[i] <= '~' && text[i] != '"' && text[i] != '\\');
}

static void
check(const struct dhcp_packet *p)
{
	check_text(p->mac, sizeof(p->mac));
	check_text(p->vendor, sizeof(p->vendor));
	check_text(p->user, sizeof(p->user));
	check_text(p->circuit, sizeof(p->circuit));
	check_text(p->remote, sizeof(p->remote));
	check_text(p->file, sizeof(p->file));
	check_text(p->fault, sizeof(p->fault));
	assert(strlen(p->mac) == NET_MAC_TEXT - 1);
	assert(p->arch >= -1 && p->arch <= 0xffff);
	assert(p->type >= 0 && p->type <= 255);
	assert(dhcp_type_name(p->type)[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dhcp_packet packet, before;
	uint8_t *copy = mem_new(len + 1);	/* its own end, for the sanitizer */

	if (len > 0)
		memcpy(copy, data, len);
	copy = realloc(copy, len > 0 ? len : 1);
	assert(copy != NULL);
	memset(&packet, 0x5a, sizeof(packet));
	before = packet;
	if (dhcp_parse(&packet, copy, len) == 0)
		check(&packet);
	else
		assert(memcmp(&packet, &before, sizeof(packet)) == 0);
	free(copy);
	return 0;
}
