/*
 * Web as a child: started when the engine's configuration is there, with the listening sockets, the
 * TLS key and the plain scripts.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/str.h"

static bool
take(void *arg, const struct msg *msg)
{
	struct keeper *keeper = arg;

	if (!str_eq(msg_type(msg), "ready"))
		return false;
	child_event(&keeper->web, CHILD_READY);
	child_begin(&keeper->dnsmasq);
	return true;
}

static void
hang_up(struct keeper *keeper)
{
	channel_close(&keeper->to_web);
}

/* The plain scripts by their names without ".ipxe". */
static int
put_scripts(const struct keeper *keeper, json_t *body, struct err *err)
{
	char *path = str_format("%s/ipxe-scripts", keeper->data);
	json_t *scripts = json_object();
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	json_object_set_new(body, "scripts", scripts);
	if (dir == NULL)
		r = err_errno(err, -errno, "cannot read %s", path);
	while (r == 0 && (entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);
		char *text, *name;

		if (len < 6 || strcmp(entry->d_name + len - 5, ".ipxe") != 0)
			continue;
		r = file_read(dirfd(dir), entry->d_name, &text, NULL, err);
		if (r < 0)
			break;
		name = str_dup(entry->d_name);
		name[len - 5] = '\0';
		json_put(scripts, name, text);
		free(name);
		free(text);
	}
	if (dir != NULL)
		closedir(dir);
	free(path);
	return r;
}

/* Key and certificates (server, then CA, or iPXE says «Permission denied»), scripts, url. */
static int
put_settings(const struct keeper *keeper, json_t *body, struct err *err)
{
	char *key = NULL, *cert = NULL, *ca = NULL, *chain;
	int r = file_read(keeper->dir, "pki/server.key", &key, NULL, err);

	if (r == 0)
		r = file_read(keeper->dir, "pki/server.crt", &cert, NULL, err);
	if (r == 0)
		r = file_read(keeper->dir, "pki/ca.crt", &ca, NULL, err);
	if (r == 0) {
		chain = str_format("%s%s", cert, ca);
		json_put(body, "key", key);
		json_put(body, "cert", chain);
		json_put(body, "url", json_str(keeper->config, "url", ""));
		json_put_num(body, "transfers", json_num(keeper->config, "transfers", 0));
		free(chain);
		r = put_scripts(keeper, body, err);
	}
	if (key != NULL)
		explicit_bzero(key, strlen(key));
	free(key);
	free(cert);
	free(ca);
	return r;
}

static int
send_start(struct keeper *keeper, struct err *err)
{
	json_t *body = json_object(), *list = json_array();
	int fds[LISTEN_MAX + 3], r;
	size_t nfds = 0;

	json_put(body, "type", "start");
	json_object_set_new(body, "listen", list);
	json_object_set_new(body, "limits", json_object());
	for (; nfds < keeper->nlistens; nfds++) {
		json_t *one = json_object();

		json_put(one, "name", keeper->listens[nfds].name);
		json_put_num(one, "port", keeper->listens[nfds].port);
		json_array_append_new(list, one);
		fds[nfds] = keeper->listens[nfds].fd;
	}
	fds[nfds] = openat(keeper->dir, "store/sha256", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fds[nfds + 1] = openat(keeper->dir, "run/tftp", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fds[nfds] < 0 || fds[nfds + 1] < 0)
		r = err_errno(err, -errno, "cannot open store/sha256 and run/tftp");
	else
		r = put_settings(keeper, body, err);
	json_put_flag(body, "ear", keeper->ear >= 0);
	fds[nfds + 2] = keeper->ear;
	if (r == 0)
		r = msg_send(keeper->to_web.fd, body, fds, nfds + 2 + (keeper->ear >= 0), err);
	close(fds[nfds]);
	close(fds[nfds + 1]);
	json_decref(body);
	return r;
}

/* A channel between engine and web: the one made with the engine, or, when web is started anew, a
 * new one of which the engine is sent its end. */
static int
take_peer(struct keeper *keeper, struct err *err)
{
	int pair[2], peer = keeper->web_peer;
	json_t *body;
	int r;

	keeper->web_peer = -1;
	if (peer >= 0)
		return peer;
	r = msg_pair(pair, err);
	if (r < 0)
		return r;
	body = json_object();
	json_put(body, "type", "peer");
	r = msg_send(keeper->to_engine.fd, body, &pair[1], 1, err);
	json_decref(body);
	close(pair[1]);
	if (r < 0) {
		close(pair[0]);
		return r;
	}
	return pair[0];
}

static pid_t
web_start(struct keeper *keeper, struct err *err)
{
	int peer = take_peer(keeper, err);
	pid_t pid;

	if (peer < 0)
		return peer;
	keeper->to_web.uid = keeper->web_uid;
	keeper->to_web.gid = keeper->web_gid;
	pid = channel_start(&keeper->to_web, keeper->event, peer, err);
	if (pid >= 0 && send_start(keeper, err) < 0) {
		log_error("child=web %s", err->text);
		hang_up(keeper);	/* it leaves at the end of its channel */
	}
	return pid;
}

static bool
web_may(const struct keeper *keeper)
{
	return keeper->config != NULL && keeper->engine.state.state == CHILD_UP;
}

void
web_reload(struct keeper *keeper)
{
	json_t *body;
	struct err err;

	if (keeper->to_web.fd < 0)
		return;
	body = json_object();
	json_put(body, "type", "reload");
	if (put_settings(keeper, body, &err) < 0 ||
	    msg_send(keeper->to_web.fd, body, NULL, 0, &err) < 0)
		log_error("child=web cannot reload: %s", err.text);
	json_decref(body);
}

void
web_init(struct keeper *keeper)
{
	keeper->to_web = (struct channel){
		.name = "web", .fd = -1, .take = take, .arg = keeper,
	};
	keeper->web = (struct child){
		.name = "web", .start = web_start, .leave = hang_up, .ended = hang_up,
		.may = web_may, .keeper = keeper,
	};
}
