/* Container images in an OCI image layout: see oci.h. */
#include "images/imagetool/oci.h"

#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define TYPE "application/vnd.oci.image."
#define FOLDERS "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* A descriptor (descriptor.md): what a blob is, its digest and size. */
static json_t *
descriptor(const char *type, const struct blob *blob)
{
	json_t *ret = json_object();

	json_put(ret, "mediaType", type);
	json_put(ret, "digest", blob->digest);
	json_put_num(ret, "size", (int64_t)blob->size);
	return ret;
}

static int
json_store(int dirfd, const json_t *value, struct blob *ret, struct err *err)
{
	size_t len;
	char *text = json_text(value, &len);
	int r = store_put(dirfd, text, len, ret, err);

	free(text);
	return r;
}

static json_t *
run_options(const struct oci_image *image)
{
	json_t *ret = json_pack("{s:[s], s:s}", "Env", "PATH=" FOLDERS, "WorkingDir", "/");

	if (image->entry)
		json_object_set_new(ret, "Entrypoint", json_pack("[s]", image->entry));
	return ret;
}

/* config.md */
static int
config_put(int dirfd, const struct oci_image *image, struct blob *ret, struct err *err)
{
	json_t *config, *layers = json_array();
	char created[32];
	struct tm tm;
	int r;

	gmtime_r(&image->created, &tm);
	strftime(created, sizeof(created), "%Y-%m-%dT%H:%M:%SZ", &tm);
	for (size_t i = 0; i < image->nlayers; i++)
		json_array_append_new(layers, json_string(image->layers[i].digest));
	config = json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:o}}", "architecture", image->arch, "os",
			   "linux", "created", created, "config", run_options(image), "rootfs",
			   "type", "layers", "diff_ids", layers);
	r = json_store(dirfd, config, ret, err);
	json_decref(config);
	return r;
}

/* manifest.md.  The layers are not compressed, so a layer's digest is its diff id too. */
static int
manifest_put(int dirfd, const struct oci_image *image, struct blob *ret, struct err *err)
{
	json_t *manifest, *layers = json_array();
	struct blob config;
	int r = config_put(dirfd, image, &config, err);

	for (size_t i = 0; i < image->nlayers; i++)
		json_array_append_new(layers,
				      descriptor(TYPE "layer.v1.tar", &image->layers[i]));
	if (r < 0) {
		json_decref(layers);
		return r;
	}
	manifest = json_pack("{s:i, s:s, s:o, s:o}", "schemaVersion", 2, "mediaType",
			     TYPE "manifest.v1+json", "config",
			     descriptor(TYPE "config.v1+json", &config), "layers", layers);
	r = json_store(dirfd, manifest, ret, err);
	json_decref(manifest);
	return r;
}

int
oci_image_put(int dirfd, const struct oci_image *image, json_t **ret, struct err *err)
{
	struct blob manifest;
	json_t *line;
	int r = manifest_put(dirfd, image, &manifest, err);

	if (r < 0)
		return r;
	line = descriptor(TYPE "manifest.v1+json", &manifest);
	json_object_set_new(line, "platform", json_pack("{s:s, s:s}", "architecture", image->arch,
							"os", "linux"));
	json_object_set_new(line, "annotations",
			    json_pack("{s:s, s:s}", "io.containerd.image.name", image->reference,
				      "org.opencontainers.image.ref.name", image->reference));
	*ret = line;
	return 0;
}

int
oci_index_write(int dirfd, json_t *lines, struct err *err)
{
	static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}\n";
	json_t *index = json_pack("{s:i, s:O}", "schemaVersion", 2, "manifests", lines);
	size_t len;
	char *text = json_text(index, &len);
	int r = file_write((struct file_new){ dirfd, "index.json", 0644 }, text, len, err);

	if (r >= 0)
		r = file_write((struct file_new){ dirfd, "oci-layout", 0644 }, layout,
			       strlen(layout), err);
	free(text);
	json_decref(index);
	return r;
}
