/*
 * What firmware is given, by the number it sends in DHCP option 93 (RFC 4578, 2.1, its errata 4625,
 * and IANA's «Processor Architecture Types»).  9 is EBC by the registry, but x86_64 firmware made
 * after the RFC's first text sends it.  A number that is not here is given an address and no file.
 */
#include "dnsmasq/dnsmasq.h"

const struct dnsmasq_arch dnsmasq_archs[] = {
	{ 0, "bios", "bios", "undionly.kpxe", "x86PC", false, "x86 BIOS" },
	{ 7, "efi-x86_64", "x86_64", "snponly.efi", "X86-64_EFI", false, "x86_64 UEFI" },
	{ 9, "efi-x86_64", "x86_64", "snponly.efi", "BC_EFI", false, "x86_64 UEFI (old)" },
	{ 11, "efi-arm64", "arm64", "ipxe-arm64.efi", "ARM64_EFI", false, "ARM64 UEFI" },
	{ 16, "http-x86_64", "x86_64", "snponly.efi", NULL, true, "x86_64 UEFI HTTP" },
	{ 19, "http-arm64", "arm64", "ipxe-arm64.efi", NULL, true, "ARM64 UEFI HTTP" },
	{ 0, NULL, NULL, NULL, NULL, false, NULL },
};
