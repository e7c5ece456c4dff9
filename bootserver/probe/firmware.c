/* The kinds of firmware: see firmware.h. */
#include "probe/firmware.h"

#include "lib/str.h"

/* PXE 2.1, 2.2.3: waits of 4, 8, 16 and 32 s; EDK2 has them as PXEBC_DHCP_RETRIES, too. */
#define PXE_RETRY { 4000, 8000, 16000, 32000 }

const struct firmware firmwares[] = {
	{ .name = "uefi-x86_64", .what = "UEFI x86_64", .arch = 7, .undi = { 3, 16 }, .efi = true,
	  .buildarch = "x86_64", .blksize = 1468, .retry_ms = PXE_RETRY, .collect_ms = 4000 },
	{ .name = "uefi-arm64", .what = "UEFI ARM64", .arch = 11, .undi = { 3, 16 }, .efi = true,
	  .buildarch = "arm64", .blksize = 1468, .retry_ms = PXE_RETRY, .collect_ms = 4000 },
	{ .name = "bios", .what = "BIOS", .arch = 0, .undi = { 2, 1 }, .buildarch = "i386",
	  .blksize = 1456, .retry_ms = PXE_RETRY, .collect_ms = 4000 },
	{ .name = "uefi-http-x86_64", .what = "UEFI x86_64 HTTP Boot", .arch = 16,
	  .undi = { 3, 16 }, .efi = true, .http = true, .buildarch = "x86_64", .blksize = 1468,
	  .retry_ms = PXE_RETRY, .collect_ms = 4000 },
	{ .name = "uefi-http-arm64", .what = "UEFI ARM64 HTTP Boot", .arch = 19,
	  .undi = { 3, 16 }, .efi = true, .http = true, .buildarch = "arm64", .blksize = 1468,
	  .retry_ms = PXE_RETRY, .collect_ms = 4000 },
	{ .name = NULL },
};

/* iPXE's src/config/dhcp.h: DISCOVER after 1 s and up to 10; it waits 2 s for proxy offers.  Its
 * src/net/udp/tftp.c asks for blocks of 1432 bytes. */
const struct firmware firmware_ipxe = {
	.name = "ipxe", .what = "iPXE", .blksize = 1432,
	.retry_ms = { 1000, 2000, 4000, 8000 }, .collect_ms = 2000,
};

const struct firmware *
firmware_find(const char *name)
{
	for (const struct firmware *f = firmwares; f->name != NULL; f++)
		if (str_eq(f->name, name))
			return f;
	return NULL;
}
