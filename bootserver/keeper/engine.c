/*
 * The engine as a child: started with the channel to us and its end of the channel to web, given
 * the texts of the site's files; its `config` makes everything else.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "keeper/state.h"
#include "keeper/texts.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/stamp.h"
#include "lib/str.h"
#include "sitedir/sources.h"

static bool
take(void *arg, const struct msg *msg)
{
	if (str_eq(msg_type(msg), "config"))
		config_take(arg, msg->body);
	else if (str_eq(msg_type(msg), "site-file"))
		edit_take(arg, msg->body);
	else if (str_eq(msg_type(msg), "names"))
		dnsmasq_take_names(arg, json_str(msg->body, "names", ""));
	else
		return false;
	return true;
}

static void
hang_up(struct keeper *keeper)
{
	channel_close(&keeper->to_engine);
}

static int
add_file(struct keeper *keeper, struct texts *texts, const char *name, struct err *err)
{
	int fd = file_open(keeper->dir, name, 0, err), r;

	if (fd < 0)
		return fd;
	r = texts_add(texts, name, fd, err);
	close(fd);
	return r;
}

static int
add_files(struct keeper *keeper, struct texts *texts, struct err *err)
{
	char **names;
	size_t count;
	int r = sitedir_names(keeper->dir, &names, &count, err);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < count; i++)
		r = add_file(keeper, texts, names[i], err);
	sitedir_names_free(names);
	return r;
}

static int
ipxe_version(const struct keeper *keeper, char ret[STAMP_VERSION], struct err *err)
{
	char *path = str_format("%s/ipxe/undionly.kpxe", keeper->data), *bytes = NULL;
	size_t len;
	int r = file_read(AT_FDCWD, path, &bytes, &len, err);

	if (r == 0)
		r = stamp_version(ret, bytes, len, err);
	if (r < 0)
		err_wrap(err, r, "%s", path);
	free(bytes);
	free(path);
	return r;
}

/* What a new engine is told beside the site's files. */
static int
put_start(const struct keeper *keeper, json_t *body, struct err *err)
{
	char version[STAMP_VERSION];
	int r = ipxe_version(keeper, version, err);

	if (r < 0)
		return r;
	json_put(body, "version", version);
	json_put(body, "data", keeper->data);
	json_put_flag(body, "api", true);
	return 0;
}

/* Sends the files: `start` to a new engine, `reload` to one that runs. */
static int
send_files(struct keeper *keeper, const char *type, struct err *err)
{
	bool starting = str_eq(type, "start");
	json_t *body = json_object();
	struct texts texts;
	int r = texts_init(&texts, err);

	if (r < 0)
		goto out;
	json_put(body, "type", type);
	json_object_set(body, "files", texts.files);
	if (starting)
		r = put_start(keeper, body, err);
	if (r == 0)
		r = add_files(keeper, &texts, err);
	if (r == 0)
		r = msg_send(keeper->to_engine.fd, body, (int[]){ texts.memory, keeper->api },
			     1 + starting, err);
	texts_fini(&texts);
out:
	json_decref(body);
	return r;
}

static pid_t
engine_start(struct keeper *keeper, struct err *err)
{
	int peer[2];
	pid_t pid;

	if (msg_pair(peer, err) < 0)
		return -EMFILE;
	keeper->to_engine.uid = keeper->engine_uid;
	keeper->to_engine.gid = keeper->engine_gid;
	pid = channel_start(&keeper->to_engine, keeper->event, peer[1], err);
	if (pid < 0) {
		close(peer[0]);
		return pid;
	}
	if (keeper->web_peer >= 0)
		close(keeper->web_peer);
	keeper->web_peer = peer[0];
	if (send_files(keeper, "start", err) < 0) {
		/* it leaves at the end of its channel, and its end is seen as any other's */
		keeper_trouble(keeper, err->text);
		hang_up(keeper);
	}
	return pid;
}

/* Without an engine web knows nothing: it leaves at the end of its channel, and comes back. */
static void
engine_ended(struct keeper *keeper)
{
	hang_up(keeper);
	if (keeper->web_peer >= 0)
		close(keeper->web_peer);
	keeper->web_peer = -1;
}

void
engine_reload(struct keeper *keeper)
{
	struct err err;

	keeper->reloading = true;
	if (keeper->to_engine.fd < 0)
		return;		/* it will be given the new files when it is started */
	if (send_files(keeper, "reload", &err) < 0) {
		log_error("cannot reload: %s", err.text);
		config_refused(keeper);
	}
}

void
engine_init(struct keeper *keeper)
{
	keeper->web_peer = -1;
	keeper->to_engine = (struct channel){
		.name = "engine", .fd = -1, .take = take, .arg = keeper,
	};
	keeper->engine = (struct child){
		.name = "engine", .start = engine_start, .leave = hang_up, .ended = engine_ended,
		.keeper = keeper,
	};
}
