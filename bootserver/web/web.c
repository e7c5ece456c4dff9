/*
 * The process web, from `start` to the end of its channels: see web.h.  It meets bytes of strangers
 * only after it has given up its user, its paths and its system calls.
 */
#include "web/web.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/jail.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "web/admission.h"
#include "web/ear.h"
#include "web/limits.h"
#include "web/link.h"
#include "web/metrics.h"
#include "web/peer.h"
#include "web/queue.h"
#include "web/server.h"

#define KEEPER_FD 3
#define ENGINE_FD 4
#define START_WAIT_MS 60000
#define OTHER_FILES 128		/* descriptors beside connections and the files they are sent */

/* The https base has the host of the http base and the port of the https socket. */
static char *
https_base(const char *url, int64_t port)
{
	const char *host = url + strlen("http://");

	if (port == 443)
		return str_format("https://%.*s", (int)strcspn(host, ":/"), host);
	return str_format("https://%.*s:%d", (int)strcspn(host, ":/"), host, (int)port);
}

/* Scripts and bases, from `start` and from `reload`.  `port` of https, 0: there is none. */
static int
take_settings(struct web *web, const json_t *body, int64_t port, struct err *err)
{
	json_t *scripts = json_object_get(body, "scripts");
	const char *url = json_str(body, "url", "");

	if (!json_is_object(scripts) || !str_starts(url, "http://"))
		return err_set(err, -EBADMSG, "the keeper's message lacks scripts or url");
	json_decref(web->scripts);
	web->scripts = json_incref(scripts);
	free(web->url);
	free(web->https);
	web->url = str_dup(url);
	web->https = port > 0 ? https_base(url, port) : NULL;
	web->https_port = port;
	web->slots = (unsigned)json_num(body, "transfers", 0);
	if (web->queue)
		queue_set_slots(web->queue, web->slots);
	return 0;
}

static int
raise_files(const struct limits *limits, struct err *err)
{
	rlim_t want = (rlim_t)limits->connections * 4 + OTHER_FILES;
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_errno(err, -errno, "cannot read the limit of open files");
	if (files.rlim_cur >= want)
		return 0;
	files.rlim_cur = want;
	if (files.rlim_max < want)
		files.rlim_max = want;
	if (setrlimit(RLIMIT_NOFILE, &files) < 0)
		log_warn("cannot have %llu open files: fewer connections will fit",
			 (unsigned long long)want);
	return 0;
}

static int
number_of(const char *name, unsigned *ret, struct err *err)
{
	const char *text = getenv(name);
	char *end;
	unsigned long number = text ? strtoul(text, &end, 10) : 0;

	if (!text || *text == '\0' || *end != '\0' || number == 0 || number > 0xfffffffe)
		return err_set(err, -EINVAL, "%s must name a user other than root by number", name);
	*ret = (unsigned)number;
	return 0;
}

/* Paths first: they are opened through /proc/self/fd, which a process that changed its user
 * cannot. */
static int
enter_jail(const struct web *web, struct err *err)
{
	char store[32], tftp[32];
	struct jail_path paths[] = { { store, false }, { tftp, false }, { NULL, false } };
	unsigned uid, gid;
	bool kept;
	int r;

	snprintf(store, sizeof(store), "/proc/self/fd/%d", web->store);
	snprintf(tftp, sizeof(tftp), "/proc/self/fd/%d", web->tftp);
	r = jail_paths(paths, &kept, err);
	if (r == 0 && !kept)
		log_info("this kernel has no Landlock: only the user keeps web from other files");
	if (r == 0 && geteuid() == 0) {
		r = number_of("BOOTSERVER_UID", &uid, err);
		if (r == 0)
			r = number_of("BOOTSERVER_GID", &gid, err);
		if (r == 0)
			r = jail_user(uid, gid, err);
	}
	return r < 0 ? r : jail_calls(false, err);
}

static int64_t
https_port(const json_t *listen)
{
	for (size_t i = 0; i < json_array_size(listen); i++) {
		const json_t *one = json_array_get(listen, i);

		if (str_eq(json_str(one, "name", ""), "https"))
			return json_num(one, "port", 443);
	}
	return 0;
}

/* The descriptors of `start`: one for each row of `listen`, then the two folders and the ear. */
static int
take_folders(struct web *web, struct msg *start, struct err *err)
{
	size_t listening = json_array_size(json_object_get(start->body, "listen"));
	bool ear = json_flag(start->body, "ear", false);

	if (listening == 0 || start->nfds != listening + 2 + ear)
		return err_set(err, -EBADMSG, "start came with %zu descriptors for %zu sockets",
			       start->nfds, listening);
	web->store = start->fds[listening];
	web->tftp = start->fds[listening + 1];
	start->fds[listening] = start->fds[listening + 1] = -1;
	return 0;
}

static int
open_servers(struct web *web, struct msg *start, struct err *err)
{
	const json_t *listen = json_object_get(start->body, "listen");
	const char *key = json_str(start->body, "key", NULL);
	const char *cert = json_str(start->body, "cert", NULL);

	for (size_t i = 0; i < json_array_size(listen); i++) {
		bool tls = str_eq(json_str(json_array_get(listen, i), "name", ""), "https");
		int r;

		if (tls && (!key || !cert))
			return err_set(err, -EBADMSG, "start has an https socket but no key");
		r = server_open(web, start->fds[i], tls ? key : NULL, tls ? cert : NULL, err);
		start->fds[i] = -1;
		if (r < 0)
			return r;
	}
	return 0;
}

static int
take_start(struct web *web, struct msg *start, struct err *err)
{
	const json_t *body = start->body;
	int r;

	if (!str_eq(msg_type(start), "start"))
		return err_set(err, -EBADMSG, "the keeper began with a message of type %s",
			       msg_type(start));
	r = limits_parse(json_object_get(body, "limits"), &web->limits, err);
	if (r == 0)
		r = take_settings(web, body, https_port(json_object_get(body, "listen")), err);
	if (r == 0)
		r = take_folders(web, start, err);
	if (r == 0)
		r = raise_files(&web->limits, err);
	if (r == 0)
		r = enter_jail(web, err);
	if (r == 0)
		r = open_servers(web, start, err);
	return r;
}

static void
reload(struct web *web, const json_t *body)
{
	const char *key = json_str(body, "key", NULL), *cert = json_str(body, "cert", NULL);
	struct err err;

	if (take_settings(web, body, web->https_port, &err) < 0)
		log_error("reload refused: %s", err.text);
	else if (key && cert && server_renew(web, key, cert, &err) < 0)
		log_error("the new certificate is refused, the old one stays: %s", err.text);
	else
		log_info("reloaded");
}

static int
on_keeper(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct web *web = arg;
	struct msg msg;
	struct err err;
	int r = msg_recv(fd, &msg, &err);

	(void)source, (void)revents;
	if (r == 0)
		return 0;
	if (r == -EBADMSG) {
		log_error("the keeper sent what is no message: %s", err.text);
		return 0;
	}
	if (r < 0) {
		log_info("the keeper is gone, leaving");
		return sd_event_exit(web->event, 0);
	}
	if (str_eq(msg_type(&msg), "reload"))
		reload(web, msg.body);
	else
		log_error("the keeper sent a message of type %s", msg_type(&msg));
	msg_fini(&msg);
	return 0;
}

static int
on_tick(sd_event_source *source, uint64_t usec, void *arg)
{
	struct web *web = arg;
	int64_t now = clock_mono_ms();

	(void)usec;
	link_tick(web->link, now);
	peer_tick(web, now);
	admission_tick(web, now);
	server_tick(web);
	sd_event_source_set_time_relative(source, (uint64_t)web->limits.tick_ms * 1000);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

static int
on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct web *web = arg;

	(void)source, (void)info;
	return sd_event_exit(web->event, 0);
}

/* The sources that live as long as the loop (floating: owned by it). */
static int
watch(struct web *web)
{
	sd_event_source *keeper;
	uint64_t tick = (uint64_t)web->limits.tick_ms * 1000;
	int r;

	r = sd_event_add_io(web->event, &keeper, KEEPER_FD, EPOLLIN, on_keeper, web);
	if (r < 0)
		return r;
	sd_event_source_set_priority(keeper, SD_EVENT_PRIORITY_NORMAL - 20);
	sd_event_source_set_floating(keeper, 1);
	sd_event_source_unref(keeper);
	r = sd_event_add_signal(web->event, NULL, SIGTERM, on_stop, web);
	if (r < 0)
		return r;
	return sd_event_add_time_relative(web->event, NULL, CLOCK_MONOTONIC, tick, 0, on_tick, web);
}

/* The keeper answers an interrupt typed at the terminal; who writes to a broken connection is
 * told by the call. */
static void
set_signals(void)
{
	sigset_t term;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);
}

static int
begin(struct web *web, struct err *err)
{
	struct msg start;
	json_t *ready;
	int r;

	r = sd_event_new(&web->event);
	if (r < 0)
		return err_errno(err, r, "cannot make an event loop");
	r = msg_wait(KEEPER_FD, &start, START_WAIT_MS, err);
	if (r < 0)
		return r;
	r = take_start(web, &start, err);
	if (r == 0)
		r = admission_open(web, err);
	if (r == 0)
		r = link_open(web, ENGINE_FD, err);
	if (r == 0 && json_flag(start.body, "ear", false)) {
		r = ear_open(web, start.fds[start.nfds - 1], err);
		start.fds[start.nfds - 1] = -1;
	}
	msg_fini(&start);
	if (r < 0)
		return r;
	r = watch(web);
	if (r < 0)
		return err_errno(err, r, "cannot watch the keeper");
	ready = json_pack("{s:s}", "type", "ready");
	r = msg_send(KEEPER_FD, ready, NULL, 0, err);
	json_decref(ready);
	return r;
}

static void
end(struct web *web)
{
	ear_close(web);
	peer_release_all(web);
	server_close_all(web);
	admission_close(web);
	link_close(web->link);
	metrics_free(web->metrics);
	json_decref(web->scripts);
	free(web->url);
	free(web->https);
	if (web->store >= 0)
		close(web->store);
	if (web->tftp >= 0)
		close(web->tftp);
	sd_event_unref(web->event);
}

int
web_main(void)
{
	struct web web = { .store = -1, .tftp = -1, .metrics = metrics_new() };
	struct err err;
	int r;

	log_init("web", getenv("BOOTSERVER_DEBUG") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	set_signals();
	r = begin(&web, &err);
	if (r == -EPIPE)
		r = 0;		/* the keeper left before it had anything for us */
	else if (r < 0)
		log_error("%s", err.text);
	else
		r = sd_event_loop(web.event);
	end(&web);
	return r < 0 ? 1 : 0;
}
