#ifndef LIB_STAMP_H
#define LIB_STAMP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

/* What is changed in and read from Debian's iPXE binaries: bytes in, bytes out. */

/*
 * Makes an EFI binary of iPXE trust one certificate: the fingerprint of iPXE's own root (SHA-256 of
 * the certificate, DER; iPXE's src/crypto/rootcert.c) is replaced by `fingerprint`.  -EINVAL, and
 * the bytes are as they were, unless it is there exactly once.
 */
int stamp_root(unsigned char *binary, size_t len, const uint8_t fingerprint[32], struct err *err);

/* Does an EFI binary trust the certificate of this fingerprint?  -EINVAL with the rest of a
 * sentence that begins with the file's name. */
int stamp_check(const void *binary, size_t len, const uint8_t fingerprint[32], struct err *err);

#define STAMP_VERSION 64

/*
 * The version that a BIOS binary (undionly.kpxe) will give as ${version}: it is in the LZMA
 * compressed part (parameters: iPXE's src/util/zbin.c).  `ret` holds STAMP_VERSION bytes; -EINVAL
 * when there is none, or more than one.
 */
int stamp_version(char ret[STAMP_VERSION], const void *binary, size_t len, struct err *err);

#endif
