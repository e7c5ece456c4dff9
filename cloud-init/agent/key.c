/* The machine's own key and its counter: see key.h. */
#include "cloud-init/agent/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/pki.h"
#include "lib/str.h"

/* The pinned thing is the key; its certificate only carries it, and a machine's clock may be wrong
 * when it makes it: 2020 to 2100. */
#define FROM_S 1577836800
#define TO_S 4102444800

static char *
path_of(const char *folder, const char *name)
{
	return str_format("%s/%s", folder, name);
}

static int
read_text(const char *folder, const char *name, char **ret, struct err *err)
{
	char *path = path_of(folder, name);
	int r = file_read(AT_FDCWD, path, ret, NULL, err);

	free(path);
	return r;
}

static int
write_text(const char *folder, const char *name, mode_t mode, const char *text, struct err *err)
{
	char *path = path_of(folder, name);
	int r = file_write((struct file_new){ AT_FDCWD, path, mode }, text, strlen(text), err);

	free(path);
	return r;
}

static int
make_key(struct key *key, struct err *err)
{
	char *pem;
	int r;

	key->pkey = pki_key_new(err);
	if (!key->pkey)
		return -EIO;
	pem = pki_key_pem(key->pkey);
	r = pem ? write_text(key->folder, "machine.key", 0600, pem, err)
		: err_set(err, -EIO, "cannot write the machine's key as PEM");
	free(pem);
	return r;
}

static int
read_key(struct key *key, struct err *err)
{
	char *pem;
	int r = read_text(key->folder, "machine.key", &pem, err);

	if (r < 0)
		return r;
	key->pkey = pki_key_parse(pem, err);
	free(pem);
	return key->pkey ? 0 : err_wrap(err, -EIO, "%s/machine.key", key->folder);
}

/* Made anew with each opening: only the key in it counts. */
static int
make_cert(struct key *key, const char *cn, struct err *err)
{
	const struct pki_cert what = {
		.cn = cn, .use = PKI_SIGNER, .from_s = FROM_S, .to_s = TO_S,
	};
	char *pem;
	int r;

	key->cert = pki_cert_new(&what, key->pkey, NULL, NULL, err);
	if (!key->cert)
		return -EIO;
	pem = pki_cert_pem(key->cert);
	r = pem ? write_text(key->folder, "machine.crt", 0644, pem, err) : -EIO;
	free(pem);
	return r;
}

static int
read_counter(struct key *key, struct err *err)
{
	char *text;
	int r = read_text(key->folder, "counter", &text, err);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	key->counter = key->reserved = strtoll(text, NULL, 10);
	free(text);
	return 0;
}

int
key_open(struct key *ret, const char *folder, const char *cn, struct err *err)
{
	struct key key = { 0 };
	int r;

	str_copy(key.folder, sizeof(key.folder), folder);
	r = file_mkdirs(AT_FDCWD, folder, 0700, err);
	if (r == 0)
		r = read_key(&key, err);
	if (r == -ENOENT)
		r = make_key(&key, err);
	if (r == 0)
		r = make_cert(&key, cn, err);
	if (r == 0)
		r = read_counter(&key, err);
	if (r < 0)
		key_fini(&key);
	else
		*ret = key;
	return r;
}

void
key_fini(struct key *key)
{
	EVP_PKEY_free(key->pkey);
	X509_free(key->cert);
	key->pkey = NULL;
	key->cert = NULL;
}

int
key_next(struct key *key, int64_t *ret, struct err *err)
{
	int64_t upto = key->counter + KEY_BLOCK;
	char *text;
	int r = 0;

	if (key->counter >= key->reserved) {
		text = str_format("%lld\n", (long long)upto);
		r = write_text(key->folder, "counter", 0600, text, err);
		free(text);
		if (r < 0)
			return err_wrap(err, r, "cannot reserve request numbers");
		key->reserved = upto;
	}
	*ret = ++key->counter;
	return 0;
}

void
key_jump(struct key *key, int64_t seen)
{
	if (seen > key->counter)
		key->counter = seen;
}
