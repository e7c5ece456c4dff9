/* The image store: what comes in, what is refused, what goes, and what is left when it is damaged.
 */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "lib/cms.h"
#include "lib/file.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "sitedir/pki.h"
#include "sitedir/store.h"
#include "tests/unit/sitedir/folder.h"

static char site_name[] = "lab", site_domain[] = "lab.internal";

static void
put(const char *path, const void *data, size_t len)
{
	struct err err = { "" };

	if (file_write((struct file_new){ AT_FDCWD, path, 0644 }, data, len, &err) < 0)
		fail_msg("%s", err.text);
}

/* A site directory with its keys. */
static int
enter(void **state)
{
	struct site site = {.name = site_name, .domain = site_domain, .address = {0x0a090001, 24}};
	struct err err = { "" };

	if (folder_enter(state) < 0 ||
	    sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err) < 0)
		return -1;
	return sitedir_pki_ensure(AT_FDCWD, &site, (uid_t)-1, (gid_t)-1, &err) < 0;
}

/* A built folder of an amd64 image; `seed` makes its kernel, the initrd is always the same. */
static void
build(const char *folder, const char *name, const char *seed)
{
	char kernel[SHA256_TEXT], initrd[SHA256_TEXT], *path, *text;

	mkdir(folder, 0755);
	sha256_text(kernel, seed, strlen(seed));
	sha256_text(initrd, "initrd", 6);
	path = str_format("%s/%s", folder, kernel);
	put(path, seed, strlen(seed));
	free(path);
	path = str_format("%s/%s", folder, initrd);
	put(path, "initrd", 6);
	free(path);
	text = str_format(
		"{\"schema\": 1, \"name\": \"%s\", \"version\": \"1\", \"parts\": [{\"part\": "
		"\"kernel\", \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": %zu},{\"part\": "
		"\"initrd\", \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": 6}],\"args\": "
		"{\"amd64\": \"quiet\"}}",
		name, kernel, strlen(seed), initrd);
	path = str_format("%s/manifest.json", folder);
	put(path, text, strlen(text));
	free(path);
	free(text);
}

static int
add(const char *folder, struct store_added *ret, struct err *err)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	assert_true(fd >= 0);
	r = store_add(AT_FDCWD, fd, NULL, ret, err);
	close(fd);
	return r;
}

static int
must_add(const char *folder)
{
	struct store_added added;
	struct err err = { "" };

	if (add(folder, &added, &err) < 0)
		fail_msg("%s", err.text);
	return added.generation;
}

static size_t
count_files(const char *folder)
{
	char *command = str_format("ls -A %s | wc -l", folder);
	FILE *pipe = popen(command, "r");
	size_t count = 0;

	assert_int_equal(fscanf(pipe, "%zu", &count), 1);
	pclose(pipe);
	free(command);
	return count;
}

static struct images
list(void)
{
	struct images images;
	struct err err = { "" };

	if (images_list(AT_FDCWD, &images, &err) < 0)
		fail_msg("%s", err.text);
	return images;
}

/* What a part says that it brings is kept, and refused when it is no plain text. */
static void
parts_tell(void **state)
{
	static const char head[] = "{\"schema\": 1, \"name\": \"a\", \"version\": \"1\", \"args\":"
				   " {}, \"parts\": [";
	static const struct {
		const char *more;
		bool good;
	} rows[] = {
		{ "", true },
		{ ", \"version\": \"v1.36.4\", \"images\": [\"bootserver.local/etcd:3.5.30\"]",
		  true },
		{ ", \"version\": 7", false }, { ", \"version\": \"\"", false },
		{ ", \"version\": \"v1\\n\"", false }, { ", \"images\": {}", false },
		{ ", \"images\": [\"a\", 1]", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct image image;
		struct err err;
		struct buf text;

		buf_init(&text);
		buf_text(&text, head);
		for (int part = 0; part < 3; part++) {
			static const char *const names[] = { "kernel", "initrd", "kube" };

			buf_format(&text, "%s{\"part\": \"%s\", \"arch\": \"amd64\", \"size\": 1,"
				   " \"sha256\": \"%064d\"%s}", part ? ", " : "", names[part],
				   part, part == 2 ? rows[i].more : "");
		}
		buf_text(&text, "]}");
		if ((image_parse(&image, text.text, text.len, &err) == 0) != rows[i].good)
			fail_msg("%s", rows[i].more);
		if (i == 1) {
			const struct image_part *kube = image_part(&image, "kube",
								   SITE_ARCH_AMD64);

			assert_string_equal(kube->version, "v1.36.4");
			assert_string_equal(kube->images[0], "bootserver.local/etcd:3.5.30");
			assert_null(kube->images[1]);
		}
		if (rows[i].good)
			image_fini(&image);
		buf_fini(&text);
	}
}

static void
comes_in(void **state)
{
	struct images images;
	const struct image *image;
	struct err err = { "" };
	struct stat st;
	char *path;

	(void)state;
	build("one", "edge", "kernel one");
	build("two", "edge", "kernel two");
	build("three", "tiny", "kernel one");
	assert_int_equal(must_add("one"), 1);
	assert_int_equal(must_add("two"), 2);
	assert_int_equal(must_add("three"), 1);
	assert_int_equal(count_files("store/sha256"), 3);	/* parts are shared */
	images = list();
	assert_int_equal(images.count, 3);
	image = images_find(&images, "edge", 0);
	assert_int_equal(image->generation, 2);
	assert_null(image->fault);
	assert_string_equal(image->signer, "bootserver engine lab");
	assert_string_equal(image->args[SITE_ARCH_AMD64], "quiet");
	assert_null(image->args[SITE_ARCH_ARM64]);
	assert_true(image_has_arch(image, SITE_ARCH_AMD64));
	assert_false(image_has_arch(image, SITE_ARCH_ARM64));
	assert_null(image_part(image, "root", SITE_ARCH_AMD64));
	assert_int_equal(image_part(image, "kernel", SITE_ARCH_AMD64)->size, 10);
	path = str_format("store/sha256/%s", image->parts[0].sha256);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0444);
	assert_int_equal(store_verify(AT_FDCWD, image, NULL, &err), 0);
	assert_null(images_find(&images, "edge", 3));
	assert_null(images_find(&images, "nothing", 0));
	free(path);
	images_fini(&images);
}

static void
comes_in_once(void **state)
{
	struct store_added added;
	struct err err = { "" };

	(void)state;
	build("one", "edge", "kernel one");
	assert_int_equal(must_add("one"), 1);
	assert_int_equal(system("rm store/sha256/*"), 0);
	assert_int_equal(add("one", &added, &err), 0);
	assert_true(added.known);
	assert_int_equal(added.generation, 1);
	assert_int_equal(count_files("store/sha256"), 2);	/* brought back */
}

/* A part that went bad on the disk is brought in anew. */
static void
mends_what_is_damaged(void **state)
{
	struct store_added added;
	struct images images;
	struct err err = { "" };
	char *path;

	(void)state;
	build("one", "edge", "kernel one");
	assert_int_equal(must_add("one"), 1);
	images = list();
	path = str_format("store/sha256/%s", images.items[0].parts[0].sha256);
	put(path, "kernel 0ne", 10);
	assert_int_equal(store_verify(AT_FDCWD, &images.items[0], NULL, &err), -EBADMSG);
	assert_int_equal(add("one", &added, &err), 0);
	assert_true(added.known);
	assert_int_equal(store_verify(AT_FDCWD, &images.items[0], NULL, &err), 0);
	free(path);
	images_fini(&images);
}

/* What does not fit its manifest leaves nothing in the store. */
static void
refused(void **state)
{
	struct store_added added;
	struct err err = { "" };
	char kernel[SHA256_TEXT], initrd[SHA256_TEXT], *path, *other;

	(void)state;
	build("bad", "edge", "kernel bad");
	sha256_text(kernel, "kernel bad", 10);
	path = str_format("bad/%s", kernel);
	put(path, "kernel baX", 10);
	assert_int_equal(add("bad", &added, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "kernel (amd64) is damaged"));
	put(path, "kernel bad and more", 19);
	assert_int_equal(add("bad", &added, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "19 bytes, the manifest says 10"));
	unlink(path);
	assert_int_equal(add("bad", &added, &err), -ENOENT);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(add("bad", &added, &err), -EINVAL);
	assert_non_null(strstr(err.text, "not a regular file"));
	unlink(path);
	put(path, "kernel bad", 10);
	sha256_text(initrd, "initrd", 6);
	other = str_format("bad/%s", initrd);
	unlink(other);		/* the kernel is in by then */
	free(other);
	assert_int_equal(add("bad", &added, &err), -ENOENT);
	put("bad/manifest.json", "{", 1);
	assert_int_equal(add("bad", &added, &err), -EINVAL);
	unlink("bad/manifest.json");
	assert_int_equal(mkfifo("bad/manifest.json", 0600), 0);
	assert_int_equal(add("bad", &added, &err), -EINVAL);
	assert_non_null(strstr(err.text, "manifest.json: not a regular file"));
	unlink("bad/manifest.json");
	assert_int_equal(add("bad", &added, &err), -ENOENT);
	assert_int_equal(count_files("store/sha256"), 0);
	assert_int_equal(count_files("store/images"), 0);
	free(path);
}

/* Signs folder/manifest.json with a key made here; its certificate goes to `cert_path`. */
static void
sign_by_stranger(const char *folder, const char *cert_path)
{
	struct err err = { "" };
	struct pki_cert what = { .cn = "builder", .use = PKI_SIGNER, .to_s = 4000000000 };
	EVP_PKEY *key = pki_key_new(&err);
	X509 *cert = pki_cert_new(&what, key, NULL, NULL, &err);
	struct cms_who who = { key, cert };
	char *path = str_format("%s/manifest.json", folder), *text = NULL, *pem;
	unsigned char *der = NULL;
	size_t len, der_len;

	assert_int_equal(file_read(AT_FDCWD, path, &text, &len, &err), 0);
	assert_int_equal(cms_sign_detached(&who, (struct cms_bytes){ text, len }, &der, &der_len,
					   &err), 0);
	free(path);
	path = str_format("%s/manifest.json.cms", folder);
	put(path, der, der_len);
	pem = pki_cert_pem(cert);
	put(cert_path, pem, strlen(pem));
	free(pem);
	free(der);
	free(text);
	free(path);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void
signers(void **state)
{
	struct store_added added;
	struct images images;
	struct err err = { "" };

	(void)state;
	build("one", "edge", "kernel one");
	sign_by_stranger("one", "builder.crt");
	assert_int_equal(add("one", &added, &err), -EACCES);
	assert_non_null(strstr(err.text, "\"builder\""));
	images = list();
	assert_int_equal(images.count, 0);
	images_fini(&images);
	assert_int_equal(rename("builder.crt", "pki/signers/builder.crt"), 0);
	assert_int_equal(must_add("one"), 1);
	images = list();
	assert_string_equal(images.items[0].signer, "builder");
	images_fini(&images);
	unlink("pki/signers/builder.crt");	/* trusted no longer */
	images = list();
	assert_non_null(images.items[0].fault);
	assert_null(images.items[0].signer);
	assert_null(images_find(&images, "edge", 0));
	images_fini(&images);
}

static void
damage_is_found(void **state)
{
	struct images images;
	struct err err = { "" };
	char *path;

	(void)state;
	build("one", "edge", "kernel one");
	assert_int_equal(must_add("one"), 1);
	images = list();
	path = str_format("store/sha256/%s", images.items[0].parts[0].sha256);
	put(path, "kernel onX", 10);
	assert_int_equal(store_verify(AT_FDCWD, &images.items[0], NULL, &err), -EBADMSG);
	unlink(path);
	assert_int_equal(store_verify(AT_FDCWD, &images.items[0], NULL, &err), -ENOENT);
	free(path);
	images_fini(&images);
	assert_int_equal(system("chmod u+w store/images/edge/1.json && "
				"sed -i s/quiet/debug/ store/images/edge/1.json"), 0);
	images = list();
	assert_non_null(images.items[0].fault);
	assert_non_null(strstr(images.items[0].fault, "signature"));
	images_fini(&images);
}

static void
goes(void **state)
{
	struct err err = { "" };
	struct images images;
	uint64_t freed;

	(void)state;
	build("one", "edge", "kernel one");
	build("two", "edge", "kernel number two");
	assert_int_equal(must_add("one"), 1);
	assert_int_equal(must_add("two"), 2);
	assert_int_equal(store_remove(AT_FDCWD, "edge", 2, &freed, &err), 0);
	assert_int_equal(freed, strlen("kernel number two"));
	assert_int_equal(count_files("store/sha256"), 2);
	assert_int_equal(store_remove(AT_FDCWD, "edge", 2, &freed, &err), -ENOENT);
	assert_int_equal(must_add("two"), 3);	/* edge@2 never means another image */
	images = list();
	assert_int_equal(images.count, 2);
	images_fini(&images);
	assert_int_equal(store_remove(AT_FDCWD, "edge", 1, &freed, &err), 0);
	assert_int_equal(store_remove(AT_FDCWD, "edge", 3, &freed, &err), 0);
	assert_int_equal(count_files("store/sha256"), 0);
}

/* While one manifest cannot be read its parts are not known, so none is collected. */
static void
nothing_is_collected_in_doubt(void **state)
{
	struct err err = { "" };
	uint64_t freed;

	(void)state;
	build("one", "edge", "kernel one");
	build("two", "edge", "kernel two");
	must_add("one");
	must_add("two");
	assert_int_equal(
		system("chmod u+w store/images/edge/1.json; echo > store/images/edge/1.json"), 0);
	assert_int_equal(store_remove(AT_FDCWD, "edge", 2, &freed, &err), 0);
	assert_int_equal(freed, 0);
	assert_int_equal(count_files("store/sha256"), 3);
}

static void
manifests(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{}",
		"{\"schema\": 2}",
		"{\"schema\": 1, \"name\": \"A\"}",
		"{\"schema\": 1, \"name\": \"a\", \"version\": \"1\", \"parts\": []}",
		"{\"schema\": 1, \"name\": \"a\", \"version\": \"1\", \"parts\": [{\"part\": "
		"\"kernel\", \"arch\": \"amd64\", \"sha256\": \"00\", \"size\": 1}]}",
		"{\"schema\": 1, \"name\": \"a\", \"version\": \"1\", \"parts\": [{\"part\": "
		"\"kernel\", \"arch\": \"amd64\", \"sha256\": "
		"\"0000000000000000000000000000000000000000000000000000000000000000\", \"size\": "
		"1}]}", /* no initrd */
	};
	struct image image;
	struct err err;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		if (image_parse(&image, bad[i], strlen(bad[i]), &err) != -EINVAL || !err.text[0])
			fail_msg("row %zu: %s", i, err.text);
	}
}

static void
references(void **state)
{
	static const struct {
		const char *text, *name;
		int generation;
	} rows[] = {
		{"edge", "edge", 0},  {"edge@3", "edge", 3}, {"edge@0", NULL, 0},
		{"edge@", NULL, 0},   {"@3", NULL, 0},	     {"edge@3x", NULL, 0},
		{"edge@-3", NULL, 0}, {"Edge", NULL, 0},     {"edge@9999999999", NULL, 0},
		{"../edge", NULL, 0}, {"", NULL, 0},
	};
	char name[64];
	int generation;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = image_ref_parse(name, &generation, rows[i].text);

		if (r != (rows[i].name ? 0 : -EINVAL))
			fail_msg("row %zu: %d", i, r);
		if (r == 0) {
			assert_string_equal(name, rows[i].name);
			assert_int_equal(generation, rows[i].generation);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_tell),
		cmocka_unit_test_setup_teardown(comes_in, enter, folder_leave),
		cmocka_unit_test_setup_teardown(comes_in_once, enter, folder_leave),
		cmocka_unit_test_setup_teardown(mends_what_is_damaged, enter, folder_leave),
		cmocka_unit_test_setup_teardown(refused, enter, folder_leave),
		cmocka_unit_test_setup_teardown(signers, enter, folder_leave),
		cmocka_unit_test_setup_teardown(damage_is_found, enter, folder_leave),
		cmocka_unit_test_setup_teardown(goes, enter, folder_leave),
		cmocka_unit_test_setup_teardown(nothing_is_collected_in_doubt, enter, folder_leave),
		cmocka_unit_test(manifests),
		cmocka_unit_test(references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
