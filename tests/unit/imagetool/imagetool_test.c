/* Container images out of folders: the same bytes from the same tree, and what a layer keeps. */
#include "cmocka_all.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "images/imagetool/layer.h"
#include "images/imagetool/oci.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

static char folder[] = "/tmp/imagetool_test.XXXXXX";
static struct err err;
static int dir;

static void
put(const char *path, const char *text, mode_t mode)
{
	struct file_new file = { dir, path, mode };

	assert_true(file_write(file, text, strlen(text), &err) >= 0);
}

static int
setup(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C.UTF-8");
	if (!mkdtemp(folder))
		return -1;
	dir = open(folder, O_RDONLY | O_DIRECTORY);
	return dir < 0 || file_mkdirs(dir, "tree/bin", 0755, &err) < 0 ||
	       file_mkdirs(dir, "out/blobs/sha256", 0755, &err) < 0 ? -1 : 0;
}

static int
teardown(void **state)
{
	char *command = str_format("rm -r %s", folder);
	int r = system(command);

	(void)state;
	free(command);
	close(dir);
	return r;
}

static struct blob
layer(int store)
{
	char *tree = str_format("%s/tree", folder);
	struct blob blob;

	assert_int_equal(layer_put(store, tree, 1000, &blob, &err), 0);
	free(tree);
	return blob;
}

/* Looks for an entry of the layer: its mode, or 0 if it is not there; *ret_number: how many come
 * before it. */
static mode_t
entry(const struct blob *blob, const char *name, int *ret_number)
{
	struct archive *tar = archive_read_new();
	struct archive_entry *entry;
	char *path = str_format("%s/out/blobs/sha256/%s", folder, strchr(blob->digest, ':') + 1);
	mode_t mode = 0;

	archive_read_support_format_tar(tar);
	assert_int_equal(archive_read_open_filename(tar, path, 4096), ARCHIVE_OK);
	for (*ret_number = 0; archive_read_next_header(tar, &entry) == ARCHIVE_OK; ++*ret_number) {
		assert_int_equal(archive_entry_mtime(entry), 1000);
		assert_false(archive_entry_uname(entry) && archive_entry_uname(entry)[0]);
		if (!str_eq(archive_entry_pathname(entry), name))
			continue;
		mode = archive_entry_mode(entry);
		break;
	}
	archive_read_free(tar);
	free(path);
	return mode;
}

static void
layers(void **state)
{
	int store = openat(dir, "out", O_RDONLY | O_DIRECTORY), number;
	struct blob one, two;

	(void)state;
	put("tree/bin/kube", "program", 0755);
	put("tree/word", "text", 0600);
	put("tree/ő", "", 0644);
	assert_int_equal(symlinkat("kube", dir, "tree/bin/kubelet"), 0);
	one = layer(store);
	assert_int_equal(entry(&one, "bin/kube", &number), S_IFREG | 0755);
	assert_int_equal(number, 1);
	assert_int_equal(entry(&one, "bin/kubelet", &number) & S_IFMT, S_IFLNK);
	assert_int_equal(number, 2);
	assert_int_equal(entry(&one, "word", &number), S_IFREG | 0600);
	assert_int_equal(entry(&one, "none", &number), 0);
	assert_int_equal(number, 5);

	put("tree/word", "text", 0600);		/* another time, another inode */
	two = layer(store);
	assert_string_equal(one.digest, two.digest);
	put("tree/word", "test", 0600);
	two = layer(store);
	assert_string_not_equal(one.digest, two.digest);
	close(store);
}

static json_t *
blob_json(int store, const json_t *descriptor)
{
	const char *digest = json_str(descriptor, "digest", "sha256:");
	char *path = str_format("blobs/sha256/%s", digest + strlen("sha256:"));
	json_t *ret;
	char *text;
	size_t len;

	assert_int_equal(file_read(store, path, &text, &len, &err), 0);
	assert_int_equal(len, json_num(descriptor, "size", 0));
	assert_int_equal(json_parse(&ret, text, len, &err), 0);
	free(text);
	free(path);
	return ret;
}

static void
images(void **state)
{
	int store = openat(dir, "out", O_RDONLY | O_DIRECTORY);
	struct blob blob;
	struct oci_image image = { .reference = "bootserver.local/x:v1", .arch = "arm64",
				   .entry = "/x", .layers = &blob, .nlayers = 1 };
	json_t *line, *manifest, *config, *options;

	(void)state;
	put("tree/bin/kube", "program", 0755);
	blob = layer(store);
	assert_int_equal(oci_image_put(store, &image, &line, &err), 0);
	assert_string_equal(json_str(json_object_get(line, "annotations"),
				     "io.containerd.image.name", ""), image.reference);
	manifest = blob_json(store, line);
	config = blob_json(store, json_object_get(manifest, "config"));
	assert_string_equal(json_str(config, "architecture", ""), "arm64");
	assert_string_equal(json_str(config, "created", ""), "1970-01-01T00:00:00Z");
	options = json_object_get(config, "config");
	assert_string_equal(json_string_value(json_array_get(json_object_get(options, "Entrypoint"),
							     0)), "/x");
	assert_string_equal(json_string_value(json_array_get(json_object_get(
				json_object_get(config, "rootfs"), "diff_ids"), 0)), blob.digest);
	json_decref(config);
	json_decref(manifest);
	json_decref(line);
	close(store);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers),
		cmocka_unit_test(images),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
