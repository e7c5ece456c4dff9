/* Sealed streams: what goes in comes out, and nothing else does. */
#include "cmocka_all.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/crate.h"
#include "lib/pki.h"
#include "lib/str.h"

#define CHUNK 65536

/* A passphrase takes a second each time: one test does it, the others have a certificate. */
static struct crate_seal seal;
static struct crate_key good;

/* A crate of `len` bytes, written in pieces of odd sizes, in memory; its length. */
static int
make(const struct crate_seal *to, size_t len, off_t *ret_len)
{
	unsigned char *data = mem_new(len + 1);
	int fd = memfd_create("crate", MFD_CLOEXEC);
	struct err err = { "" };
	struct crate *crate;

	for (size_t i = 0; i < len; i++)
		data[i] = (unsigned char)(i * 7 + i / 251);
	if (crate_new(&crate, fd, to, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t at = 0, step = 1; at < len; at += step, step = step * 3 % 90001) {
		if (step > len - at)
			step = len - at;
		assert_int_equal(crate_add(crate, data + at, step, &err), 0);
	}
	assert_int_equal(crate_end(crate, &err), 0);
	crate_free(crate);
	free(data);
	*ret_len = lseek(fd, 0, SEEK_CUR);
	return fd;
}

/* Reads it from its start: the number of bytes, all as make() put them, or the failure. */
static ssize_t
unpack(int fd, const struct crate_key *key)
{
	struct err err = { "" };
	struct crate *crate;
	const void *data;
	ssize_t got, have = 0;

	lseek(fd, 0, SEEK_SET);
	got = crate_open(&crate, fd, key, &err);
	if (got < 0)
		return got;
	while ((got = crate_take(crate, &data, &err)) > 0)
		for (ssize_t i = 0; i < got; i++, have++)
			assert_int_equal(((const unsigned char *)data)[i],
					 (unsigned char)(have * 7 + have / 251));
	crate_free(crate);
	return got < 0 ? got : have;
}

static void
sizes(void **state)
{
	static const size_t rows[] = { 0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 500001 };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		off_t len;
		int fd = make(&seal, rows[i], &len);

		assert_int_equal(unpack(fd, &good), rows[i]);
		close(fd);
	}
}

static void
to_a_passphrase(void **state)
{
	struct crate_seal to = { .passphrase = "correct horse" };
	struct crate_key key = { .passphrase = "correct horse" };
	struct crate_key wrong = { .passphrase = "correct horsf" };
	off_t len;
	int fd = make(&to, 10, &len);

	(void)state;
	assert_int_equal(unpack(fd, &key), 10);
	assert_int_equal(unpack(fd, &wrong), -EKEYREJECTED);
	assert_int_equal(unpack(fd, &good), -EKEYREJECTED);
	close(fd);
}

/* One bit anywhere behind the head, or an end anywhere. */
static void
damaged(void **state)
{
	off_t len;
	int fd = make(&seal, 2 * CHUNK + 5, &len);
	const off_t body = 2 * (CHUNK + 16) + 5 + 16;
	const off_t places[] = { len - body, len - body + CHUNK + 3, len - 40, len - 1, 0, 20 };
	unsigned char byte;

	(void)state;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		assert_int_equal(pread(fd, &byte, 1, places[i]), 1);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
		assert_true(unpack(fd, &good) < 0);
		byte ^= 1;
		assert_int_equal(pwrite(fd, &byte, 1, places[i]), 1);
	}
	assert_int_equal(unpack(fd, &good), 2 * CHUNK + 5);
	assert_int_equal(ftruncate(fd, len - 1), 0);
	assert_int_equal(unpack(fd, &good), -EBADMSG);
	assert_int_equal(ftruncate(fd, len - 21), 0);	/* exactly at a chunk's end */
	assert_int_equal(unpack(fd, &good), -EBADMSG);
	assert_int_equal(ftruncate(fd, len - body), 0);
	assert_int_equal(unpack(fd, &good), -EBADMSG);
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(unpack(fd, &good), -EBADMSG);
	close(fd);
}

/* Two chunks of the same length, swapped. */
static void
swapped(void **state)
{
	static unsigned char one[CHUNK + 16], two[CHUNK + 16];
	off_t len, first;
	int fd = make(&seal, 3 * CHUNK, &len);

	(void)state;
	first = len - 3 * (CHUNK + 16);
	assert_int_equal(pread(fd, one, sizeof(one), first), sizeof(one));
	assert_int_equal(pread(fd, two, sizeof(two), first + CHUNK + 16), sizeof(two));
	assert_int_equal(pwrite(fd, two, sizeof(two), first), sizeof(two));
	assert_int_equal(pwrite(fd, one, sizeof(one), first + CHUNK + 16), sizeof(one));
	assert_int_equal(unpack(fd, &good), -EBADMSG);
	close(fd);
}

static X509 *
cert_of(EVP_PKEY *key, const char *cn)
{
	struct pki_cert what = { .cn = cn, .use = PKI_SIGNER, .to_s = 4000000000 };
	struct err err;

	return pki_cert_new(&what, key, NULL, NULL, &err);
}

static void
wrong_key(void **state)
{
	struct err err;
	EVP_PKEY *other = pki_key_new(&err);
	struct crate_key wrong = { .who = { other, cert_of(other, "another") } };
	struct crate_key passphrase = { .passphrase = "correct horse" };
	off_t len;
	int fd = make(&seal, 10, &len);

	(void)state;
	assert_int_equal(unpack(fd, &wrong), -EKEYREJECTED);
	assert_int_equal(unpack(fd, &passphrase), -EKEYREJECTED);
	close(fd);
	X509_free(wrong.who.cert);
	EVP_PKEY_free(other);
}

static int
enter(void **state)
{
	struct err err;

	(void)state;
	good.who.key = pki_key_new(&err);
	good.who.cert = seal.cert = cert_of(good.who.key, "me");
	return seal.cert ? 0 : -1;
}

static int
leave(void **state)
{
	(void)state;
	X509_free(seal.cert);
	EVP_PKEY_free(good.who.key);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes), cmocka_unit_test(damaged), cmocka_unit_test(swapped),
		cmocka_unit_test(wrong_key), cmocka_unit_test(to_a_passphrase),
	};

	return cmocka_run_group_tests(tests, enter, leave);
}
