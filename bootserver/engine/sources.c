/* The site's files as the engine was given them, kept so that a change of one can be checked. */
#include "engine/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define SITE_FILE_MOST (16 << 20)	/* bytes of one site file */
#define SITE_MOST (256 << 20)		/* of all of them */

void
sources_fini(struct sources *sources)
{
	for (size_t i = 0; i < sources->count; i++) {
		free((char *)(uintptr_t)sources->items[i].name);
		free((char *)(uintptr_t)sources->items[i].text);
	}
	free(sources->items);
	*sources = (struct sources){ NULL, 0 };
}

static void
add(struct sources *sources, const char *name, const char *text, size_t len)
{
	char *copy = mem_new(len + 1);

	memcpy(copy, text, len);
	sources->items[sources->count++] = (struct site_source){ str_dup(name), copy, len };
}

/* Cuts the texts, `len` bytes of them, by the sizes of the files. */
static int
cut(struct sources *sources, const json_t *files, const char *text, size_t len, struct err *err)
{
	size_t at = 0;

	for (size_t i = 0; i < json_array_size(files); i++) {
		const json_t *file = json_array_get(files, i);
		const char *name = json_str(file, "name", "");
		int64_t size = json_num(file, "size", -1);

		if (size > SITE_FILE_MOST)
			return err_set(err, -EFBIG, "%s: more than %d bytes", name,
				       SITE_FILE_MOST);
		if (size < 0 || (size_t)size > len - at)
			return err_set(err, -EBADMSG, "%s: the keeper sent less of it than it said",
				       name);
		add(sources, name, text + at, (size_t)size);
		at += (size_t)size;
	}
	return 0;
}

int
sources_read(struct sources *ret, const struct msg *msg, struct err *err)
{
	const json_t *files = json_object_get(msg->body, "files");
	size_t count = json_array_size(files), len;
	struct sources sources = { NULL, 0 };
	char *text;
	int r;

	if (count == 0 || msg->nfds == 0)
		return err_set(err, -EBADMSG, "the keeper sent no files");
	if (lseek(msg->fds[0], 0, SEEK_SET) < 0)
		return err_errno(err, -errno, "cannot read the site's files");
	r = file_read_fd(msg->fds[0], SITE_MOST, &text, &len, err);
	if (r < 0)
		return r;
	sources.items = mem_new(count * sizeof(*sources.items));
	r = cut(&sources, files, text, len, err);
	free(text);
	if (r < 0)
		sources_fini(&sources);
	else
		*ret = sources;
	return r;
}

const struct site_source *
sources_find(const struct sources *sources, const char *name)
{
	for (size_t i = 0; i < sources->count; i++)
		if (strcmp(sources->items[i].name, name) == 0)
			return &sources->items[i];
	return NULL;
}

void
sources_with(struct sources *ret, const struct sources *old, const char *name, const char *text)
{
	struct sources made = { mem_new((old->count + 1) * sizeof(*made.items)), 0 };
	bool pending = text != NULL;

	for (size_t i = 0; i < old->count; i++) {
		const struct site_source *item = &old->items[i];
		int order = i == 0 ? 1 : strcmp(name, item->name);

		if (pending && i > 0 && order <= 0) {
			add(&made, name, text, strlen(text));
			pending = false;
		}
		if (order != 0)
			add(&made, item->name, item->text, item->len);
	}
	if (pending)
		add(&made, name, text, strlen(text));
	*ret = made;
}
