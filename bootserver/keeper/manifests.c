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
#include "keeper/texts.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "site/terms.h"

static int
open_below(int dirfd, const char *name)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct stat st;
	int fd;

	if (!term_is_manifest(name)) {
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

/* One that cannot be read is left out and told: the others are as good as before. */
static void
add(struct keeper *keeper, struct texts *texts, const char *name)
{
	int fd = open_below(keeper->dir, name);
	struct err err;

	if (fd < 0)
		log_error("manifest %s: %s: left out", name, strerror(errno));
	else if (texts_add(texts, name, fd, &err) < 0)
		log_error("manifest %s: left out", err.text);
	if (fd >= 0)
		close(fd);
}

void
manifests_send(struct keeper *keeper, const json_t *config)
{
	json_t *names = json_object_get(config, "manifests"), *name, *body;
	struct texts texts;
	struct err err;
	size_t i;

	if (!names)
		return;
	if (texts_init(&texts, &err) < 0) {
		log_error("%s", err.text);
		return;
	}
	json_array_foreach(names, i, name)
		add(keeper, &texts, json_string_value(name) ? json_string_value(name) : "");
	body = json_object();
	json_put(body, "type", "manifests");
	json_object_set(body, "files", texts.files);
	if (msg_send(keeper->to_engine.fd, body, &texts.memory, 1, &err) < 0)
		log_error("%s", err.text);
	json_decref(body);
	texts_fini(&texts);
}
