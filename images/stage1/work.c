/*
 * The worker: a table of steps, run in order, each tried as often as its row says.  What fails for
 * good ends in a screen that says what failed and when the machine reboots.
 */
#include "images/stage1/work.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "images/stage1/cache.h"
#include "images/stage1/claim.h"
#include "images/stage1/console.h"
#include "images/stage1/handover.h"
#include "images/stage1/memory.h"
#include "images/stage1/modules.h"
#include "images/stage1/mounts.h"
#include "images/stage1/policy.h"
#include "images/stage1/root.h"
#include "images/stage1/url.h"
#include "lib/blob.h"
#include "lib/clock.h"
#include "lib/fetch.h"
#include "lib/file.h"
#include "lib/net.h"

#define NIC_WAIT_MS 45000	/* spanning tree holds a port for 30 s */

static void
alive(void *arg)
{
	struct stage1 *s = arg;

	atomic_store(&s->alive_ms, clock_mono_ms());
}

static void
pause_ms(int64_t ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	while (nanosleep(&left, &left) < 0 && errno == EINTR)
		;
}

static const char *
name_of(const struct stage1 *s)
{
	return s->args.machine[0] != '\0' ? s->args.machine : "(no name yet)";
}

static int
do_arguments(struct stage1 *s, struct err *err)
{
	char *text;
	int code = file_read(AT_FDCWD, "/proc/cmdline", &text, NULL, err);

	if (code < 0)
		return code;
	code = cmdline_parse(&s->args, text, err);
	free(text);
	if (code == 0)
		console_line("machine", "%s, server %s", name_of(s), s->args.url);
	return code;
}

static int
do_modules(struct stage1 *s, struct err *err)
{
	static const char *const fixed[] = { "af_packet", "loop", "erofs", "overlay" };
	size_t count = s->args.root[0] != '\0' ? 4 : 1;
	int code = s->modules == NULL ? modules_open(&s->modules, err) : 0;

	if (code < 0)
		return code;
	unsigned loaded = modules_cold(s->modules);
	for (size_t i = 0; code == 0 && i < count; i++)
		code = modules_load(s->modules, fixed[i], err);
	if (code == 0)
		console_line("modules", "%u for the devices found", loaded);
	return code;
}

static void
say_network(const char *line)
{
	console_line("network", "%s", line);
}

static int
do_network(struct stage1 *s, struct err *err)
{
	struct nic_options options = { .wait_ms = NIC_WAIT_MS, .modules = s->modules,
				       .say = say_network };
	char mac[NET_MAC_TEXT], address[NET_IP4_TEXT];
	int code = nic_start(&s->args, &options, &s->nic, err);

	if (code < 0)
		return code;
	net_mac_format(mac, s->nic.mac);
	net_ip4_format(address, s->args.ip.client);
	console_line("network", "%s %s %s/%u", s->nic.name, mac, address, s->args.ip.prefix);
	claim_send(&s->args, "stage1", "begin", s->nic.name);
	return 0;
}

static int
do_memory(struct stage1 *s, struct err *err)
{
	char *text;
	int code = file_read(AT_FDCWD, "/proc/meminfo", &text, NULL, err);

	if (code < 0)
		return code;
	code = memory_parse(&s->memory, text, err);
	free(text);
	if (code < 0 || s->args.root[0] == '\0')
		return code;
	code = memory_check(s->memory, s->args.size, err);
	s->person = code == -ENOMEM;
	if (code == 0)
		code = mounts_run_limit(memory_run_limit(s->memory, s->args.size), err);
	return code;
}

static void
say_root(void *arg, const char *line)
{
	(void)arg;
	console_line("root", "%s", line);
}

static void
wait_root(void *arg, int64_t ms)
{
	(void)arg;
	pause_ms(ms);
}

/* The cached copy, else the server's. */
static int
do_fetch(struct stage1 *s, struct err *err)
{
	struct blob_target target = { .path = STAGE1_ROOT, .sha256 = s->args.root,
				      .size = s->args.size, .say = say_root, .alive = alive,
				      .wait = wait_root, .arg = s };

	claim_send(&s->args, "root", "begin", "");
	int code = cache_take(&target, s->modules, err);

	s->cached = code == 1;
	if (code == 1) {
		console_line("root", "digest right");
		return 0;
	}
	if (code < 0)
		console_line("root", "%s; fetching it", err->text);
	char *url = url_blob(s->args.url, s->args.root, s->args.nonce);
	console_line("root", "%.1f MiB from %s", (double)s->args.size / MEMORY_MIB, s->args.url);
	code = fetch_blob(url, &target, err);
	free(url);
	return code;
}

static int
do_root(struct stage1 *s, struct err *err)
{
	int code = root_mount(STAGE1_ROOT, memory_overlay_limit(s->memory, s->args.size), err);

	if (code < 0)
		return code;
	if (handover_root(err) < 0)
		console_line("site", "%s", err->text);
	claim_send(&s->args, "root", "done", s->cached ? "from the state partition" : "fetched");
	return 0;
}

static int
do_handover(struct stage1 *s, struct err *err)
{
	struct err site;
	int code = handover_write(s, &site, err);

	if (code < 0)
		return code;
	if (site.text[0] != '\0')
		console_line("site", "%s", site.text);
	return 0;
}

static int
do_ready(struct stage1 *s, struct err *err)
{
	(void)err;
	claim_send(&s->args, "stage1", "done", s->nic.name);
	return 0;
}

enum need { ALWAYS, WITH_ROOT };

static const struct step {
	const char *name;
	int (*run)(struct stage1 *s, struct err *err);
	const char *phase;	/* of the server's timeline */
	enum need need;
	unsigned tries;
} steps[] = {
	{ "arguments", do_arguments, "stage1", ALWAYS, 1 },
	{ "modules", do_modules, "stage1", ALWAYS, 2 },
	{ "network", do_network, "stage1", ALWAYS, 4 },
	{ "memory", do_memory, "stage1", ALWAYS, 1 },
	{ "handover", do_handover, "stage1", ALWAYS, 2 },
	{ "ready", do_ready, "stage1", ALWAYS, 1 },
	{ "root", do_fetch, "root", WITH_ROOT, 2 },
	{ "mount", do_root, "root", WITH_ROOT, 2 },
};

/* The screen of a machine that cannot go on. */
static void
give_up(struct stage1 *s, const struct step *step, int64_t wait_s, const struct err *err)
{
	bool told = false;

	console_rule();
	console_line("FAILED", "%s: %s", step->name, err->text);
	if (s->args.url[0] != '\0')
		console_line("machine", "%s, server %s", name_of(s), s->args.url);
	console_line("next", "%sreboot in %lld s", s->person ? "this needs a person; " : "",
		     (long long)wait_s);
	console_rule();
	for (; wait_s > 0; wait_s -= wait_s < 60 ? wait_s : 60) {
		console_line("next", "reboot in %lld s (%s)", (long long)wait_s, err->text);
		alive(s);
		told = told || s->nic.index == 0 ||
		       claim_send(&s->args, step->phase, s->person ? "stall" : "fail", err->text);
		pause_ms((wait_s < 60 ? wait_s : 60) * 1000);
	}
}

static int
run_step(struct stage1 *s, const struct step *step)
{
	struct err err = {0};

	for (unsigned tried = 1;; tried++) {
		s->person = false;
		if (step->run(s, &err) == 0) {
			alive(s);
			return 0;
		}
		struct policy_next next = policy_failed(tried, step->tries, s->person);
		if (next.reboot) {
			give_up(s, step, next.wait_s, &err);
			return -1;
		}
		console_line(step->name, "%s; again in %lld s (%u of %u tries)", err.text,
			     (long long)next.wait_s, tried, step->tries);
		pause_ms(next.wait_s * 1000);
	}
}

int
work_run(struct stage1 *s)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (steps[i].need == WITH_ROOT && s->args.root[0] == '\0')
			continue;
		if (run_step(s, &steps[i]) < 0)
			return -1;
	}
	return 0;
}
