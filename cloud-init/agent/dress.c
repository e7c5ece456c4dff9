/* Makes the anonymous root this machine's own: see dress.h. */
#include "cloud-init/agent/dress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/where.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define KEYGEN_MS 60000

struct wardrobe {
	const struct input *input;
	bool kept;
};

/* sethostname(2) and /etc/hostname are enough: nobody has asked yet. */
static int
put_name(const struct wardrobe *w, struct err *err)
{
	const char *name = w->input->name, *domain = json_str(w->input->site, "domain", "");
	char *hosts, *line;
	int r;

	if (where_systemd() && sethostname(name, strlen(name)) < 0)
		return err_errno(err, -errno, "cannot set the host name");
	line = str_format("%s\n", name);
	r = where_write("/etc/hostname", 0644, line, err);
	free(line);
	if (r < 0)
		return r;
	hosts = str_format("127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n"
			   "127.0.1.1 %s%s%s %s\n", name, domain[0] ? "." : "", domain, name);
	r = where_write("/etc/hosts", 0644, hosts, err);
	free(hosts);
	return r;
}

static int
put_people(const struct wardrobe *w, struct err *err)
{
	json_t *keys = json_object_get(w->input->site, "ssh-keys"), *key;
	char path[WHERE_MAX];
	struct buf text;
	size_t i;
	int r;

	if (json_array_size(keys) == 0)
		return 0;
	buf_init(&text);
	json_array_foreach(keys, i, key)
		if (json_is_string(key) && !strpbrk(json_string_value(key), "\r\n"))
			buf_format(&text, "%s\n", json_string_value(key));
	r = file_mkdirs(AT_FDCWD, where(path, "/root/.ssh"), 0700, err);
	if (r == 0)
		r = where_write("/root/.ssh/authorized_keys", 0600, text.text, err);
	buf_fini(&text);
	return r;
}

static int
copy(const char *from, const char *to, mode_t mode, struct err *err)
{
	char path[WHERE_MAX], *text;
	size_t len;
	int r = file_read(AT_FDCWD, where(path, "%s", from), &text, &len, err);

	if (r < 0)
		return r;
	r = file_write((struct file_new){ AT_FDCWD, where(path, "%s", to), mode }, text, len, err);
	free(text);
	return r;
}

static bool
has_text(const char *path)
{
	char full[WHERE_MAX];
	struct stat st;

	return stat(where(full, "%s", path), &st) == 0 && st.st_size > 0;
}

/* One host key in `folder` (made there if it is missing or was cut short), copied to /etc/ssh. */
static int
put_host_key(const char *folder, const char *type, struct err *err)
{
	char key[WHERE_MAX], public[WHERE_MAX], path[WHERE_MAX];
	const char *argv[] = { "ssh-keygen", "-q", "-t", type, "-N", "", "-C", "", "-f", path,
			       NULL };
	int r = 0;

	snprintf(key, sizeof(key), "%.400s/ssh_host_%s_key", folder, type);
	snprintf(public, sizeof(public), "%.440s.pub", key);
	if (!has_text(key) || !has_text(public)) {
		where(path, "%s", key);
		unlink(path);
		r = child_must(argv, KEYGEN_MS, err);
		sync();
	}
	snprintf(path, sizeof(path), "/etc/ssh/ssh_host_%s_key", type);
	if (r == 0 && !str_starts(folder, "/etc/ssh"))
		r = copy(key, path, 0600, err);
	snprintf(path, sizeof(path), "/etc/ssh/ssh_host_%s_key.pub", type);
	if (r == 0 && !str_starts(folder, "/etc/ssh"))
		r = copy(public, path, 0644, err);
	return r;
}

static int
put_host_keys(const struct wardrobe *w, struct err *err)
{
	const char *folder = w->kept ? WHERE_STATE "/ssh" : "/etc/ssh";
	int r;

	if (!where_is("/etc/ssh"))
		return 0;
	r = put_host_key(folder, "ed25519", err);
	return r < 0 ? r : put_host_key(folder, "ecdsa", err);
}

/* The first boot's machine-id is kept; later boots take it where stage 1 gave them none. */
static int
put_machine_id(const struct wardrobe *w, struct err *err)
{
	char *now = where_text("/etc/machine-id"), *kept = where_text(WHERE_STATE "/machine-id");
	char *line = NULL;
	int r = 0;

	if (w->kept && !kept && now && strlen(now) == 32) {
		line = str_format("%s\n", now);
		r = where_write(WHERE_STATE "/machine-id", 0444, line, err);
	} else if (w->kept && kept && strlen(kept) == 32 && !str_eq(now, kept)) {
		line = str_format("%s\n", kept);
		r = where_write("/etc/machine-id", 0444, line, err);
	}
	free(line);
	free(now);
	free(kept);
	return r;
}

void
dress_root(const struct input *input, bool kept)
{
	static const struct {
		const char *what;
		int (*put)(const struct wardrobe *, struct err *);
	} rows[] = {
		{ "name", put_name },
		{ "authorized keys", put_people },
		{ "SSH host keys", put_host_keys },
		{ "machine-id", put_machine_id },
	};
	struct wardrobe w = { input, kept };
	struct err err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].put(&w, &err) < 0)
			log_error("machine=%s %s: %s", input->name, rows[i].what, err.text);
}
