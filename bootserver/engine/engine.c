/*
 * The engine's process: its jail and its event loop.  What it knows and decides is core.h's.
 *
 * Files are opened in this order: as root the keeper's first message (site files, pki, shipped
 * scripts, images) and the database; then the process becomes its own user and sees nothing but
 * pki/, store/images and its state/.  The database's files stay open, because the way
 * to the site directory may lie in a folder that this user cannot walk into.
 */
#include "engine/engine.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "engine/api.h"
#include "engine/core.h"
#include "lib/jail.h"
#include "lib/json.h"
#include "lib/log.h"

#define KEEPER_FD 3
#define WEB_FD 4
#define START_MS 30000		/* the keeper's first message comes within */
#define BATCH 256		/* messages of one channel in one turn */
#define TICK_US 1000000
#define DATABASE "state/bootserver.db"

struct process {
	struct engine *e;
	struct api *api;
	sd_event *loop;
	sd_event_source *web;
	sd_event_source *more;	/* the API has more to send at once */
	int web_fd;		/* the one `web` listens to */
	bool root;		/* there is a user to become */
	uid_t uid;
	gid_t gid;
};

static int
leave(struct process *p, int code, const char *why)
{
	if (code < 0)
		log_error("text=\"%s\"", why);
	sd_event_exit(p->loop, code < 0 ? 1 : 0);
	return 0;
}

/* Takes what a channel has to say: 0, -EPIPE at its end, else the engine must leave. */
static int
drain(struct process *p, int fd, struct err *err)
{
	for (int i = 0; i < BATCH; i++) {
		struct msg msg;
		int r = msg_recv(fd, &msg, err);

		if (r == 0)
			return 0;
		if (r == -EBADMSG) {
			log_warn("text=\"%s: dropped\"", err->text);
			continue;
		}
		if (r < 0)
			return -EPIPE;
		r = engine_message(p->e, fd, &msg, err);
		msg_fini(&msg);
		if (r < 0)
			return r == -EPIPE ? -EIO : r;
	}
	return 0;
}

static int on_web(sd_event_source *source, int fd, uint32_t events, void *arg);

/* Listens to web's channel when it is a new one. */
static void
follow_web(struct process *p)
{
	if (p->web_fd == p->e->web)
		return;
	p->web = sd_event_source_unref(p->web);
	p->web_fd = p->e->web;
	if (p->web_fd >= 0 &&
	    sd_event_add_io(p->loop, &p->web, p->web_fd, EPOLLIN, on_web, p) < 0)
		log_error("text=\"cannot listen to web\"");
}

static int
end_turn(struct process *p)
{
	struct err err;
	int r = engine_turn(p->e, &err);

	if (r < 0)
		return leave(p, r, err.text);
	follow_web(p);
	/* in a turn of its own, so that web's channel has its turn between two pieces */
	if (p->api && api_waits(p->api))
		sd_event_source_set_enabled(p->more, SD_EVENT_ONESHOT);
	return 0;
}

static int
on_keeper(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct process *p = arg;
	struct err err;
	int r = drain(p, fd, &err);

	(void)source, (void)events;
	if (r == -EPIPE) {
		end_turn(p);
		return leave(p, 0, NULL);
	}
	return r < 0 ? leave(p, r, err.text) : end_turn(p);
}

/* Web at its end: the keeper starts it anew and sends us the new channel. */
static int
on_web(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct process *p = arg;
	struct err err;
	int r = drain(p, fd, &err);

	(void)source, (void)events;
	if (r < 0 && r != -EPIPE)
		return leave(p, r, err.text);
	if (r == -EPIPE) {
		p->web = sd_event_source_unref(p->web);
		close(p->e->web);
		p->e->web = p->web_fd = -1;
	}
	return end_turn(p);
}

static int
on_more(sd_event_source *source, void *arg)
{
	struct process *p = arg;
	struct err err;
	int r = api_run(p->api, &err);

	(void)source;
	return r < 0 ? leave(p, r, err.text) : end_turn(p);
}

static int
on_api(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	(void)fd, (void)events;
	return on_more(source, arg);
}

static int
on_tick(sd_event_source *source, uint64_t at, void *arg)
{
	struct process *p = arg;

	engine_tick(p->e);
	if (p->api)
		api_tick(p->api);
	sd_event_source_set_time(source, at + TICK_US);
	sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return end_turn(p);
}

static int
listen_all(struct process *p, struct err *err)
{
	int r = sd_event_default(&p->loop);

	if (r >= 0)
		r = sd_event_add_io(p->loop, NULL, KEEPER_FD, EPOLLIN, on_keeper, p);
	if (r >= 0)
		r = sd_event_add_time_relative(p->loop, NULL, CLOCK_MONOTONIC, TICK_US, 0, on_tick,
					       p);
	if (r >= 0 && p->api)
		r = sd_event_add_io(p->loop, NULL, api_fd(p->api), EPOLLIN, on_api, p);
	if (r >= 0 && p->api)
		r = sd_event_add_defer(p->loop, &p->more, on_more, p);
	if (r < 0)
		return err_errno(err, r, "cannot make the event loop");
	return 0;
}

static void
read_user(struct process *p)
{
	const char *uid = getenv("BOOTSERVER_UID"), *gid = getenv("BOOTSERVER_GID");

	p->root = uid && gid && geteuid() == 0;
	if (!p->root)
		return;
	p->uid = (uid_t)strtoul(uid, NULL, 10);
	p->gid = (gid_t)strtoul(gid, NULL, 10);
}

static void
own_state(const struct process *p)
{
	static const char *const files[] = { "state", DATABASE, DATABASE "-wal" };

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (lchown(files[i], p->uid, p->gid) < 0 && errno != ENOENT)
			log_warn("text=\"cannot give %s to the engine's user: %s\"", files[i],
				 strerror(errno));
}

static int
go_to_jail(const struct process *p, struct err *err)
{
	static const struct jail_path paths[] = {
		{ "state", true }, { "pki", false }, { "store/images", false },
		{ NULL, false },
	};
	bool kept;
	int r;

	if (!p->root)
		return 0;
	own_state(p);
	r = jail_no_network(err);
	if (r == 0)
		r = jail_user(p->uid, p->gid, err);
	if (r == 0)
		r = jail_paths(paths, &kept, err);
	if (r == 0 && !kept)
		log_warn("text=\"this kernel has no Landlock: the user alone keeps files apart\"");
	return r == 0 ? jail_calls(false, err) : r;
}

/* The last descriptor of the start message, if it says that there is one. */
static int
take_api(struct process *p, struct msg *msg, struct err *err)
{
	int r;

	if (!json_flag(msg->body, "api", false) || msg->nfds == 0)
		return 0;
	r = api_start(&p->api, p->e, msg->fds[msg->nfds - 1], err);
	if (r == 0)
		msg->fds[--msg->nfds] = -1;
	return r;
}

static int
start(struct process *p, struct err *err)
{
	struct msg msg;
	int r;

	if (mkdir("state", 0700) < 0 && errno != EEXIST)
		return err_errno(err, -errno, "cannot make state/");
	r = engine_new(&p->e, DATABASE, err);
	if (r < 0)
		return r;
	p->e->keeper = KEEPER_FD;
	p->e->web = WEB_FD;
	p->web_fd = -1;
	r = msg_wait(KEEPER_FD, &msg, START_MS, err);
	if (r < 0)
		return r;
	if (strcmp(msg_type(&msg), "start") == 0)
		r = take_api(p, &msg, err);
	else
		r = err_set(err, -EBADMSG, "the keeper began with %s", msg_type(&msg));
	if (r == 0)
		r = engine_message(p->e, KEEPER_FD, &msg, err);
	msg_fini(&msg);
	if (r == 0)
		r = go_to_jail(p, err);
	return r;
}

int
engine_main(void)
{
	struct process p = { .e = NULL };
	struct err err;
	int code = 1, r;

	log_init("engine", getenv("BOOTSERVER_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	/* it leaves when the keeper does, after the last commit */
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
	read_user(&p);
	r = start(&p, &err);
	if (r == 0)
		r = listen_all(&p, &err);
	if (r < 0) {
		if (r != -EPIPE)
			log_error("text=\"%s\"", err.text);
	} else {
		end_turn(&p);
		code = sd_event_loop(p.loop);
	}
	api_stop(p.api);
	p.web = sd_event_source_unref(p.web);
	p.more = sd_event_source_unref(p.more);
	sd_event_unref(p.loop);
	if (p.e)
		engine_free(p.e);
	return code;
}
