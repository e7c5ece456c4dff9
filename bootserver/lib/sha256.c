/* SHA-256 by OpenSSL: see sha256.h. */
#include "lib/sha256.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "lib/hex.h"
#include "lib/str.h"

struct sha256 {
	EVP_MD_CTX *ctx;
};

struct sha256 *
sha256_new(void)
{
	struct sha256 *sum = mem_new(sizeof(*sum));

	sum->ctx = EVP_MD_CTX_new();
	if (!sum->ctx || !EVP_DigestInit_ex(sum->ctx, EVP_sha256(), NULL))
		abort();
	return sum;
}

void
sha256_add(struct sha256 *sum, const void *data, size_t len)
{
	if (!EVP_DigestUpdate(sum->ctx, data, len))
		abort();
}

void
sha256_end(struct sha256 *sum, char ret[SHA256_TEXT])
{
	unsigned char digest[32];

	if (!EVP_DigestFinal_ex(sum->ctx, digest, NULL))
		abort();
	if (ret)
		hex_format(ret, digest, sizeof(digest));
	EVP_MD_CTX_free(sum->ctx);
	free(sum);
}

void
sha256_text(char ret[SHA256_TEXT], const void *data, size_t len)
{
	struct sha256 *sum = sha256_new();

	sha256_add(sum, data, len);
	sha256_end(sum, ret);
}

int
sha256_fd(char ret[SHA256_TEXT], int fd, uint64_t *ret_size, struct err *err)
{
	struct sha256 *sum = sha256_new();
	char *piece = mem_new(1 << 18);
	uint64_t size = 0;
	ssize_t got;
	int r = 0;

	while ((got = read(fd, piece, 1 << 18)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			r = err_errno(err, -errno, "cannot read");
			break;
		}
		sha256_add(sum, piece, (size_t)got);
		size += (uint64_t)got;
	}
	free(piece);
	sha256_end(sum, r == 0 ? ret : NULL);
	if (r == 0 && ret_size)
		*ret_size = size;
	return r;
}
