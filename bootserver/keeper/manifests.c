/*
 * The site's own Kubernetes manifests: the engine names them in its configuration and cannot open
 * them itself.  What it may ask for is narrow, because it is not trusted with root's eyes: files
 * of YAML or JSON below the site directory, reached through no link.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"

static bool
may_be_read(const char *name)
{
	static const char *const ends[] = { ".yaml", ".yml", ".json" };
	size_t len = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}

static int
open_below(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	int fd;

	if (!may_be_read(name)) {
		errno = EACCES;
		return -1;
	}
	fd = (int)syscall(SYS_openat2, dirfd, name, &how, sizeof(how));
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		errno = EINVAL;
		return -1;
	}
	return fd;
}

/* One that cannot be opened is left out and told: the others are as good as before. */
void
manifests_send(struct keeper *keeper, const json_t *config)
{
	const json_t *names = json_object_get(config, "manifests");
	json_t *body = json_object(), *files = json_array();
	int fds[MSG_FDS];
	size_t nfds = 0;
	struct err err;

	for (size_t i = 0; i < json_array_size(names) && nfds < MSG_FDS; i++) {
		const char *name = json_string_value(json_array_get(names, i));

		fds[nfds] = open_below(keeper->dir, name ? name : "");
		if (fds[nfds] < 0) {
			log_error("manifest %s: %s: left out", name ? name : "?", strerror(errno));
			continue;
		}
		json_array_append_new(files, json_string(name));
		nfds++;
	}
	json_put(body, "type", "manifests");
	json_object_set_new(body, "files", files);
	if (names && msg_send(keeper->to_engine.fd, body, fds, nfds, &err) < 0)
		log_error("%s", err.text);
	while (nfds > 0)
		close(fds[--nfds]);
	json_decref(body);
}
