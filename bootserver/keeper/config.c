/*
 * The engine's word on the site: faults are printed as `bootserver check` prints them; a good
 * configuration is carried out in the order sockets, TFTP folder, web, dnsmasq.  Whatever is the
 * same as before stays untouched, so this serves start, reload and a restarted engine alike.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "keeper/state.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

static void
print_findings(const json_t *config)
{
	const json_t *list = json_object_get(config, "findings"), *one;
	size_t i;

	json_array_foreach(list, i, one)
		fprintf(stderr, "%s:%d:%d: %s: %s\n", json_str(one, "file", "?"),
			(int)json_num(one, "line", 0), (int)json_num(one, "column", 0),
			json_flag(one, "error", true) ? "error" : "warning",
			json_str(one, "text", ""));
}

static int
carry_out(struct keeper *keeper, json_t *config, struct err *err)
{
	bool sockets = false;
	int r = sockets_listen(keeper, json_object_get(config, "listen"), &sockets, err);

	if (r == 0)
		r = tftp_fill(keeper, config, err);
	if (r < 0)
		return r;
	if (ear_listen(keeper, json_str(config, "interface", "")))
		sockets = true;
	json_decref(keeper->config);
	keeper->config = json_incref(config);
	child_event(&keeper->engine, CHILD_READY);
	manifests_send(keeper, config);
	if (sockets)
		child_again(&keeper->web);
	else if (keeper->to_web.fd < 0)
		child_begin(&keeper->web);
	else if (keeper->reloading)
		web_reload(keeper);
	r = chrony_take(keeper, config, err);
	if (r == 0)
		r = dnsmasq_take(keeper, config, err);
	/* the first time it waits for web, so that nobody is sent to a server that is not there */
	if (r == 0 && keeper->web.state.state == CHILD_UP)
		child_begin(&keeper->dnsmasq);
	return r;
}

static void
reload_over(struct keeper *keeper, const char *how)
{
	if (!keeper->reloading)
		return;
	keeper->reloading = false;
	log_info("reload: %s", how);
	sd_notify(0, "READY=1");
}

void
config_refused(struct keeper *keeper)
{
	reload_over(keeper, "refused, the site stays as it was");
}

void
config_take(struct keeper *keeper, json_t *config)
{
	struct err err;

	/* not each time the engine sends it again, as it does when a machine was approved */
	if (!keeper->ready || keeper->reloading)
		print_findings(config);
	if (!json_flag(config, "ok", false)) {
		if (!keeper->ready)
			keeper_fail(keeper, "the site's files have faults");
		config_refused(keeper);
		return;
	}
	if (carry_out(keeper, config, &err) < 0) {
		keeper_trouble(keeper, err.text);
		reload_over(keeper, "not carried out in full");
		return;
	}
	reload_over(keeper, "taken");
}
