/*
 * Stamping of iPXE binaries: see stamp.h.  Nothing is rebuilt; what is not found where and as often
 * as expected is refused, so that a new version of the binaries cannot be half stamped.
 */
#include "lib/stamp.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "lib/str.h"

static const uint8_t ipxe_root[32] = {
	0x9f, 0xaf, 0x71, 0x7b, 0x7f, 0x8c, 0xa2, 0xf9, 0x3c, 0x25, 0x6c, 0x79, 0xf8, 0xac, 0x55,
	0x91, 0x89, 0x5d, 0x66, 0xd1, 0xff, 0x3b, 0xee, 0x63, 0x97, 0xa7, 0x0d, 0x29, 0xc6, 0x5e,
	0xed, 0x1a,
};

int
stamp_root(unsigned char *binary, size_t len, const uint8_t fingerprint[32], struct err *err)
{
	unsigned char *first = memmem(binary, len, ipxe_root, sizeof(ipxe_root));
	unsigned char *next;

	if (first == NULL)
		return err_set(err, -EINVAL,
			       "iPXE's root fingerprint is not in this binary: not an EFI build of "
			       "iPXE, or stamped already");
	next = first + 1;
	if (memmem(next, len - (size_t)(next - binary), ipxe_root, sizeof(ipxe_root)) != NULL)
		return err_set(err, -EINVAL,
			       "iPXE's root fingerprint is in this binary more than once");
	memcpy(first, fingerprint, 32);
	return 0;
}

int
stamp_check(const void *binary, size_t len, const uint8_t fingerprint[32], struct err *err)
{
	if (memmem(binary, len, fingerprint, 32) != NULL)
		return 0;
	if (memmem(binary, len, ipxe_root, sizeof(ipxe_root)) != NULL)
		return err_set(err, -EINVAL, "trusts iPXE's own root and not the site's CA: it is "
			       "another server's file, or was never stamped");
	return err_set(err, -EINVAL, "does not trust the site's CA: it is no iPXE, or was stamped "
		       "for another site (is the CA the right one?)");
}

/*
 * The raw LZMA stream at `at` as a .lzma file in memory: lc 2, lp 0, pb 0 make the properties byte
 * (pb * 5 + lp) * 9 + lc; a dictionary of 8 MiB (preset 6); length unknown.
 */
static unsigned char *
lzma_file(const unsigned char *at, size_t len)
{
	static const unsigned char head[13] = { 2,    0,    0,	  0x80, 0,    0xff, 0xff,
						0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	unsigned char *file = mem_new(sizeof(head) + len);

	memcpy(file, head, sizeof(head));
	memcpy(file + sizeof(head), at, len);
	return file;
}

#define UNPACKED_MAX (1 << 20)

/* Unpacks what it can; the number of bytes, 0 when this is no stream. */
static size_t
unpack(const unsigned char *at, size_t len, unsigned char *ret)
{
	unsigned char *file = lzma_file(at, len);
	struct archive *reader = archive_read_new();
	struct archive_entry *entry;
	size_t got = 0;

	archive_read_support_filter_lzma(reader);
	archive_read_support_format_raw(reader);
	if (archive_read_open_memory(reader, file, 13 + len) == ARCHIVE_OK &&
	    archive_read_next_header(reader, &entry) == ARCHIVE_OK) {
		la_ssize_t n;

		/* no end mark and bytes behind it: the last read ends with an error, as expected */
		while (got < UNPACKED_MAX &&
		       (n = archive_read_data(reader, ret + got, UNPACKED_MAX - got)) > 0)
			got += (size_t)n;
	}
	archive_read_free(reader);
	free(file);
	return got;
}

static bool
is_version_sign(unsigned char c)
{
	return c != '\0' && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				   "0123456789.+~-()", c) != NULL;
}

/* The length of a text N.N.N… that ends in NUL at `at`, else 0. */
static size_t
version_at(const unsigned char *at, size_t len)
{
	size_t n = 0, dots = 0, digits = 0;

	while (n < len && dots < 3 && (at[n] == '.' || (at[n] >= '0' && at[n] <= '9'))) {
		if (at[n] == '.' && digits == 0)
			return 0;
		digits = at[n] == '.' ? 0 : digits + 1;
		dots += at[n] == '.';
		n++;
	}
	if (dots != 2 || digits == 0)
		return 0;
	while (n < len && is_version_sign(at[n]))
		n++;
	return n < len && at[n] == '\0' && n < STAMP_VERSION ? n : 0;
}

static int
find_version(char ret[STAMP_VERSION], const unsigned char *text, size_t len, struct err *err)
{
	char found[STAMP_VERSION] = "";

	for (size_t i = 1; i < len; i++) {
		size_t n = is_version_sign(text[i - 1]) ? 0 : version_at(text + i, len - i);

		if (n == 0)
			continue;
		if (found[0] != '\0' && strcmp(found, (const char *)text + i) != 0)
			return err_set(err, -EINVAL, "two versions in one iPXE binary: %s and %s",
				       found, (const char *)text + i);
		memcpy(found, text + i, n + 1);
	}
	if (found[0] == '\0')
		return err_set(err, -EINVAL, "no version in this iPXE binary");
	memcpy(ret, found, sizeof(found));
	return 0;
}

int
stamp_version(char ret[STAMP_VERSION], const void *binary, size_t len, struct err *err)
{
	const unsigned char *bytes = binary;
	unsigned char *unpacked = mem_new(UNPACKED_MAX);
	int rc = err_set(err, -EINVAL, "no LZMA compressed part in this iPXE binary");

	/* where the part begins the file does not say; its first byte is always 0 (range coder) */
	for (size_t at = 0; at + 1024 < len && at < 65536; at++) {
		size_t got = bytes[at] == 0 && bytes[at + 1] != 0 ?
				     unpack(bytes + at, len - at, unpacked) : 0;

		if (got < 32768)
			continue;
		rc = find_version(ret, unpacked, got, err);
		break;
	}
	free(unpacked);
	return rc;
}
