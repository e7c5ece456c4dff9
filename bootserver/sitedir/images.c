/*
 * The image store as it is read: manifests, who signed them, and which generations there are.
 */
#include "sitedir/images.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/words.h"
#include "sitedir/trust.h"

enum { PARTS_MOST = 64, IMAGES_MOST = 256 };

static int
arch_parse(enum site_arch *ret, const char *text)
{
	for (enum site_arch arch = SITE_ARCH_AMD64; arch <= SITE_ARCH_ARM64; arch++) {
		if (!str_eq(text, site_arch_name(arch)))
			continue;
		*ret = arch;
		return 0;
	}
	return -EINVAL;
}

static bool
is_plain(const char *text)
{
	return text && text[0] && strlen(text) <= 128 && !words_bad_sign(text);
}

/* What a part tells of itself beside its bytes: the version it brings, its container images. */
static int
contents_parse(struct image_part *ret, const json_t *part, struct err *err)
{
	const json_t *version = json_object_get(part, "version");
	const json_t *images = json_object_get(part, "images");
	size_t count = json_array_size(images);

	if (version && !is_plain(json_string_value(version)))
		return err_set(err, -EINVAL, "part %s: \"version\" must be 1 to 128 plain signs",
			       ret->part);
	ret->version = str_dup(json_string_value(version));
	if (!images)
		return 0;
	if (!json_is_array(images) || count > IMAGES_MOST)
		return err_set(err, -EINVAL, "part %s: \"images\" must be a list of at most "
			       "%d names", ret->part, IMAGES_MOST);
	ret->images = mem_new((count + 1) * sizeof(*ret->images));
	for (size_t i = 0; i < count; i++) {
		const char *name = json_string_value(json_array_get(images, i));

		if (!is_plain(name))
			return err_set(err, -EINVAL, "part %s: a name in \"images\" must be 1 to "
				       "128 plain signs", ret->part);
		ret->images[i] = str_dup(name);
	}
	return 0;
}

static int
part_parse(struct image_part *ret, const json_t *part, struct err *err)
{
	const char *name = json_str(part, "part", ""), *sha256 = json_str(part, "sha256", "");
	int64_t size = json_num(part, "size", -1);

	if (!str_is_label(name))
		return err_set(err, -EINVAL, "a part needs a name (\"part\") of a-z, 0-9 and '-'");
	if (arch_parse(&ret->arch, json_str(part, "arch", "")) < 0)
		return err_set(err, -EINVAL, "part %s needs an \"arch\" of amd64 or arm64", name);
	if (!hex_is_sha256(sha256))
		return err_set(err, -EINVAL, "part %s needs a \"sha256\" of 64 hex digits in small "
			       "letters", name);
	if (size <= 0)
		return err_set(err, -EINVAL, "part %s needs a \"size\" in bytes", name);
	ret->part = str_dup(name);
	memcpy(ret->sha256, sha256, sizeof(ret->sha256));
	ret->size = (uint64_t)size;
	return contents_parse(ret, part, err);
}

static int
parts_parse(struct image *image, const json_t *parts, struct err *err)
{
	size_t count = json_array_size(parts);

	if (count < 1 || count > PARTS_MOST)
		return err_set(err, -EINVAL, "\"parts\" must be a list of 1 to %d parts",
			       PARTS_MOST);
	image->parts = mem_new(count * sizeof(*image->parts));
	for (size_t i = 0; i < count; i++) {
		struct image_part *part = &image->parts[i];
		int r = part_parse(part, json_array_get(parts, i), err);

		image->nparts++;
		if (r < 0)
			return r;
		if (image_part(image, part->part, part->arch) != part)
			return err_set(err, -EINVAL, "part %s (%s) is there twice", part->part,
				       site_arch_name(part->arch));
	}
	return 0;
}

/* Kernel arguments for each architecture there is; each has a kernel and an initrd. */
static int
args_parse(struct image *image, const json_t *args, struct err *err)
{
	for (size_t i = 0; i < image->nparts; i++) {
		enum site_arch arch = image->parts[i].arch;
		const char *text = json_str(args, site_arch_name(arch), "");

		if (image->args[arch])
			continue;
		if (!image_has_arch(image, arch))
			return err_set(err, -EINVAL, "%s has no kernel or no initrd",
				       site_arch_name(arch));
		if (words_bad_sign(text) || strlen(text) > 1024)
			return err_set(err, -EINVAL,
				       "kernel arguments for %s hold a sign that a script cannot "
				       "carry",
				       site_arch_name(arch));
		image->args[arch] = str_dup(text);
	}
	return 0;
}

static int
manifest_parse(struct image *image, const json_t *root, struct err *err)
{
	const char *name = json_str(root, "name", ""), *version = json_str(root, "version", "");
	int64_t schema = json_num(root, "schema", 0);
	int r;

	if (!json_is_object(root))
		return err_set(err, -EINVAL, "a manifest is a JSON object");
	if (schema != 1)
		return err_set(err, -EINVAL, "this program reads manifests of schema 1, not %lld",
			       (long long)schema);
	if (!str_is_label(name))
		return err_set(err, -EINVAL, "\"name\" must be a name of a-z, 0-9 and '-'");
	if (!version[0] || strlen(version) > 64 || words_bad_sign(version))
		return err_set(err, -EINVAL, "\"version\" must be 1 to 64 plain signs");
	image->name = str_dup(name);
	image->version = str_dup(version);
	r = parts_parse(image, json_object_get(root, "parts"), err);
	return r < 0 ? r : args_parse(image, json_object_get(root, "args"), err);
}

int
image_parse(struct image *ret, const char *text, size_t len, struct err *err)
{
	struct image image = { .generation = 0 };
	json_t *root;
	int r = json_parse(&root, text, len, err);

	if (r < 0)
		return err_wrap(err, -EINVAL, "no JSON");
	r = manifest_parse(&image, root, err);
	json_decref(root);
	if (r < 0) {
		image_fini(&image);
		return r;
	}
	sha256_text(image.identity, text, len);
	*ret = image;
	return 0;
}

void
image_fini(struct image *image)
{
	free(image->name);
	free(image->version);
	for (size_t i = 0; i < image->nparts; i++) {
		struct image_part *part = &image->parts[i];

		for (char **name = part->images; name && *name; name++)
			free(*name);
		free(part->images);
		free(part->version);
		free(part->part);
	}
	free(image->parts);
	for (size_t i = 0; i < sizeof(image->args) / sizeof(image->args[0]); i++)
		free(image->args[i]);
	free(image->signer);
	free(image->fault);
	*image = (struct image){ .generation = 0 };
}

const struct image_part *
image_part(const struct image *image, const char *part, enum site_arch arch)
{
	for (size_t i = 0; i < image->nparts; i++)
		if (image->parts[i].arch == arch && strcmp(image->parts[i].part, part) == 0)
			return &image->parts[i];
	return NULL;
}

bool
image_has_arch(const struct image *image, enum site_arch arch)
{
	return image_part(image, "kernel", arch) && image_part(image, "initrd", arch);
}

/* Reads one generation; what is wrong with it goes into image->fault. */
static void
generation_read(int dirfd, const struct trust *trust, const char *name, int generation,
		struct image *ret)
{
	char *path = str_format("store/images/%s/%d.json", name, generation);
	char *text = NULL;
	size_t len = 0;
	struct err err = { "" };
	int r;

	*ret = (struct image){ .generation = 0 };
	r = file_read(dirfd, path, &text, &len, &err);
	if (r == 0)
		r = image_parse(ret, text, len, &err);
	if (r == 0 && strcmp(ret->name, name) != 0)
		r = err_set(&err, -EINVAL, "the manifest is that of an image \"%s\"", ret->name);
	if (r == 0) {
		char *cms = str_format("%s.cms", path);
		struct trust_signed what = { text, len, dirfd, cms };

		r = trust_signer(trust, &what, &ret->signer, &err);
		free(cms);
	}
	if (r < 0)
		ret->fault = str_dup(err.text);
	if (!ret->name)
		ret->name = str_dup(name);
	if (!ret->version)
		ret->version = str_dup("");
	ret->generation = generation;
	free(text);
	free(path);
}

/* The number of "12.json", 0 for other names. */
static int
generation_of(const char *file)
{
	char *end;
	long number;

	if (!isdigit((unsigned char)file[0]) || file[0] == '0')
		return 0;
	number = strtol(file, &end, 10);
	return strcmp(end, ".json") == 0 && number <= 999999999 ? (int)number : 0;
}

static int
by_generation(const void *a, const void *b)
{
	const struct image *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : (x->generation > y->generation) - (x->generation < y->generation);
}

/* Adds the generations of one image's folder. */
static int
folder_read(int dirfd, const struct trust *trust, const char *name, struct images *images,
	    struct err *err)
{
	char *path = str_format("store/images/%s", name);
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		int code = -errno;

		if (fd >= 0)
			close(fd);
		if (code == -ENOTDIR)
			code = 0;
		else
			err_errno(err, code, "cannot read %s", path);
		free(path);
		return code;
	}
	free(path);
	for (struct dirent *entry; (entry = readdir(dir));) {
		int generation = generation_of(entry->d_name);

		if (!generation)
			continue;
		images->items = mem_grow(images->items, images->count + 1, sizeof(*images->items));
		generation_read(dirfd, trust, name, generation, &images->items[images->count++]);
	}
	closedir(dir);
	return 0;
}

int
images_list(int dirfd, struct images *ret, struct err *err)
{
	struct images images = { NULL, 0 };
	struct trust trust;
	struct dirent **names = NULL;
	int count = scandirat(dirfd, "store/images", &names, NULL, NULL);
	int r;

	if (count < 0 && errno != ENOENT)
		return err_errno(err, -errno, "cannot read store/images");
	r = trust_read(&trust, dirfd, err);
	for (int i = 0; i < count; i++) {
		if (r == 0 && str_is_label(names[i]->d_name))
			r = folder_read(dirfd, &trust, names[i]->d_name, &images, err);
		free(names[i]);
	}
	free(names);
	trust_fini(&trust);
	if (r < 0) {
		images_fini(&images);
		return r;
	}
	if (images.count)
		qsort(images.items, images.count, sizeof(*images.items), by_generation);
	*ret = images;
	return 0;
}

void
images_fini(struct images *images)
{
	for (size_t i = 0; i < images->count; i++)
		image_fini(&images->items[i]);
	free(images->items);
	*images = (struct images){ NULL, 0 };
}

const struct image *
images_find(const struct images *images, const char *name, int generation)
{
	const struct image *best = NULL;

	for (size_t i = 0; i < images->count; i++) {
		const struct image *image = &images->items[i];

		if (strcmp(image->name, name) != 0)
			continue;
		if (generation ? image->generation == generation : !image->fault)
			best = image;
	}
	return best;
}

int
image_ref_parse(char ret_name[64], int *ret_generation, const char *text)
{
	size_t len = strcspn(text, "@");
	char name[64];
	long generation = 0;

	if (len >= sizeof(name))
		return -EINVAL;
	memcpy(name, text, len);
	name[len] = '\0';
	if (!str_is_label(name))
		return -EINVAL;
	if (text[len]) {
		char *end;

		if (text[len + 1] < '1' || text[len + 1] > '9' || strlen(text + len + 1) > 9)
			return -EINVAL;
		generation = strtol(text + len + 1, &end, 10);
		if (*end)
			return -EINVAL;
	}
	memcpy(ret_name, name, sizeof(name));
	*ret_generation = (int)generation;
	return 0;
}
