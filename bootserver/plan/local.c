/*
 * What differs between one firmware and the next, and is learnt by trying: which way leads to the
 * local disk, and which iPXE binary starts.
 */
#include "plan/local.h"

#include <string.h>

#include "lib/str.h"

/* On BIOS there is no file to be chained, and what `exit` does is the ROM's affair; on EFI `exit`
 * is what the specification means by a boot option that gives up (UEFI 2.10, 3.1.1). */
static const struct {
	const char *platform;
	const char *ways[LOCAL_WAYS];
} orders[] = {
	{ "efi", { "exit", "sanboot", "chain" } },
	{ "pcbios", { "sanboot", "exit", NULL } },
};

static const struct { const char *file, *other; } binaries[] = {
	{ "snponly.efi", "ipxe-amd64.efi" },
	{ "ipxe-amd64.efi", "snponly.efi" },
};

bool
local_is_way(const char *name)
{
	for (int i = 0; i < LOCAL_WAYS; i++)
		if (strcmp(orders[0].ways[i], name) == 0)
			return true;
	return false;
}

void
local_order(const char *platform, const char *last, bool good, const char *ret[LOCAL_WAYS])
{
	bool bios = strcmp(platform, orders[1].platform) == 0;
	const char *const *ways = orders[bios].ways;
	int count = 0, first = 0;

	while (count < LOCAL_WAYS && ways[count])
		count++;
	for (int i = 0; i < count; i++)
		if (strcmp(ways[i], last) == 0)
			first = good ? i : i + 1;
	for (int i = 0; i < LOCAL_WAYS; i++)
		ret[i] = i < count ? ways[(first + i) % count] : NULL;
}

const char *
local_other_binary(const char *file)
{
	for (size_t i = 0; i < sizeof(binaries) / sizeof(binaries[0]); i++)
		if (str_eq(binaries[i].file, file))
			return binaries[i].other;
	return NULL;
}
