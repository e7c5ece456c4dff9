/* Files that the engine sends: see place.h. */
#include "cloud-init/agent/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/str.h"

#define HOSTS "/etc/hosts"
#define BEGIN "# bootserver: begin\n"
#define END "# bootserver: end\n"

bool
place_allowed(const char *path)
{
	static const char *const folders[] = {
		"/etc/kubernetes/", "/etc/containerd/", "/var/lib/kubelet/", "/run/bootserver/",
	};
	size_t len = strlen(path);

	if (len == 0 || path[len - 1] == '/' || strstr(path, "//") || strstr(path, "/./") ||
	    strstr(path, "/../") || len >= WHERE_MAX / 2)
		return false;
	if (str_eq(path + len - (len > 2 ? 2 : len), "/.") ||
	    str_eq(path + len - (len > 3 ? 3 : len), "/.."))
		return false;
	for (size_t i = 0; i < sizeof(folders) / sizeof(*folders); i++)
		if (str_starts(path, folders[i]))
			return true;
	return false;
}

static int
place_one(const json_t *file, struct err *err)
{
	const char *path = json_str(file, "path", ""), *text = json_str(file, "text", NULL);
	mode_t mode = (mode_t)json_num(file, "mode", 0600) & 0777;
	char full[WHERE_MAX], *folder;
	int r;

	if (!place_allowed(path))
		return err_set(err, -EPERM, "the engine's file %.100s has no place here", path);
	if (!text)
		return err_set(err, -EBADMSG, "the engine's file %s has no text", path);
	folder = str_format("%.*s", (int)(strrchr(path, '/') - path), path);
	r = file_mkdirs(AT_FDCWD, where(full, "%s", folder), 0755, err);
	free(folder);
	if (r == 0)
		r = file_update((struct file_new){ AT_FDCWD, where(full, "%s", path), mode }, text,
				strlen(text), err);
	return r < 0 ? r : 0;
}

int
place_files(const json_t *files, struct err *err)
{
	json_t *file;
	size_t i;
	int r = 0;

	json_array_foreach((json_t *)(uintptr_t)files, i, file) {
		r = place_one(file, err);
		if (r < 0)
			break;
	}
	return r;
}

char *
place_hosts_render(const char *text, const json_t *hosts)
{
	const char *begin = strstr(text, BEGIN), *end = begin ? strstr(begin, END) : NULL;
	size_t before = begin ? (size_t)(begin - text) : strlen(text);
	json_t *line;
	struct buf ret;
	size_t i;

	buf_init(&ret);
	buf_add(&ret, text, before);
	if (ret.len > 0 && ret.text[ret.len - 1] != '\n')
		buf_text(&ret, "\n");
	buf_text(&ret, BEGIN);
	json_array_foreach((json_t *)(uintptr_t)hosts, i, line)
		if (json_is_string(line) && !strpbrk(json_string_value(line), "\r\n"))
			buf_format(&ret, "%s\n", json_string_value(line));
	buf_text(&ret, END);
	if (end)
		buf_text(&ret, end + strlen(END));
	return ret.text;
}

int
place_hosts(const json_t *hosts, struct err *err)
{
	char path[WHERE_MAX], *text, *next;
	int r = file_read(AT_FDCWD, where(path, HOSTS), &text, NULL, err);

	if (r == -ENOENT)
		text = str_dup("");
	else if (r < 0)
		return r;
	next = place_hosts_render(text, hosts);
	r = file_update((struct file_new){ AT_FDCWD, path, 0644 }, next, strlen(next), err);
	free(next);
	free(text);
	return r < 0 ? r : 0;
}
