/*
 * The text of `bootserver show`: who the machine is, what it boots, the timeline of its newest boot
 * with the time each phase took, and what to do where a boot stands still.
 */
#include "cli/timeline.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/cluster.h"
#include "cli/table.h"
#include "lib/json.h"
#include "plan/phase.h"

/* What a person can do when a boot stands still in a phase. */
static const char *const advice[PHASE_COUNT] = {
	[PHASE_DHCP] = "it asked for no file: if it has no address, `bootserver probe` says what is"
		       " wrong; else look at the machine's boot order (network first) and at other"
		       " DHCP servers on this network",
	[PHASE_TFTP] = "it has the first file and did not start it: look at the machine's screen;"
		       " Secure Boot must be off",
	[PHASE_IPXE] = "iPXE runs and asks for nothing more: look at the machine's screen; a clock"
		       " that is hours off makes it refuse the server's certificate",
	[PHASE_SCRIPT] =
		"it has its script and did not fetch the kernel: look at the machine's screen",
	[PHASE_KERNEL] = "look at the machine's screen and at its network port",
	[PHASE_INITRD] =
		"the kernel has not said a word: look at the machine's screen; it may lack a"
		" driver for the network card, or memory",
	[PHASE_STAGE1] = "look at the machine's screen; stage 1 reboots it after its deadline",
	[PHASE_ROOT] =
		"look at the machine's screen and at its network port; stage 1 reboots it after"
		" its deadline",
	[PHASE_FACTS] = "log in by SSH and read `journalctl -u bootserver-agent`",
	[PHASE_ENROL] = "if its key waits for you: bootserver approve, with the code on its screen",
	[PHASE_STORAGE] =
		"see which disk is named; only a blank disk, or one that is this machine's,"
		" is ever written",
	[PHASE_JOIN] = "log in by SSH and read `journalctl -u bootserver-agent`",
	[PHASE_ROLES] = "log in by SSH and read `journalctl -u bootserver-agent`",
	[PHASE_HEALTHY] = "log in by SSH: `systemctl --failed` names what does not run",
};

/* What is known of one phase of one boot. */
struct span {
	int64_t begin_ms, last_ms;	/* first and last event; 0: none */
	const char *state;		/* of the last event */
	const char *text;		/* its sentence, or of the one before that had one */
	char done[200];			/* sentences of what was done, joined */
};

static void
day_time(char ret[32], int64_t ms)
{
	time_t at = (time_t)(ms / 1000);
	struct tm parts;

	localtime_r(&at, &parts);
	strftime(ret, 32, "%Y-%m-%d %H:%M:%S", &parts);
}

static void
line(struct buf *ret, const char *label, const char *text)
{
	if (text && text[0])
		buf_format(ret, "  %-9s %s\n", label, text);
}

static void
add_pair(struct buf *text, const char *label, const char *value)
{
	if (value && value[0])
		buf_format(text, "%s%s%s%s", text->len ? ", " : "", label, label[0] ? " " : "",
			   value);
}

/* Where its agent has compared it with the server's. */
static void
clock_line(const json_t *machine, struct buf *ret)
{
	const json_t *clock = json_object_get(machine, "clock");
	double offset = (double)json_num(clock, "offset_ms", 0) / 1000;
	char text[100], off[40];

	if (!json_is_object(clock))
		return;
	snprintf(text, sizeof(text), "%.3f s %s, within %.3f s%s", offset < 0 ? -offset : offset,
		 offset < 0 ? "behind" : "ahead", (double)json_num(clock, "within_ms", 0) / 1000,
		 table_clock(off, machine) ? ": IT IS WRONG" : "");
	line(ret, "clock", text);
}

static void
identity(const json_t *machine, struct buf *ret)
{
	const json_t *macs = json_object_get(machine, "macs");
	struct buf text;

	buf_init(&text);
	add_pair(&text, "", json_str(machine, "ip", NULL));
	for (size_t i = 0; i < json_array_size(macs); i++)
		add_pair(&text, "", json_string_value(json_array_get(macs, i)));
	line(ret, "address", text.text);
	text.len = 0, text.text[0] = '\0';
	add_pair(&text, "", json_str(machine, "manufacturer", NULL));
	add_pair(&text, "", json_str(machine, "product", NULL));
	add_pair(&text, "serial", json_str(machine, "serial", NULL));
	add_pair(&text, "rack", json_str(machine, "rack", NULL));
	line(ret, "board", text.text);
	text.len = 0, text.text[0] = '\0';
	add_pair(&text, "", json_str(machine, "arch", NULL));
	add_pair(&text, "", json_str(machine, "platform", NULL));
	add_pair(&text, "iPXE", json_str(machine, "ipxe", NULL));
	add_pair(&text, "UUID", json_str(machine, "uuid", NULL));
	line(ret, "firmware", text.text);
	line(ret, "neighbour", json_str(machine, "lldp", NULL));
	buf_fini(&text);
	clock_line(machine, ret);
}

static void
hardware(const json_t *facts, struct buf *ret)
{
	const json_t *cpu = json_object_get(facts, "cpu"), *disks = json_object_get(facts, "disks");
	struct buf text;

	if (!json_is_object(facts))
		return;
	buf_init(&text);
	add_pair(&text, "", json_str(cpu, "model", NULL));
	buf_format(&text, "%s%lld cores, %.1f GiB of memory", text.len ? ", " : "",
		   (long long)json_num(cpu, "cores", 0),
		   (double)json_num(facts, "memory", 0) / (1 << 30));
	add_pair(&text, "Linux", json_str(facts, "kernel", NULL));
	line(ret, "hardware", text.text);
	for (size_t i = 0; i < json_array_size(disks); i++) {
		const json_t *disk = json_array_get(disks, i);

		text.len = 0, text.text[0] = '\0';
		buf_format(&text, "%s, %.1f GB", json_str(disk, "name", ""),
			   (double)json_num(disk, "size", 0) / 1e9);
		add_pair(&text, "", json_str(disk, "model", NULL));
		add_pair(&text, "serial", json_str(disk, "serial", NULL));
		add_pair(&text, "", json_str(disk, "use", NULL));
		line(ret, i ? "" : "disks", text.text);
	}
	buf_fini(&text);
}

/* Orders that are not over; the others stand in the timelines. */
static void
open_orders(const json_t *orders, struct buf *ret)
{
	static const struct {
		const char *state, *text;
	} states[] = {
		{ "waits", "waits for its agent" }, { "given", "told, not acknowledged yet" },
		{ "taken", "its agent has it" },
	};
	const json_t *order;
	size_t i;

	json_array_foreach(orders, i, order) {
		const char *state = json_str(order, "state", "");
		char text[80];

		for (size_t at = 0; at < sizeof(states) / sizeof(states[0]); at++) {
			if (strcmp(state, states[at].state) != 0)
				continue;
			snprintf(text, sizeof(text), "%.20s: %s", json_str(order, "kind", ""),
				 states[at].text);
			line(ret, "order", text);
		}
	}
}

/* What was learnt of its firmware by trying. */
static void
learnt(const json_t *machine, struct buf *ret)
{
	struct buf text;

	buf_init(&text);
	add_pair(&text, "", json_str(machine, "local_way", NULL));
	add_pair(&text, "", json_str(machine, "local_way_state", NULL));
	line(ret, "own disk", text.text);
	buf_fini(&text);
	line(ret, "binary", json_str(machine, "binary", NULL));
	if (json_flag(machine, "secure_boot", false))
		line(ret, "", "it started neither iPXE binary: switch Secure Boot off");
}

static void
trial(const json_t *trial, struct buf *ret)
{
	char spent[16], limit[16], text[160];

	if (!json_is_object(trial))
		return;
	table_time(spent, json_num(trial, "spent_ms", 0));
	table_time(limit, json_num(trial, "limit_ms", 0));
	if (json_flag(trial, "over", false))
		snprintf(text, sizeof(text), "%.80s was not healthy within %s: abandoned",
			 json_str(trial, "image", ""), limit);
	else
		snprintf(text, sizeof(text), "%.80s, %s of %s", json_str(trial, "image", ""), spent,
			 limit);
	line(ret, "trial", text);
}

static void
choice(const json_t *machine, struct buf *ret)
{
	struct buf text;

	line(ret, "plan", json_str(machine, "plan_reason", NULL));
	if (json_flag(machine, "once", false))
		line(ret, "", "for one boot");
	buf_init(&text);
	add_pair(&text, "tried", json_str(machine, "tried", NULL));
	add_pair(&text, "last good", json_str(machine, "last_good", NULL));
	line(ret, "image", text.text);
	trial(json_object_get(machine, "trial"), ret);
	buf_fini(&text);
	open_orders(json_object_get(machine, "orders"), ret);
	learnt(machine, ret);
	if (json_str(machine, "code", NULL)) {
		char ask[80];

		snprintf(ask, sizeof(ask), "bootserver approve %s", json_str(machine, "code", ""));
		line(ret, "waits for", ask);
	}
}

/* "snponly.efi, autoexec.ipxe": what is said twice is told once. */
static void
join(char *ret, size_t size, const char *text)
{
	size_t len = strlen(ret);

	if (!text[0] || strstr(ret, text) || len + strlen(text) + 3 > size)
		return;
	snprintf(ret + len, size - len, "%s%s", len ? ", " : "", text);
}

/* An order or a decision: it moves no phase. */
static bool
is_note(const json_t *event)
{
	return strcmp(json_str(event, "state", ""), "note") == 0;
}

static void
collect(const json_t *boot, struct span spans[PHASE_COUNT])
{
	const json_t *events = json_object_get(boot, "events");

	for (size_t i = 0; i < json_array_size(events); i++) {
		const json_t *event = json_array_get(events, i);
		const char *text = json_str(event, "text", "");
		int64_t at = json_num(event, "at_ms", 0);
		enum phase phase;
		struct span *span;

		if (phase_parse(&phase, json_str(event, "phase", "")) < 0 || is_note(event))
			continue;
		span = &spans[phase];
		if (!span->begin_ms || at < span->begin_ms)
			span->begin_ms = at;
		if (at > span->last_ms)
			span->last_ms = at;
		span->state = json_str(event, "state", "");
		if (text[0] || !span->text)
			span->text = text;
		if (strcmp(span->state, "done") == 0)
			join(span->done, sizeof(span->done), text);
	}
}

/* When the phase after this one began; 0: none did. */
static int64_t
next_begin(const struct span spans[PHASE_COUNT], int phase)
{
	for (int next = phase + 1; next < PHASE_COUNT; next++)
		if (spans[next].begin_ms)
			return spans[next].begin_ms;
	return 0;
}

static void
print_span(struct buf *ret, const struct span *span, int phase, int64_t start_ms, int64_t end_ms)
{
	bool done = strcmp(span->state, "done") == 0;
	bool plain = done || strcmp(span->state, "begin") == 0;
	const char *text = done ? span->done : span->text;
	char at[16], took[16];

	table_time(at, span->begin_ms - start_ms);
	table_time(took, end_ms - span->begin_ms);
	buf_format(ret, "  %-8s %10s %10s", phase_name((enum phase)phase), at, took);
	if (!plain || text[0])
		buf_format(ret, "   %s%s%s", plain ? "" : span->state,
			   plain || !text[0] ? "" : ": ", text);
	buf_text(ret, "\n");
}

static void
notes(const json_t *boot, int64_t start_ms, struct buf *ret)
{
	const json_t *event;
	char at[16];
	size_t i;

	json_array_foreach(json_object_get(boot, "events"), i, event) {
		if (!is_note(event))
			continue;
		table_time(at, json_num(event, "at_ms", 0) - start_ms);
		buf_format(ret, "  %-8s %10s %10s   %s\n", "note", at, "",
			   json_str(event, "text", ""));
	}
}

static void
timeline(const json_t *boot, int64_t now_ms, struct buf *ret)
{
	struct span spans[PHASE_COUNT] = { { .begin_ms = 0 } };
	int64_t start = json_num(boot, "begin_ms", 0), over = json_num(boot, "end_ms", 0);

	collect(boot, spans);
	buf_format(ret, "  %-8s %10s %10s\n", "PHASE", "AT", "TOOK");
	for (int phase = 0; phase < PHASE_COUNT; phase++) {
		int64_t end = next_begin(spans, phase);

		if (!spans[phase].begin_ms)
			continue;
		if (!end)
			end = over ? over : now_ms;
		print_span(ret, &spans[phase], phase, start, end);
	}
	notes(boot, start, ret);
}

static void
boot_line(const json_t *boot, struct buf *ret)
{
	const char *outcome = json_str(boot, "outcome", ""), *image = json_str(boot, "image", NULL);
	int64_t begin = json_num(boot, "begin_ms", 0), end = json_num(boot, "end_ms", 0);
	char at[32], took[16];

	day_time(at, begin);
	table_time(took, end - begin);
	buf_format(ret, "boot %lld, %s, %s", (long long)json_num(boot, "id", 0), at,
		   image ? image : json_str(boot, "plan", ""));
	if (strcmp(outcome, "healthy") == 0)
		buf_format(ret, ": healthy after %s", took);
	else if (strcmp(outcome, "over") == 0)
		buf_format(ret, ": came as far as %s", json_str(boot, "phase", ""));
	else if (strcmp(outcome, "open") != 0)
		buf_format(ret, ": %s", outcome);
	buf_text(ret, "\n");
}

/* Names the phase in which it stands still, and what can be done. */
static void
standstill(const json_t *machine, int64_t now_ms, struct buf *ret)
{
	const char *state = json_str(machine, "state", "");
	char since[16];
	enum phase phase;

	if (strcmp(state, "stalled") != 0 && strcmp(state, "failed") != 0 &&
	    strcmp(state, "waiting") != 0)
		return;
	if (phase_parse(&phase, json_str(machine, "phase", "")) < 0)
		return;
	table_time(since, now_ms - json_num(machine, "phase_since_ms", now_ms));
	if (strcmp(state, "stalled") == 0)
		state = "stands still";
	buf_format(ret, "\n%s in phase %s for %s: %s\n", state, phase_name(phase), since,
		   json_str(machine, "text", ""));
	if (json_str(machine, "code", NULL))
		buf_format(ret, "what to do: bootserver approve %s\n",
			   json_str(machine, "code", ""));
	else if (strcmp(json_str(machine, "state", ""), "waiting") != 0)
		buf_format(ret, "what to do: %s\n", advice[phase]);
}

void
timeline_machine(const json_t *machine, int64_t now_ms, struct buf *ret)
{
	const json_t *boots = json_object_get(machine, "boots");
	struct buf node;

	buf_format(ret, "%s: %s\n", json_str(machine, "name", ""), json_str(machine, "state", ""));
	identity(machine, ret);
	hardware(json_object_get(machine, "facts"), ret);
	choice(machine, ret);
	buf_init(&node);
	cluster_node_line(machine, &node);
	line(ret, "node", node.text);
	buf_fini(&node);
	if (json_array_size(boots) > 0) {
		buf_text(ret, "\n");
		boot_line(json_array_get(boots, 0), ret);
		timeline(json_array_get(boots, 0), now_ms, ret);
	}
	standstill(machine, now_ms, ret);
	if (json_array_size(boots) > 1)
		buf_text(ret, "\n");
	for (size_t i = 1; i < json_array_size(boots); i++)
		boot_line(json_array_get(boots, i), ret);
}
