/* A sealed stream: see crate.h for its bytes. */
#include "lib/crate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "lib/chance.h"
#include "lib/file.h"
#include "lib/str.h"

#define MAGIC "bootserver crate 1\n"
#define MAGIC_LEN (sizeof(MAGIC) - 1)
#define KEY_LEN 32
#define CHUNK 65536
#define TAG 16
#define HEADER_MOST 65536	/* bytes of CMS that are taken */

struct crate {
	int fd;
	EVP_CIPHER_CTX *cipher;
	uint64_t number;	/* of the next chunk */
	bool last;		/* was read */
	unsigned char plain[CHUNK];
	size_t len;		/* bytes in `plain` (writing), in `sealed` (reading) */
	unsigned char sealed[CHUNK + TAG + 1];	/* reading: one byte more tells that more follows */
};

static struct crate *
new(int fd)
{
	struct crate *crate = mem_new(sizeof(*crate));

	crate->fd = fd;
	crate->cipher = EVP_CIPHER_CTX_new();
	return crate;
}

void
crate_free(struct crate *crate)
{
	if (!crate)
		return;
	EVP_CIPHER_CTX_free(crate->cipher);
	OPENSSL_cleanse(crate, sizeof(*crate));
	free(crate);
}

static void
nonce_of(unsigned char ret[12], uint64_t number, bool last)
{
	memset(ret, 0, 12);
	for (int i = 0; i < 8; i++)
		ret[3 + i] = (unsigned char)(number >> (8 * (7 - i)));
	ret[11] = last;
}

/* Sets the key once, or (NULL) the nonce of the next chunk. */
static bool
set(struct crate *crate, const unsigned char *key, bool last, int encrypt)
{
	unsigned char nonce[12];

	if (key)
		return EVP_CipherInit_ex(crate->cipher, EVP_aes_256_gcm(), NULL, key, NULL,
					 encrypt) == 1;
	nonce_of(nonce, crate->number++, last);
	return EVP_CipherInit_ex(crate->cipher, NULL, NULL, NULL, nonce, encrypt) == 1;
}

static int
write_chunk(struct crate *crate, bool last, struct err *err)
{
	int len = 0, more = 0, r;

	if (!set(crate, NULL, last, 1) ||
	    EVP_EncryptUpdate(crate->cipher, crate->sealed, &len, crate->plain,
			      (int)crate->len) != 1 ||
	    EVP_EncryptFinal_ex(crate->cipher, crate->sealed + len, &more) != 1 ||
	    EVP_CIPHER_CTX_ctrl(crate->cipher, EVP_CTRL_GCM_GET_TAG, TAG,
				crate->sealed + len + more) != 1)
		return err_set(err, -EIO, "cannot encrypt");
	r = file_write_all(crate->fd, crate->sealed, (size_t)(len + more) + TAG);
	crate->len = 0;
	return r < 0 ? err_errno(err, r, "cannot write") : 0;
}

static int
write_header(struct crate *crate, const unsigned char *der, size_t len, struct err *err)
{
	unsigned char size[4] = { (unsigned char)(len >> 24), (unsigned char)(len >> 16),
				  (unsigned char)(len >> 8), (unsigned char)len };
	int r = file_write_all(crate->fd, MAGIC, MAGIC_LEN);

	if (r == 0)
		r = file_write_all(crate->fd, size, sizeof(size));
	if (r == 0)
		r = file_write_all(crate->fd, der, len);
	return r < 0 ? err_errno(err, r, "cannot write") : 0;
}

int
crate_new(struct crate **ret, int fd, const struct crate_seal *seal, struct err *err)
{
	struct crate *crate = new(fd);
	unsigned char key[KEY_LEN], *der = NULL;
	struct cms_bytes bytes = { key, sizeof(key) };
	size_t len;
	int r;

	chance_bytes(key, sizeof(key));
	r = seal->cert ? cms_seal(seal->cert, bytes, &der, &len, err) :
			 cms_seal_password(seal->passphrase, bytes, &der, &len, err);
	if (r == 0)
		r = write_header(crate, der, len, err);
	if (r == 0 && !set(crate, key, false, 1))
		r = err_set(err, -EIO, "cannot encrypt");
	OPENSSL_cleanse(key, sizeof(key));
	free(der);
	if (r < 0)
		crate_free(crate);
	else
		*ret = crate;
	return r;
}

int
crate_add(struct crate *crate, const void *data, size_t len, struct err *err)
{
	const unsigned char *at = data;

	while (len > 0) {
		size_t room = CHUNK - crate->len, some = len < room ? len : room;
		int r;

		memcpy(crate->plain + crate->len, at, some);
		crate->len += some;
		at += some;
		len -= some;
		/* a full chunk waits for one more byte: it may be the last */
		if (len == 0)
			return 0;
		r = write_chunk(crate, false, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int
crate_end(struct crate *crate, struct err *err)
{
	return write_chunk(crate, true, err);
}

/* Up to `len` bytes; fewer at the end only. */
static ssize_t
read_some(int fd, unsigned char *ret, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t got = read(fd, ret + have, len - have);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

static int
read_header(int fd, unsigned char **ret, size_t *ret_len, struct err *err)
{
	unsigned char start[MAGIC_LEN + 4], *der;
	const unsigned char *size = start + MAGIC_LEN;
	size_t len;

	if (read_some(fd, start, sizeof(start)) != (ssize_t)sizeof(start) ||
	    memcmp(start, MAGIC, MAGIC_LEN) != 0)
		return err_set(err, -EBADMSG, "this is no backup");
	len = (size_t)size[0] << 24 | (size_t)size[1] << 16 | (size_t)size[2] << 8 | size[3];
	if (len == 0 || len > HEADER_MOST)
		return err_set(err, -EBADMSG, "this backup's head is damaged");
	der = mem_new(len);
	if (read_some(fd, der, len) != (ssize_t)len) {
		free(der);
		return err_set(err, -EBADMSG, "this backup is cut off");
	}
	*ret = der;
	*ret_len = len;
	return 0;
}

/* The key of the chunks. */
static int
unseal(const struct crate_key *key, struct cms_bytes der, char **ret, struct err *err)
{
	char *data = NULL;
	size_t len = 0;
	int r = key->passphrase ? cms_unseal_password(key->passphrase, der, &data, &len, err) :
				  cms_unseal(&key->who, der, &data, &len, err);

	if (r == 0 && len == KEY_LEN) {
		*ret = data;
		return 0;
	}
	if (data)
		OPENSSL_cleanse(data, len);
	free(data);
	return err_set(err, -EKEYREJECTED, key->passphrase ? "the passphrase does not open it" :
						     "this key does not open it");
}

int
crate_open(struct crate **ret, int fd, const struct crate_key *key, struct err *err)
{
	struct crate *crate;
	unsigned char *der = NULL;
	char *secret = NULL;
	size_t len = 0;
	ssize_t got;
	int r = read_header(fd, &der, &len, err);

	if (r < 0)
		return r;
	r = unseal(key, (struct cms_bytes){ der, len }, &secret, err);
	free(der);
	if (r < 0)
		return r;
	crate = new(fd);
	if (!set(crate, (unsigned char *)secret, false, 0))
		r = err_set(err, -EIO, "cannot decrypt");
	OPENSSL_cleanse(secret, KEY_LEN);
	free(secret);
	got = r == 0 ? read_some(fd, crate->sealed, sizeof(crate->sealed)) : 0;
	if (got < 0)
		r = err_errno(err, (int)got, "cannot read");
	if (r < 0) {
		crate_free(crate);
		return r;
	}
	crate->len = (size_t)got;
	*ret = crate;
	return 0;
}

/* Opens the chunk in `sealed`: the bytes in `plain`, or -EBADMSG. */
static ssize_t
open_chunk(struct crate *crate, size_t sealed, bool last)
{
	int len = 0, more = 0;

	if (sealed < TAG || !set(crate, NULL, last, 0) ||
	    EVP_DecryptUpdate(crate->cipher, crate->plain, &len, crate->sealed,
			      (int)(sealed - TAG)) != 1 ||
	    EVP_CIPHER_CTX_ctrl(crate->cipher, EVP_CTRL_GCM_SET_TAG, TAG,
				crate->sealed + sealed - TAG) != 1 ||
	    EVP_DecryptFinal_ex(crate->cipher, crate->plain + len, &more) != 1)
		return -EBADMSG;
	return len + more;
}

ssize_t
crate_take(struct crate *crate, const void **ret, struct err *err)
{
	size_t sealed = crate->len < CHUNK + TAG ? crate->len : CHUNK + TAG;
	bool last = crate->len <= CHUNK + TAG;
	ssize_t len, got;

	if (crate->last)
		return 0;
	len = open_chunk(crate, sealed, last);
	if (len < 0)
		return err_set(err, -EBADMSG, "the backup was changed, or its end is missing");
	*ret = crate->plain;
	crate->last = last;
	if (last)
		return len;
	crate->sealed[0] = crate->sealed[CHUNK + TAG];
	got = read_some(crate->fd, crate->sealed + 1, CHUNK + TAG);
	if (got < 0)
		return err_errno(err, (int)got, "cannot read");
	crate->len = 1 + (size_t)got;
	return len;
}
