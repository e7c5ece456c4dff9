/*
 * dnsmasq as a child: its files are written to run/, looked through by `dnsmasq --test`, and it
 * runs behind an init of ours (namespace.c), which shows it run/ as /run/bootserver.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "dnsmasq/dnsmasq.h"
#include "keeper/state.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define CONF "/run/bootserver/dnsmasq.conf"

static int
look_through(struct keeper *keeper, struct err *err)
{
	static const char *const test[] = { "dnsmasq", "--conf-file=" CONF, "--test", NULL };
	pid_t pid = namespace_start(&keeper->dnsmasq, test, err);
	int status = 0;

	if (pid < 0)
		return pid;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return err_set(err, -EINVAL,
			       "dnsmasq does not take its configuration run/dnsmasq.conf (it says "
			       "why above)");
	return 0;
}

static int
write_file(struct keeper *keeper, const char *path, const char *text, struct err *err)
{
	return file_update((struct file_new){ keeper->dir, path, 0644 }, text, strlen(text), err);
}

/* The lease file without what stands in the way of the reservations; fresh memory.  NULL: nothing
 * does. */
static char *
leases_freed(struct keeper *keeper)
{
	char *leases = NULL, *hosts = NULL, *conf = NULL, *kept = NULL;
	struct err none_yet;

	if (file_read(keeper->dir, "run/leases", &leases, NULL, &none_yet) == 0 &&
	    file_read(keeper->dir, "run/hosts", &hosts, NULL, &none_yet) == 0 &&
	    file_read(keeper->dir, "run/dnsmasq.conf", &conf, NULL, &none_yet) == 0)
		kept = dnsmasq_leases(leases, hosts, conf);
	if (str_eq(kept, leases)) {
		free(kept);
		kept = NULL;
	}
	free(leases);
	free(hosts);
	free(conf);
	return kept;
}

/* While it does not run: it keeps the file in memory. */
static int
free_addresses(struct keeper *keeper, struct err *err)
{
	char *kept = leases_freed(keeper);
	int r = kept ? write_file(keeper, "run/leases", kept, err) : 0;

	if (r > 0)
		log_info("child=dnsmasq addresses that are reserved for others are leased no "
			 "longer");
	free(kept);
	return r < 0 ? r : 0;
}

static pid_t
dnsmasq_start(struct keeper *keeper, struct err *err)
{
	static const char *const run[] = { "dnsmasq", "--conf-file=" CONF, NULL };
	int r = free_addresses(keeper, err);
	pid_t pid;

	if (r == 0)
		r = look_through(keeper, err);
	if (r < 0)
		return r;
	pid = namespace_start(&keeper->dnsmasq, run, err);
	if (pid > 0)
		probe_start(&keeper->served);
	return pid;
}

static void
dnsmasq_ended(struct keeper *keeper)
{
	static const char other[] = "set dhcp: {mode: none}";
	static const struct { int port; const char *otherwise; } ports[] = {
		{ 67, other }, { 4011, other }, { 69, NULL }, { 53, NULL },
	};

	probe_stop(&keeper->served);
	namespace_ended(&keeper->dnsmasq);
	if (keeper->dnsmasq.state.state == CHILD_STARTING)
		for (size_t i = 0; i < sizeof(ports) / sizeof(ports[0]); i++)
			owner_tell(&keeper->dnsmasq, ports[i].port, ports[i].otherwise);
}

static bool
dnsmasq_may(const struct keeper *keeper)
{
	return keeper->dnsmasq_written;
}

/* Reservations and names anew.  While it starts it may have read the old ones already, and may not
 * yet know what SIGHUP means. */
static void
read_anew(struct keeper *keeper)
{
	if (keeper->dnsmasq.state.state == CHILD_UP)
		kill(keeper->dnsmasq.pid, SIGHUP);	/* its init hands it on */
	else
		keeper->dnsmasq_stale = keeper->dnsmasq.state.state == CHILD_STARTING;
}

void
dnsmasq_ready(struct keeper *keeper)
{
	child_event(&keeper->dnsmasq, CHILD_READY);
	if (keeper->dnsmasq_stale)
		read_anew(keeper);
	keeper->dnsmasq_stale = false;
}

void
dnsmasq_take_names(struct keeper *keeper, const char *names)
{
	struct err err;
	int r = write_file(keeper, "run/names", names, &err);

	if (r < 0)
		log_error("%s", err.text);
	else if (r > 0)
		read_anew(keeper);
}

int
dnsmasq_take(struct keeper *keeper, const json_t *config, struct err *err)
{
	int text, hosts, names;
	char *freed;

	hosts = write_file(keeper, "run/hosts", json_str(config, "hosts", ""), err);
	if (hosts < 0)
		return hosts;
	names = write_file(keeper, "run/names", json_str(config, "names", ""), err);
	if (names < 0)
		return names;
	text = write_file(keeper, "run/dnsmasq.conf", json_str(config, "dnsmasq", ""), err);
	if (text < 0)
		return text;
	keeper->dnsmasq_written = true;
	if (keeper->dnsmasq.pid == 0)
		return 0;
	freed = hosts > 0 ? leases_freed(keeper) : NULL;
	if (text > 0 || freed) {
		log_info("child=dnsmasq new %s", text > 0 ? "configuration" : "reservations");
		child_again(&keeper->dnsmasq);
	} else if (hosts > 0 || names > 0) {
		log_info("child=dnsmasq new reservations");
		read_anew(keeper);
	}
	free(freed);
	return 0;
}

void
dnsmasq_init(struct keeper *keeper)
{
	keeper->dnsmasq = (struct child){
		.name = "dnsmasq", .life = -1, .start = dnsmasq_start, .ended = dnsmasq_ended,
		.may = dnsmasq_may, .keeper = keeper,
	};
}
