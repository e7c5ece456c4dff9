/* containerd's folder made from parts, and the engine's list of them. */
#include "cmocka_all.h"

#include <errno.h>
#include <sys/stat.h>

#include "cloud-init/agent/part.h"
#include "cloud-init/agent/seed.h"
#include "lib/str.h"
#include "tree.h"

#define ROOT "/var/lib/containerd"
#define OVERLAY ROOT "/io.containerd.snapshotter.v1.overlayfs"

static const struct part parts[] = { { "kube", "1111", 1 }, { "ceph", "2222", 1 } };

static int
setup(void **state)
{
	if (tree_init(state) < 0)
		return -1;
	tree_file("/run/bootserver/kube/containerd/meta.db", "kube's");
	tree_file("/run/bootserver/kube/containerd/snapshots.db", "kube's layers");
	tree_file("/run/bootserver/kube/containerd/content/blobs/sha256/aa", "A");
	tree_file("/run/bootserver/kube/containerd/snapshots/1/fs/etc/x", "1");
	tree_file("/run/bootserver/ceph/containerd/meta.db", "both's");
	tree_file("/run/bootserver/ceph/containerd/snapshots.db", "both's layers");
	tree_file("/run/bootserver/ceph/containerd/content/blobs/sha256/bb", "B");
	tree_file("/run/bootserver/ceph/containerd/snapshots/2/fs/y", "2");
	tree_file(ROOT "/io.containerd.runtime.v2.task/old", "of an earlier image");
	return 0;
}

static void
assert_text(const char *path, const char *wanted)
{
	char *text = where_text("%s", path);

	if (!str_eq(text, wanted))
		fail_msg("%s: \"%s\", not \"%s\"", path, text ? text : "(none)", wanted);
	free(text);
}

static void
assert_link(const char *path, const char *wanted)
{
	char full[WHERE_MAX], target[256] = "";

	if (readlink(where(full, "%s", path), target, sizeof(target) - 1) < 0)
		fail_msg("%s is no link", path);
	assert_string_equal(target, wanted);
}

static void
one_part(void **state)
{
	char path[WHERE_MAX];
	struct stat st;
	struct err err;

	(void)state;
	assert_true(seed_needed(parts, 1));
	assert_int_equal(seed_containerd(parts, 1, &err), 1);
	assert_text(ROOT "/io.containerd.metadata.v1.bolt/meta.db", "kube's");
	assert_text(OVERLAY "/metadata.db", "kube's layers");
	assert_link(OVERLAY "/snapshots/1", "/run/bootserver/kube/containerd/snapshots/1");
	assert_text(ROOT "/io.containerd.content.v1.content/blobs/sha256/aa", "A");
	assert_false(where_is(ROOT "/io.containerd.runtime.v2.task"));
	assert_int_equal(stat(where(path, OVERLAY "/snapshots"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);

	/* The same parts again: what containerd has done meanwhile stays. */
	tree_file(OVERLAY "/snapshots/7/fs/z", "a container's");
	assert_false(seed_needed(parts, 1));
	assert_int_equal(seed_containerd(parts, 1, &err), 0);
	assert_true(where_is(OVERLAY "/snapshots/7/fs/z"));
}

/* A machine without roles: containerd may start, and gets its images the day there are some. */
static void
no_parts(void **state)
{
	struct err err;

	(void)state;
	assert_false(seed_is());
	assert_int_equal(seed_containerd(NULL, 0, &err), 1);
	assert_true(seed_is());
	assert_int_equal(seed_containerd(NULL, 0, &err), 0);
	assert_true(seed_needed(parts, 1));
	assert_int_equal(seed_containerd(parts, 1, &err), 1);
	assert_text(OVERLAY "/metadata.db", "kube's layers");
}

static void
another_image(void **state)
{
	char full[WHERE_MAX];
	struct err err;

	(void)state;
	assert_int_equal(seed_containerd(parts, 1, &err), 1);
	tree_file(OVERLAY "/snapshots/7/fs/z", "a container's");
	assert_true(seed_needed(parts, 2));
	assert_int_equal(seed_containerd(parts, 2, &err), 1);
	assert_text(OVERLAY "/metadata.db", "both's layers");
	assert_link(OVERLAY "/snapshots/2", "/run/bootserver/ceph/containerd/snapshots/2");
	assert_link(OVERLAY "/snapshots/1", "/run/bootserver/kube/containerd/snapshots/1");
	assert_false(where_is(OVERLAY "/snapshots/7"));
	/* The parts themselves were only linked to. */
	assert_text("/run/bootserver/kube/containerd/snapshots/1/fs/etc/x", "1");

	/* Cut before its end: begun anew. */
	assert_int_equal(unlink(where(full, "/run/bootserver/kube/containerd/meta.db")), 0);
	assert_true(seed_containerd(parts, 1, &err) < 0);
	assert_true(seed_needed(parts, 1));
	assert_true(seed_needed(parts, 2));
}

#define SUM "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void
the_list_of_parts(void **state)
{
	static const struct {
		const char *text;
		int r;
	} rows[] = {
		{ "[]", 0 },
		{ "[{\"part\": \"kube\", \"sha256\": \"" SUM "\", \"size\": 5}]", 1 },
		{ "[{\"part\": \"key\", \"sha256\": \"" SUM "\", \"size\": 5}]", -EBADMSG },
		{ "[{\"part\": \"kube\", \"sha256\": \"../x\", \"size\": 5}]", -EBADMSG },
		{ "[{\"part\": \"kube\", \"sha256\": \"" SUM "\", \"size\": 0}]", -EBADMSG },
	};
	struct part ret[PARTS_MOST];
	struct err err;
	size_t count;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		json_t *list = json_loads(rows[i].text, 0, NULL);
		int r = part_parse(list, ret, &count, &err);

		if (r != (rows[i].r < 0 ? rows[i].r : 0) || (r == 0 && (int)count != rows[i].r))
			fail_msg("row %zu: %d", i, r);
		json_decref(list);
	}
	assert_string_equal(ret[0].name, "kube");
	assert_int_equal(ret[0].size, 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(one_part, setup, tree_fini),
		cmocka_unit_test_setup_teardown(no_parts, setup, tree_fini),
		cmocka_unit_test_setup_teardown(another_image, setup, tree_fini),
		cmocka_unit_test(the_list_of_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
