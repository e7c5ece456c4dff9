/*
 * The keeper's life: what must be there first, then the event loop, then the end of all children.
 * What happens in between is in engine.c, config.c, web.c, dnsmasq.c, by child.c.
 */
#include "keeper/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "keeper/idle.h"
#include "keeper/state.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/msg.h"
#include "lib/str.h"

static struct child *const *
children(struct keeper *keeper, struct child *ret[5])
{
	ret[0] = &keeper->chrony;
	ret[1] = &keeper->dnsmasq;
	ret[2] = &keeper->web;
	ret[3] = &keeper->engine;
	ret[4] = NULL;
	return ret;
}

/* Leaves the loop once no child is left. */
static int
on_idle(sd_event_source *source, void *arg)
{
	struct keeper *keeper = arg;
	struct child *all[5];

	(void)source;
	if (!keeper->stopping)
		return 0;
	for (struct child *const *child = children(keeper, all); *child; child++)
		if ((*child)->pid > 0)
			return 0;
	return sd_event_exit(keeper->event, 0);
}

static void
stop(struct keeper *keeper)
{
	struct child *all[5];

	if (keeper->stopping)
		return;
	keeper->stopping = true;
	probe_stop(&keeper->served);
	probe_stop(&keeper->timed);
	for (struct child *const *child = children(keeper, all); *child; child++)
		child_event(*child, CHILD_STOP);
	/* nobody there to end: on_idle() is still to be called once */
	if (sd_event_add_defer(keeper->event, NULL, on_idle, keeper) < 0)
		log_error("cannot end the event loop");
}

void
keeper_fail(struct keeper *keeper, const char *fmt, ...)
{
	char text[512];
	va_list args;

	if (keeper->failed)
		return;
	keeper->failed = true;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	log_error("%s", text);
	sd_notifyf(0, "STATUS=%s", text);
	stop(keeper);
}

void
keeper_trouble(struct keeper *keeper, const char *text)
{
	if (keeper->ready)
		log_error("%s", text);
	else
		keeper_fail(keeper, "%s", text);
}

void
keeper_tell_engine(struct keeper *keeper, json_t *body)
{
	struct err err;

	if (keeper->to_engine.fd >= 0 && !keeper->stopping &&
	    msg_send(keeper->to_engine.fd, body, NULL, 0, &err) < 0)
		log_warn("cannot tell the engine: %s", err.text);
	json_decref(body);
}

static int
on_end(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	(void)source;
	log_info("signal %d: ending", (int)info->ssi_signo);
	sd_notify(0, "STOPPING=1");
	stop(arg);
	return 0;
}

static int
on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *arg)
{
	struct keeper *keeper = arg;

	(void)source, (void)info;
	if (keeper->stopping)
		return 0;
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)clock_mono_ms() * 1000);
	if (site_pki(keeper) != 0) {
		log_error("reload: refused, the site stays as it was");
		sd_notify(0, "READY=1");
		return 0;
	}
	engine_reload(keeper);
	return 0;
}

static int
watch(struct keeper *keeper, struct err *err)
{
	static const struct {
		int number;
		sd_event_signal_handler_t then;
	} signals[] = { { SIGTERM, on_end }, { SIGINT, on_end }, { SIGHUP, on_reload } };
	sigset_t set;
	int r;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < 3; i++)
		sigaddset(&set, signals[i].number);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_default(&keeper->event);
	for (size_t i = 0; r >= 0 && i < 3; i++)
		r = sd_event_add_signal(keeper->event, NULL, signals[i].number, signals[i].then,
					keeper);
	if (r >= 0)
		r = sd_event_add_post(keeper->event, NULL, on_idle, keeper);
	if (r >= 0)
		r = sd_event_set_watchdog(keeper->event, true);
	return r < 0 ? err_errno(err, r, "cannot make the event loop") : 0;
}

static int
begin(struct keeper *keeper, const char *site_dir, struct err *err)
{
	int r;

	if (geteuid() != 0)
		return err_set(err, -EPERM,
			       "run needs root: it binds to ports 67, 69 and 80, and starts its "
			       "parts as other users");
	if (chdir(site_dir) < 0)
		return err_errno(err, -errno, "cannot enter the site directory %s", site_dir);
	keeper->dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (keeper->dir < 0)
		return err_errno(err, -errno, "cannot open the site directory %s", site_dir);
	keeper->data = site_data_folder();
	if (keeper->data == NULL)
		return err_set(err, -ENOENT,
			       "the program's files (iPXE, scripts) are not beside it: run `make`, "
			       "or set BOOTSERVER_DATA");
	if (access("site.yaml", F_OK) < 0)
		return err_set(err, -ENOENT, "there is no site.yaml in %s: `bootserver init` "
			       "makes one", site_dir);
	r = watch(keeper, err);
	if (r == 0)
		r = site_prepare(keeper, err);
	if (r == 0)
		r = sockets_unix(keeper, err);
	if (r == 0)
		r = lease_listen(keeper, err);
	return r;
}

static void
finish(struct keeper *keeper)
{
	sockets_close(keeper);
	ear_forget(keeper);
	json_decref(keeper->config);
	free(keeper->data);
	sd_event_source_disable_unref(keeper->from_lease);
	sd_event_unref(keeper->event);
	if (keeper->dir >= 0)
		close(keeper->dir);
}

int
keeper_run(const char *site_dir)
{
	struct keeper keeper = { .dir = -1, .api = -1, .lease = -1, .ear = -1 };
	struct err err;
	int r;

	log_init("keeper", LOG_LEVEL_INFO);
	engine_init(&keeper);
	web_init(&keeper);
	dnsmasq_init(&keeper);
	chrony_init(&keeper);
	probe_init(&keeper);
	r = begin(&keeper, site_dir, &err);
	if (r < 0) {
		log_error("%s", err.text);
		keeper.failed = true;
	} else if (site_pki(&keeper) != 0) {
		keeper.failed = true;
	} else {
		child_begin(&keeper.engine);
		r = sd_event_loop(keeper.event);
		if (r < 0)
			log_error("the event loop ended: error %d", -r);
	}
	finish(&keeper);
	return keeper.failed || r < 0 ? 1 : 0;
}

int
keeper_main(int argc, char **argv)
{
	log_init("keeper", LOG_LEVEL_INFO);
	if (argc > 1 && str_eq(argv[1], "--idle") && !idle_until_site())
		return 0;
	return keeper_run(".");
}
