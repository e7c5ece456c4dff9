/* The site's files as the engine was given them, kept so that a change of one can be checked. */
#include "engine/sources.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"

#define SITE_FILE_MOST (16 << 20)	/* bytes of one site file */

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

int
sources_read(struct sources *ret, const struct msg *msg, struct err *err)
{
	const json_t *files = json_object_get(msg->body, "files");
	size_t count = json_array_size(files);
	struct sources sources = { NULL, 0 };
	int r = 0;

	if (count == 0 || count > msg->nfds)
		return err_set(err, -EBADMSG, "the keeper named %zu files and sent %zu", count,
			       msg->nfds);
	sources.items = mem_new(count * sizeof(*sources.items));
	for (size_t i = 0; r == 0 && i < count; i++) {
		const char *name = json_string_value(json_array_get(files, i));
		struct site_source *item = &sources.items[i];
		char *text = NULL;

		r = file_read_fd(msg->fds[i], SITE_FILE_MOST, &text, &item->len, err);
		if (r < 0) {
			err_wrap(err, r, "%s", name ? name : "");
			break;
		}
		item->name = str_dup(name ? name : "");
		item->text = text;
		sources.count++;
	}
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

static void
add(struct sources *sources, const char *name, const char *text, size_t len)
{
	char *copy = mem_new(len + 1);

	memcpy(copy, text, len);
	sources->items[sources->count++] = (struct site_source){ str_dup(name), copy, len };
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
