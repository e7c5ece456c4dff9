/* The files that the site gives a machine's root: see files.h. */
#include "images/stage1/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lib/file.h"
#include "lib/str.h"

static const char *const folders[] = {
	"/run/bootserver/", "/run/systemd/network/", "/run/systemd/system/",
	"/etc/cloud/cloud.cfg.d/", NULL
};

static bool
allowed(const char *path)
{
	static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-/";

	if (path[strspn(path, signs)] != '\0' || strstr(path, "..") != NULL)
		return false;
	for (size_t i = 0; folders[i] != NULL; i++) {
		if (str_starts(path, folders[i]))
			return true;
	}
	return false;
}

static int
write_one(const char *path, const char *text, struct err *err)
{
	char *folder = str_dup(path);
	int code;

	*strrchr(folder, '/') = '\0';
	code = file_mkdirs(AT_FDCWD, folder, 0755, err);
	if (code == 0)
		code = file_write((struct file_new){ AT_FDCWD, path, 0644 }, text, strlen(text),
				  err);
	free(folder);
	return code;
}

static int
write_some(const json_t *site, bool run, const char *base, struct err *err)
{
	int count = 0, failed = 0;
	const char *path;
	json_t *value;

	json_object_foreach(json_object_get(site, "files"), path, value) {
		char *place;
		int code = 0;

		if (!allowed(path) || !json_is_string(value)) {
			failed = err_set(err, -EINVAL, "%.100s is no place for a site's file",
					 path);
			continue;
		}
		if (str_starts(path, "/run/") != run)
			continue;
		place = str_format("%s%s", base, path);
		code = write_one(place, json_string_value(value), err);
		free(place);
		count += code == 0;
		failed = code < 0 ? code : failed;
	}
	return failed < 0 ? failed : count;
}

int
files_write_run(const json_t *site, const char *run, struct err *err)
{
	return write_some(site, true, run, err);
}

int
files_write_root(const json_t *site, const char *root, struct err *err)
{
	return write_some(site, false, root, err);
}
