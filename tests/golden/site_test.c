/*
 * Site files and what is found in them: golden/site/NAME.yaml (and NAME.more.yaml as a file of
 * machines.d/) beside NAME.ok, the findings as `check` prints them.  UPDATE=1 writes the .ok files
 * anew; read the difference before you commit it.
 *
 * The store these sites are checked against holds edge@1 (amd64 with all parts; arm64, a worker),
 * edge@2 (amd64 without CSI drivers), old@3 (amd64 alone) and next@4 (amd64, another Kubernetes).
 */
#include "cmocka_all.h"

#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"
#include "site/parse.h"

#define ALL                                                                                        \
	(SITE_PART_BOOT | SITE_PART_KUBE | SITE_PART_CONTROL_PLANE | SITE_PART_CEPH | SITE_PART_CSI)

static const struct site_image images[] = {
	{"edge", 1, {0, ALL, SITE_PART_BOOT | SITE_PART_KUBE}, "v1.36.4"},
	{"edge", 2, {0, ALL & ~SITE_PART_CSI}, "v1.36.4"},
	{"old", 3, {0, SITE_PART_BOOT}},
	{"next", 4, {0, ALL}, "v1.37.0"},
};
static const struct site_store store = {images, sizeof(images) / sizeof(images[0])};

static char *
read_or_null(const char *path, size_t *ret_len)
{
	struct err err;
	char *text = NULL;

	*ret_len = 0;
	return file_read(AT_FDCWD, path, &text, ret_len, &err) < 0 ? NULL : text;
}

/* All findings of one pair of files, a line each. */
static char *
findings_of(const char *base)
{
	char *path = str_format("%s.yaml", base), *more_path = str_format("%s.more.yaml", base);
	struct site_source sources[2] = {{"site.yaml", NULL, 0}, {"machines.d/more.yaml", NULL, 0}};
	char *text = read_or_null(path, &sources[0].len);
	char *more = read_or_null(more_path, &sources[1].len);
	struct site_findings findings;
	struct site *site;
	struct buf lines;

	buf_init(&lines);
	assert_non_null(text);
	sources[0].text = text;
	sources[1].text = more;
	site = site_parse(sources, more ? 2 : 1, &findings);
	assert_true((site == NULL) == (findings.errors > 0));
	site_findings_fini(&findings);
	site_examine(sources, more ? 2 : 1, &store, &findings);
	for (size_t i = 0; i < findings.count; i++) {
		char *line = site_finding_format(&findings.items[i]);

		buf_format(&lines, "%s\n", line);
		free(line);
	}
	site_findings_fini(&findings);
	site_free(site);
	free(text);
	free(more);
	free(path);
	free(more_path);
	return lines.text;
}

static void
compare(const char *yaml)
{
	char *base = strndup(yaml, strlen(yaml) - 5), *ok_path = str_format("%s.ok", base);
	char *found = findings_of(base), *wanted;
	struct err err;
	size_t len;

	if (getenv("UPDATE"))
		assert_int_equal(file_write((struct file_new){ AT_FDCWD, ok_path, 0644 }, found,
					    strlen(found), &err),
				 0);
	wanted = read_or_null(ok_path, &len);
	if (!wanted)
		fail_msg("%s is missing", ok_path);
	if (strcmp(found, wanted) != 0)
		fail_msg("%s\nfound:\n%swanted:\n%s", yaml, found, wanted);
	free(wanted);
	free(found);
	free(ok_path);
	free(base);
}

static void
pairs(void **state)
{
	glob_t files;
	size_t count = 0;

	(void)state;
	assert_int_equal(glob("tests/golden/site/*.yaml", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		if (strstr(files.gl_pathv[i], ".more.yaml"))
			continue;
		compare(files.gl_pathv[i]);
		count++;
	}
	globfree(&files);
	assert_true(count >= 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pairs) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
