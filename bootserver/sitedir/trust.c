/*
 * Whose signatures under a manifest count.
 */
#include "sitedir/trust.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/cms.h"
#include "lib/file.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "site/signs.h"

static char *
common_name(X509 *cert)
{
	char name[128] = "";

	if (X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name,
				      sizeof(name)) < 0)
		return str_dup("(no name)");
	signs_clean(name, '?');
	return str_dup(name);
}

static int
trust_add(struct trust *trust, int dirfd, const char *path, struct err *err)
{
	struct trust_key *key;
	X509 *cert;
	char *pem;
	int r = file_read(dirfd, path, &pem, NULL, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	cert = pki_cert_parse(pem, err);
	free(pem);
	if (!cert)
		return err_wrap(err, -EINVAL, "%s", path);
	trust->keys = mem_grow(trust->keys, trust->count + 1, sizeof(*trust->keys));
	key = &trust->keys[trust->count++];
	pki_cert_pin(cert, key->pin);
	key->name = common_name(cert);
	X509_free(cert);
	return 0;
}

static int
is_certificate(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return entry->d_name[0] != '.' && len > 4 && strcmp(entry->d_name + len - 4, ".crt") == 0;
}

int
trust_read(struct trust *ret, int dirfd, struct err *err)
{
	struct dirent **names = NULL;
	int count, r;

	*ret = (struct trust){ NULL, 0 };
	r = trust_add(ret, dirfd, "pki/engine.crt", err);
	count = scandirat(dirfd, "pki/signers", &names, is_certificate, alphasort);
	if (count < 0 && errno != ENOENT && r == 0)
		r = err_errno(err, -errno, "cannot read pki/signers");
	for (int i = 0; i < count; i++) {
		char *path = str_format("pki/signers/%s", names[i]->d_name);

		if (r == 0)
			r = trust_add(ret, dirfd, path, err);
		free(path);
		free(names[i]);
	}
	free(names);
	if (r < 0)
		trust_fini(ret);
	return r;
}

void
trust_fini(struct trust *trust)
{
	for (size_t i = 0; i < trust->count; i++)
		free(trust->keys[i].name);
	free(trust->keys);
	*trust = (struct trust){ NULL, 0 };
}

static const struct trust_key *
trust_find(const struct trust *trust, X509 *cert)
{
	char pin[SHA256_TEXT];

	pki_cert_pin(cert, pin);
	for (size_t i = 0; i < trust->count; i++)
		if (strcmp(trust->keys[i].pin, pin) == 0)
			return &trust->keys[i];
	return NULL;
}

int
trust_signer(const struct trust *trust, const struct trust_signed *what, char **ret_name,
	     struct err *err)
{
	const struct trust_key *key;
	X509 *cert = NULL;
	char *der, *name;
	size_t len;
	int r = file_read(what->dirfd, what->cms_path, &der, &len, err);

	if (r == -ENOENT)
		return err_set(err, r, "it is not signed");
	if (r < 0)
		return r;
	r = cms_verify_detached((struct cms_bytes){ der, len },
				(struct cms_bytes){ what->text, what->len }, &cert, err);
	free(der);
	if (r < 0)
		return err_wrap(err, -EBADMSG, "its signature is not good");
	key = trust_find(trust, cert);
	name = common_name(cert);
	X509_free(cert);
	if (!key) {
		r = err_set(err, -EACCES,
			    "it is signed by \"%s\", whom this site does not trust: put that "
			    "certificate into pki/signers/ if it should",
			    name);
		free(name);
		return r;
	}
	*ret_name = name;
	return 0;
}
