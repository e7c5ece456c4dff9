/*
 * machines.d/NAME.yaml as the API writes it: a line of warning, then one machine, a key a line,
 * each value as JSON (which is YAML), so that both a person and edits_parse() can read it.
 */
#include "sitedir/edits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/str.h"

static const char head[] =
	"# Written by the operator's API: change the machine there.\n"
	"machines:\n";

void
edits_path(char ret[EDITS_PATH], const char *name)
{
	snprintf(ret, EDITS_PATH, "machines.d/%s.yaml", name);
}

bool
edits_ours(const char *text, size_t len)
{
	size_t line = strcspn(head, "\n") + 1;

	return len >= line && memcmp(text, head, line) == 0;
}

static bool
is_key(const char *key)
{
	return key[0] && strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(key);
}

static void
put_line(struct buf *buf, const char *before, const char *key, const json_t *value)
{
	char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII |
				       JSON_SORT_KEYS);

	buf_format(buf, "%s%s: %s\n", before, key, text ? text : "null");
	free(text);
}

int
edits_format(json_t *machine, char **ret, struct err *err)
{
	const char *key;
	json_t *value;
	struct buf buf;

	json_object_foreach(machine, key, value)
		if (!is_key(key))
			return err_set(err, -EINVAL, "a machine has no key \"%.40s\"", key);
	buf_init(&buf);
	buf_text(&buf, head);
	put_line(&buf, "- ", "name", json_object_get(machine, "name"));
	json_object_foreach(machine, key, value)
		if (strcmp(key, "name") != 0 && !json_is_null(value))
			put_line(&buf, "  ", key, value);
	*ret = buf.text;
	return 0;
}

/* One line "  KEY: JSON" into the object; false if it is none. */
static bool
take_line(json_t *object, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	char *key;
	json_t *value;

	if (!colon || colon < line + 2)
		return false;
	value = json_loadb(colon + 1, (size_t)(line + len - colon - 1), JSON_DECODE_ANY, NULL);
	if (!value)
		return false;
	key = strndup(line + 2, (size_t)(colon - line - 2));
	json_object_set_new(object, key, value);
	free(key);
	return true;
}

json_t *
edits_parse(const char *text, size_t len)
{
	const char *at = text + strlen(head), *end = text + len;
	json_t *object;

	if (len < strlen(head) || memcmp(text, head, strlen(head)) != 0)
		return NULL;
	object = json_object();
	while (at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *stop = newline ? newline : end;

		if (!take_line(object, at, (size_t)(stop - at))) {
			json_decref(object);
			return NULL;
		}
		at = stop + 1;
	}
	return object;
}

/* 1: there is no file; 0: one of ours. */
static int
look_at(int dirfd, const char *path, struct err *err)
{
	char *text;
	size_t len;
	int r = file_read(dirfd, path, &text, &len, err);

	if (r == -ENOENT)
		return 1;
	if (r < 0)
		return r;
	r = edits_ours(text, len) ? 0 :
	    err_set(err, -EEXIST, "%s was not written by the API: change it by hand", path);
	free(text);
	return r;
}

static int
take_away(int dirfd, const char *path, struct err *err)
{
	int folder;

	if (unlinkat(dirfd, path, 0) < 0)
		return err_errno(err, -errno, "cannot remove %s", path);
	folder = openat(dirfd, "machines.d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder >= 0) {
		fsync(folder);
		close(folder);
	}
	return 0;
}

int
edits_write(int dirfd, const char *name, const char *text, struct err *err)
{
	char path[EDITS_PATH];
	int r;

	if (!str_is_label(name))
		return err_set(err, -EINVAL, "\"%.64s\" is no name of a machine", name);
	edits_path(path, name);
	r = look_at(dirfd, path, err);
	if (r < 0)
		return r;
	if (text)
		return file_write((struct file_new){ dirfd, path, 0644 }, text, strlen(text), err);
	return r == 1 ? 0 : take_away(dirfd, path, err);
}
