/*
 * The libmicrohttpd daemons in our event loop: see server.h.  No threads: each daemon has an epoll
 * descriptor of its own, which the loop watches like any other.
 */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/log.h"
#include "web/claims.h"
#include "web/peer.h"
#include "web/request.h"

/* TLS 1.2 for iPXE, 1.3 for all others. */
#define TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define POOL_BYTES 16384	/* of a connection: headers both ways, and file bodies under TLS */
#define TURN_MS 2		/* of a daemon, before others get theirs */
#define PAUSE_USEC 10000	/* before work that nobody seems to move is tried again */

struct server {
	struct web *web;
	struct server *next;
	struct MHD_Daemon *mhd;
	int fd;
	char *key, *cert;	/* NULL: plain */
	sd_event_source *ready, *again, *later;
	int sending;		/* peers whose answer is on its way */
	bool moved;		/* a request came on in this round */
	bool ended;		/* a connection ended in this round */
	bool retired;
};

struct web *
server_web(const struct server *server)
{
	return server->web;
}

bool
server_is_tls(const struct server *server)
{
	return server->key != NULL;
}

/* A daemon with work left says so by a timeout of 0. */
static bool
has_more(struct MHD_Daemon *mhd)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	return MHD_get_timeout(mhd, &timeout) == MHD_YES && timeout == 0;
}

/* Runs the daemon while it has work, and once more after a connection ended: at its limit it
 * listens again only in the round after.  During a TLS handshake libmicrohttpd (0.9.75) says that
 * it has, although it waits for the client: a single half-open handshake would keep the processor
 * busy.  So where neither an answer nor a request moves, the next look is due after a pause; what
 * comes from the network wakes us by the epoll descriptor in any case. */
static void
run(struct server *server)
{
	int64_t until = clock_mono_ms() + TURN_MS;
	bool more = true, idle = false;

	while (more && !idle && clock_mono_ms() < until) {
		server->moved = server->ended = false;
		MHD_run(server->mhd);
		more = server->ended || has_more(server->mhd);
		idle = server->key && server->sending == 0 && !server->moved && !server->ended;
	}
	sd_event_source_set_enabled(server->again,
				    more && !idle ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
	sd_event_source_set_time_relative(server->later, PAUSE_USEC);
	sd_event_source_set_enabled(server->later, more && idle ? SD_EVENT_ONESHOT : SD_EVENT_OFF);
}

void
server_wake(struct server *server)
{
	sd_event_source_set_enabled(server->again, SD_EVENT_ONESHOT);
}

void
server_moved(struct server *server)
{
	server->moved = true;
}

void
server_ended(struct server *server)
{
	server->ended = true;
}

void
server_sending(struct server *server, int change)
{
	server->sending += change;
}

static int
on_ready(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	(void)source, (void)fd, (void)revents;
	run(arg);
	return 0;
}

static int
on_again(sd_event_source *source, void *arg)
{
	(void)source;
	run(arg);
	return 0;
}

static int
on_later(sd_event_source *source, uint64_t usec, void *arg)
{
	(void)source, (void)usec;
	run(arg);
	return 0;
}

static void __attribute__((format(printf, 2, 0)))
on_log(void *arg, const char *fmt, va_list ap)
{
	char text[512], clean[512];

	(void)arg;
	vsnprintf(text, sizeof(text), fmt, ap);
	claims_clean(clean, sizeof(clean), text, strcspn(text, "\n"));
	log_debug("http: %s", clean);
}

static struct MHD_Daemon *
start_daemon(struct server *server)
{
	const struct limits *limits = &server->web->limits;
	unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
			 (server->key ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, server->key },
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, server->cert },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES },
		{ MHD_OPTION_END, 0, NULL },
	};
	struct MHD_OptionItem none[] = { { MHD_OPTION_END, 0, NULL } };

	return MHD_start_daemon(
		flags, 0, NULL, NULL, request_handle, server,
		MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, server->fd,
		MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,	/* else it uses no sendfile(2) */
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)limits->connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, (unsigned)limits->per_ip,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, 0u,	/* deadlines are ours: peer.c */
		MHD_OPTION_STRICT_FOR_CLIENT, 1,	/* RFC 9112, 3.2: no Host, 400 */
		MHD_OPTION_NOTIFY_CONNECTION, peer_notify, server,
		MHD_OPTION_NOTIFY_COMPLETED, request_end, server,
		MHD_OPTION_URI_LOG_CALLBACK, request_begin, server,
		MHD_OPTION_ARRAY, server->key ? tls : none,
		MHD_OPTION_END);
}

static int
watch(struct server *server)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD);
	sd_event *event = server->web->event;
	int r;

	r = sd_event_add_io(event, &server->ready, info->epoll_fd, EPOLLIN, on_ready, server);
	if (r < 0)
		return r;
	r = sd_event_add_time_relative(event, &server->later, CLOCK_MONOTONIC, PAUSE_USEC, 0,
				       on_later, server);
	if (r < 0)
		return r;
	r = sd_event_add_defer(event, &server->again, on_again, server);
	if (r < 0)
		return r;
	/* A source of this kind that is on is always the oldest of its priority: all others
	 * first. */
	return sd_event_source_set_priority(server->again, SD_EVENT_PRIORITY_IDLE);
}

static void
retire(struct server *server)
{
	if (!server->retired)
		MHD_quiesce_daemon(server->mhd);
	server->retired = true;
}

/* A daemon that is stopped without being retired may shut its socket down, which would be the end
 * of it for the keeper and the next web process too.  One that could not start has closed it. */
static void
server_free(struct server *server)
{
	sd_event_source_disable_unref(server->ready);
	sd_event_source_disable_unref(server->again);
	sd_event_source_disable_unref(server->later);
	if (server->mhd) {
		retire(server);
		MHD_stop_daemon(server->mhd);
		close(server->fd);
	}
	free(server->key);
	free(server->cert);
	free(server);
}

int
server_open(struct web *web, int fd, const char *key, const char *cert, struct err *err)
{
	struct server *server = mem_new(sizeof(*server));
	int r;

	server->web = web;
	server->fd = fd;
	server->key = str_dup(key);
	server->cert = str_dup(cert);
	server->mhd = start_daemon(server);
	if (!server->mhd)
		r = err_set(err, -EIO, "cannot serve %s: its socket, key or certificate is no good",
			    key ? "https" : "http");
	else if ((r = watch(server)) < 0)
		err_errno(err, r, "cannot watch the connections");
	if (r < 0 || !server->mhd) {
		server_free(server);
		return r;
	}
	server->next = web->servers;
	web->servers = server;
	return 0;
}

int
server_renew(struct web *web, const char *key, const char *cert, struct err *err)
{
	for (struct server *server = web->servers; server; server = server->next) {
		int fd, r;

		if (!server->key || server->retired ||
		    (str_eq(server->key, key) && str_eq(server->cert, cert)))
			continue;
		fd = fcntl(server->fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return err_errno(err, -errno, "cannot keep the https socket");
		r = server_open(web, fd, key, cert, err);
		if (r < 0)
			return r;
		retire(server);
	}
	return 0;
}

void
server_tick(struct web *web)
{
	struct server **at = &web->servers;

	while (*at) {
		struct server *server = *at;

		if (server->retired &&
		    MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)
				    ->num_connections == 0) {
			*at = server->next;
			server_free(server);
		} else {
			at = &server->next;
		}
	}
}

void
server_close_all(struct web *web)
{
	while (web->servers) {
		struct server *server = web->servers;

		web->servers = server->next;
		server_free(server);
	}
}
