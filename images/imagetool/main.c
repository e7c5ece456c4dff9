/*
 * imagetool: writes container images, made of folders, as an OCI image layout.
 *	imagetool LAYOUT ARCH <LINES
 * A line: reference, entry point ("-": none), layer folders, the lowest first.  A folder that
 * several images have is written once.  Times are SOURCE_DATE_EPOCH.
 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "images/imagetool/layer.h"
#include "images/imagetool/oci.h"
#include "lib/str.h"

enum { LAYERS_MOST = 8, FOLDERS_MOST = 64 };

struct tool {
	int dirfd;
	const char *arch;
	time_t when;
	struct {
		char *folder;
		struct blob blob;
	} known[FOLDERS_MOST];		/* the folders that are written */
	size_t nknown;
	json_t *lines;
};

static int
folder_blob(struct tool *t, const char *folder, struct blob *ret, struct err *err)
{
	int r;

	for (size_t i = 0; i < t->nknown; i++) {
		if (!str_eq(t->known[i].folder, folder))
			continue;
		*ret = t->known[i].blob;
		return 0;
	}
	if (t->nknown == FOLDERS_MOST)
		return err_set(err, -E2BIG, "more than %d layers", FOLDERS_MOST);
	r = layer_put(t->dirfd, folder, t->when, ret, err);
	if (r < 0)
		return r;
	t->known[t->nknown].folder = str_dup(folder);
	t->known[t->nknown++].blob = *ret;
	return 0;
}

static int
line_take(struct tool *t, char *line, struct err *err)
{
	struct blob layers[LAYERS_MOST];
	char *rest, *reference = strtok_r(line, " \n", &rest);
	char *entry = strtok_r(NULL, " \n", &rest);
	struct oci_image image = { .reference = reference, .arch = t->arch, .layers = layers,
				   .created = t->when };
	json_t *ret;
	int r = 0;

	if (!entry)
		return err_set(err, -EINVAL, "a line is: reference, entry point, folders");
	image.entry = str_eq(entry, "-") ? NULL : entry;
	for (char *folder; r == 0 && (folder = strtok_r(NULL, " \n", &rest)) != NULL;) {
		if (image.nlayers == LAYERS_MOST)
			return err_set(err, -E2BIG, "%s: more than %d layers", reference,
				       LAYERS_MOST);
		r = folder_blob(t, folder, &layers[image.nlayers++], err);
	}
	if (r == 0)
		r = oci_image_put(t->dirfd, &image, &ret, err);
	if (r == 0)
		json_array_append_new(t->lines, ret);
	return r;
}

static int
run(struct tool *t, const char *layout, struct err *err)
{
	char *line = NULL;
	size_t size = 0;
	int r = store_open(&t->dirfd, layout, err);

	while (r == 0 && getline(&line, &size, stdin) > 0)
		r = line_take(t, line, err);
	free(line);
	return r < 0 ? r : oci_index_write(t->dirfd, t->lines, err);
}

int
main(int argc, char **argv)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	struct tool tool = { .lines = json_array() };
	struct err err;

	if (argc != 3 || !epoch) {
		fprintf(stderr, "usage: SOURCE_DATE_EPOCH=SECONDS imagetool LAYOUT ARCH <LINES\n");
		return 2;
	}
	setlocale(LC_CTYPE, "C.UTF-8");		/* libarchive reads names by it */
	tool.arch = argv[2];
	tool.when = (time_t)strtoll(epoch, NULL, 10);
	if (run(&tool, argv[1], &err) < 0) {
		fprintf(stderr, "error: %s\n", err.text);
		return 1;
	}
	return 0;
}
