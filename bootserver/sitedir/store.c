/*
 * The image store as it is changed: an image comes in part by part, then its signature, then, by
 * one rename, its manifest; only from there on it is there.  It goes the other way round.
 */
#include "sitedir/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/cms.h"
#include "lib/file.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "sitedir/parts.h"
#include "sitedir/trust.h"


/* An image on its way in. */
struct incoming {
	int dirfd, folder;
	char *manifest;
	size_t len;
	struct image image;
};

static int
store_lock(int dirfd, struct err *err)
{
	int fd = openat(dirfd, "store", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(err, -errno,
				 "this site directory has no store/; `bootserver init` makes it");
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR) {
			int code = -errno;

			close(fd);
			return err_errno(err, code, "cannot lock the store");
		}
	return fd;
}

/* The number an image's next generation gets: above all that are there and all that were. */
static int
next_generation(int dirfd, const struct images *images, const char *name)
{
	char *path = str_format("store/images/%s/.last", name), *text;
	struct err err;
	int last = 0;

	if (file_read(dirfd, path, &text, NULL, &err) == 0) {
		last = atoi(text);
		free(text);
	}
	free(path);
	for (size_t i = 0; i < images->count; i++)
		if (strcmp(images->items[i].name, name) == 0 && images->items[i].generation > last)
			last = images->items[i].generation;
	return last + 1;
}

/* Signs with the engine's key. */
static int
sign(const struct incoming *in, unsigned char **ret_der, size_t *ret_len, struct err *err)
{
	struct cms_bytes manifest = { in->manifest, in->len };
	struct cms_who who;
	char *key_pem = NULL, *cert_pem = NULL;
	int r = file_read(in->dirfd, "pki/engine.key", &key_pem, NULL, err);

	if (r == 0)
		r = file_read(in->dirfd, "pki/engine.crt", &cert_pem, NULL, err);
	if (r < 0) {
		err_wrap(err, r, "cannot sign the image");
		goto free_pem;
	}
	who.key = pki_key_parse(key_pem, err);
	who.cert = pki_cert_parse(cert_pem, err);
	r = who.key && who.cert ? cms_sign_detached(&who, manifest, ret_der, ret_len, err) :
				  -EINVAL;
	X509_free(who.cert);
	EVP_PKEY_free(who.key);
free_pem:
	if (key_pem)
		OPENSSL_cleanse(key_pem, strlen(key_pem));
	free(key_pem);
	free(cert_pem);
	return r;
}

/* The signature that came with the image, if the site trusts it; else our own. */
static int
signature(const struct incoming *in, unsigned char **ret_der, size_t *ret_len, struct err *err)
{
	struct trust_signed what = { in->manifest, in->len, in->folder, "manifest.json.cms" };
	struct trust trust;
	char *name;
	int r = trust_read(&trust, in->dirfd, err);

	if (r < 0)
		return r;
	r = trust_signer(&trust, &what, &name, err);
	trust_fini(&trust);
	if (r == -ENOENT)
		return sign(in, ret_der, ret_len, err);
	if (r < 0)
		return err_wrap(err, r, "image %s is refused", in->image.name);
	free(name);
	return file_read(in->folder, "manifest.json.cms", (char **)ret_der, ret_len, err);
}

/* Manifest and signature into store/images/NAME/. */
static int
publish(const struct incoming *in, int generation, struct err *err)
{
	char *folder = str_format("store/images/%s", in->image.name);
	char *json = str_format("%s/%d.json", folder, generation);
	char *cms = str_format("%s.cms", json);
	unsigned char *der = NULL;
	size_t der_len = 0;
	int r = signature(in, &der, &der_len, err);

	if (r == 0)
		r = file_mkdirs(in->dirfd, folder, 0755, err);
	if (r == 0)
		r = file_write((struct file_new){ in->dirfd, cms, 0444 }, der, der_len, err);
	if (r == 0)
		r = file_write((struct file_new){ in->dirfd, json, 0444 }, in->manifest, in->len,
			       err);
	free(der);
	free(cms);
	free(json);
	free(folder);
	return r;
}

/* With the store locked. */
static int
bring_in(struct incoming *in, const struct store_watch *watch, struct store_added *ret,
	 struct err *err)
{
	struct images images;
	uint64_t freed;
	struct err ignored;
	int r = images_list(in->dirfd, &images, err);

	if (r < 0)
		return r;
	str_copy(ret->name, sizeof(ret->name), in->image.name);
	ret->known = false;
	for (size_t i = 0; i < images.count; i++) {
		const struct image *image = &images.items[i];

		if (image->fault || strcmp(image->identity, in->image.identity) != 0)
			continue;
		ret->known = true;
		ret->generation = image->generation;
	}
	if (!ret->known)
		ret->generation = next_generation(in->dirfd, &images, in->image.name);
	r = parts_bring_in(in->dirfd, in->folder, &in->image, watch, err);
	if (r == 0 && !ret->known)
		r = publish(in, ret->generation, err);
	if (r < 0)	/* those that came in before it are no image's */
		parts_collect(in->dirfd, &images, &freed, &ignored);
	images_fini(&images);
	return r;
}

int
store_add(int dirfd, int folder, const struct store_watch *watch, struct store_added *ret,
	  struct err *err)
{
	struct incoming in = { .dirfd = dirfd, .folder = folder };
	int lock, r;

	r = file_read(folder, "manifest.json", &in.manifest, &in.len, err);
	if (r == -ENOENT)
		return err_set(err, r,
			       "there is no manifest.json in that folder: `bootserver image add` "
			       "takes the folder of a built image");
	if (r < 0)
		return r;
	r = image_parse(&in.image, in.manifest, in.len, err);
	if (r < 0) {
		err_wrap(err, r, "manifest.json");
		goto free_manifest;
	}
	lock = r = store_lock(dirfd, err);
	if (r >= 0) {
		r = bring_in(&in, watch, ret, err);
		close(lock);
	}
	image_fini(&in.image);
free_manifest:
	free(in.manifest);
	return r < 0 ? r : 0;
}

/* Writes down the highest number that was ever given, so that history never means another image. */
static int
remember_last(int dirfd, const char *name, int generation, struct err *err)
{
	char *path = str_format("store/images/%s/.last", name), *old, *text;
	int last = 0, r = 0;

	if (file_read(dirfd, path, &old, NULL, err) == 0) {
		last = atoi(old);
		free(old);
	}
	if (generation > last) {
		text = str_format("%d\n", generation);
		r = file_write((struct file_new){ dirfd, path, 0644 }, text, strlen(text), err);
		free(text);
	}
	free(path);
	return r;
}

static int
take_out(int dirfd, const char *name, int generation, struct err *err)
{
	char *json = str_format("store/images/%s/%d.json", name, generation);
	char *cms = str_format("%s.cms", json);
	int r = 0;

	if (faccessat(dirfd, json, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_set(err, -ENOENT, "there is no image %s@%d in the store", name, generation);
	if (r == 0)
		r = remember_last(dirfd, name, generation, err);
	if (r == 0 && unlinkat(dirfd, json, 0) < 0)
		r = err_errno(err, -errno, "cannot remove %s", json);
	if (r == 0)
		unlinkat(dirfd, cms, 0);
	free(cms);
	free(json);
	return r;
}

/* The store is locked. */
static int
collect(int dirfd, uint64_t *ret_freed, struct err *err)
{
	struct images images;
	int r = images_list(dirfd, &images, err);

	if (r < 0)
		return r;
	r = parts_collect(dirfd, &images, ret_freed, err);
	images_fini(&images);
	return r;
}

int
store_collect(int dirfd, uint64_t *ret_freed, struct err *err)
{
	int lock = store_lock(dirfd, err), r = lock;

	if (r < 0)
		return r;
	r = collect(dirfd, ret_freed, err);
	close(lock);
	return r;
}

int
store_fits(int dirfd, int folder, uint64_t limit, struct err *err)
{
	struct image image;
	char *text = NULL;
	size_t len = 0;
	int r = file_read(folder, "manifest.json", &text, &len, err);

	/* a folder that is no image is told so by store_add() */
	if (r < 0 || image_parse(&image, text, len, err) < 0)
		r = 0;
	else {
		r = parts_fit(dirfd, &image, limit, err);
		image_fini(&image);
	}
	free(text);
	return r;
}

int
store_remove(int dirfd, const char *name, int generation, uint64_t *ret_freed, struct err *err)
{
	int lock = store_lock(dirfd, err), r = lock;

	if (r < 0)
		return r;
	r = take_out(dirfd, name, generation, err);
	if (r == 0)
		r = collect(dirfd, ret_freed, err);
	close(lock);
	return r;
}
