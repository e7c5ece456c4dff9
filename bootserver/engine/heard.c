/*
 * What the keeper and web hear of a machine before it can sign anything: its leases, its TFTP
 * transfers, its first request, its downloads, and unsigned reports of iPXE and stage 1.  All of it
 * is claims: it moves the timeline up to `root` and decides nothing else.
 */
#include "engine/timeline.h"

#include <stdio.h>
#include <string.h>

#include "engine/learnt.h"
#include "engine/machines.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"

#define LATE_MS 20000		/* how far behind dnsmasq's script may be in a storm */
#define RESET_MS 5000		/* from a script to firmware's next DHCP request, at least */
#define CLAIMS_MOST 300		/* unsigned events of one boot */

/* dnsmasq tells of leases and transfers through a script, one after the other: in a storm that word
 * comes after the machine has gone on.  It must not begin a new boot then. */
static bool
comes_late(const struct boot *b, int64_t late_ms)
{
	return b && b->script_ms && clock_now_ms() - b->script_ms < late_ms;
}

struct boot *
timeline_of_nonce(struct engine *e, const json_t *body, bool goes_on)
{
	struct boot *b = index_find(&e->nonces, json_str(body, "nonce", ""));

	if (b && goes_on && b != b->machine->boot && !b->machine->boot->script_ms)
		timeline_revive(e, b);
	return b;
}

static struct machine *
lease_machine(struct engine *e, const char *mac, bool boots)
{
	struct machine *m = index_find(&e->macs, mac);
	struct plan_claims claims = { .cpu64 = false };

	if (m || !boots)
		return m;
	str_copy(claims.mac, sizeof(claims.mac), mac);
	return machines_claim(e, &claims);
}

struct boot *
timeline_firmware(struct engine *e, struct machine *m, bool ipxe)
{
	const struct boot *b = m->boot;

	if (comes_late(b, ipxe ? LATE_MS : RESET_MS))
		return NULL;
	learnt_back(e, m);
	/* Firmware asks again where iPXE had been: the machine was switched off while it waited. */
	if (!ipxe && b && !b->past && b->phase >= PHASE_SCRIPT)
		return timeline_begin(e, m);
	if (!ipxe)
		learnt_again(e, timeline_early(e, m));
	return timeline_early(e, m);
}

static void
lease_event(struct engine *e, struct machine *m, const char *ip, bool ipxe)
{
	struct boot *b = timeline_firmware(e, m, ipxe);
	char text[64];
	struct note note = { .phase = PHASE_DHCP, .state = STATE_DONE, .from = "keeper",
			     .text = text };

	if (!b || b->phase > PHASE_DHCP)
		return;
	snprintf(text, sizeof(text), "%s has %s", ipxe ? "iPXE" : "firmware", ip);
	timeline_note(e, b, &note);
}

void
timeline_lease(struct engine *e, const json_t *body)
{
	const char *ip = json_str(body, "ip", ""), *vendor = json_str(body, "vendor", "");
	bool ipxe = str_starts(json_str(body, "user", ""), "iPXE");
	bool firmware = str_starts(vendor, "PXEClient") || str_starts(vendor, "HTTPClient");
	char mac[NET_MAC_TEXT];
	struct machine *m;

	if (net_mac_normal(mac, json_str(body, "mac", "")) < 0)
		return;
	if (strcmp(json_str(body, "action", ""), "del") == 0) {
		machines_lease(e, ip, NULL);
		return;
	}
	machines_lease(e, ip, mac);
	m = lease_machine(e, mac, firmware || ipxe);
	if (!m)
		return;
	machines_address(e, m, ip, mac);
	if (firmware || ipxe)
		lease_event(e, m, ip, ipxe);
}

void
timeline_tftp(struct engine *e, const json_t *body)
{
	const char *file = json_str(body, "file", ""), *slash = strrchr(file, '/');
	struct machine *m = index_find(&e->ips, json_str(body, "ip", ""));
	struct note note = { .phase = PHASE_TFTP, .state = STATE_DONE, .from = "keeper",
			     .text = slash ? slash + 1 : file };
	struct boot *b;

	if (!m || comes_late(m->boot, LATE_MS))
		return;
	b = timeline_early(e, m);
	if (b->phase <= PHASE_TFTP)
		timeline_note(e, b, &note);
	learnt_fetched(m, note.text);
}

void
timeline_greet(struct engine *e, const json_t *body)
{
	struct machine *m = index_find(&e->ips, json_str(body, "ip", ""));
	struct note note = { .phase = PHASE_IPXE, .state = STATE_BEGIN, .from = "web" };
	struct boot *b;

	if (!m)
		return;
	learnt_asked(e, m);
	b = timeline_early(e, m);
	if (b->phase <= PHASE_IPXE)
		timeline_note(e, b, &note);
}

/* local.ipxe says which way it takes to the disk, and when none leads there. */
static void
note_way(struct engine *e, struct machine *m, const struct note *note)
{
	static const char taken[] = "local disk by ";

	if (note->state == STATE_FAIL)
		learnt_way(e, m, "");
	else if (str_starts(note->text, taken))
		learnt_way(e, m, note->text + sizeof(taken) - 1);
}

void
timeline_report(struct engine *e, const json_t *body)
{
	struct boot *b = timeline_of_nonce(e, body, true);
	struct note note = { .text = json_str(body, "text", "") };

	if (!b || b->enrolled || b->healthy || b->claims++ >= CLAIMS_MOST ||
	    phase_parse(&note.phase, json_str(body, "phase", "")) < 0 ||
	    phase_state_parse(&note.state, json_str(body, "state", "")) < 0 ||
	    note.phase > PHASE_ROOT || note.state == STATE_NOTE)
		return;
	note.from = note.phase <= PHASE_INITRD ? "ipxe" : "stage1";
	timeline_note(e, b, &note);
	if (b->kind == PLAN_LOCAL && b == b->machine->boot)
		note_way(e, b->machine, &note);
}

/* The image a boot was given, if the store still has it. */
static const struct plan_image *
image_of(const struct engine *e, const struct boot *b)
{
	enum site_arch arch = plan_arch(&b->machine->claims);
	char ref[80];

	for (size_t i = 0; i < e->nchoices; i++) {
		const struct plan_image *image = &e->choices[i];

		snprintf(ref, sizeof(ref), "%s@%d", image->name, image->generation);
		if (image->arch == arch && strcmp(ref, b->image) == 0)
			return image;
	}
	return NULL;
}

static int
part_phase(const struct engine *e, const struct boot *b, const char *sha256, enum phase *ret)
{
	const struct plan_image *image = image_of(e, b);

	if (!image)
		return -1;
	if (strcmp(sha256, image->kernel.sha256) == 0)
		*ret = PHASE_KERNEL;
	else if (strcmp(sha256, image->initrd.sha256) == 0)
		*ret = PHASE_INITRD;
	else if (strcmp(sha256, image->root.sha256) == 0)
		*ret = PHASE_ROOT;
	else
		return -1;
	return 0;
}

/* The script's kernel was asked for: the boot is under way, and a plan for one boot is used up. */
static void
went_past(struct engine *e, struct boot *b)
{
	struct machine *m = b->machine;

	if (b->past)
		return;
	b->past = true;
	timeline_save(e, b);
	if (m->once) {
		m->once = m->kind_set = false;
		machines_touch(e, m);
	}
}

static void
transfer_text(char *ret, size_t size, const json_t *body, const char *who)
{
	const char *state = json_str(body, "state", "");
	double total = (double)json_num(body, "total", 0) / 1e6;
	double done = (double)json_num(body, "done", 0) / 1e6;

	if (strcmp(state, "done") == 0)
		snprintf(ret, size, "%.1f MB in %.1f s", total,
			 (double)json_num(body, "ms", 0) / 1000);
	else if (strcmp(state, "broken") == 0)
		snprintf(ret, size, "broke off at %.1f of %.1f MB; the machine asks again", done,
			 total);
	else if (strcmp(state, "still") == 0)
		snprintf(ret, size, "%s stopped acknowledging at %.0f %%", who,
			 total > 0 ? 100 * done / total : 0);
	else if (strcmp(state, "queued") == 0)
		snprintf(ret, size, "waits for its turn: place %lld of %lld",
			 (long long)json_num(body, "place", 0),
			 (long long)json_num(body, "waiting", 0));
	else if (strcmp(state, "begin") == 0 && done > 0 && done < total)
		snprintf(ret, size, "%.1f MB, goes on at %.0f %%", total, 100 * done / total);
	else
		snprintf(ret, size, "%.1f MB", total);
}

/* What web says of a transfer, as the state of an event: false if it is none of these. */
static bool
transfer_state(const struct boot *b, const char *state, struct note *note)
{
	bool queued = strcmp(state, "queued") == 0;

	if (queued && b->phase == note->phase && b->state == STATE_WAIT)
		note->state = STATE_PROGRESS;	/* its place changes: shown, not stored each time */
	else if (queued || strcmp(state, "broken") == 0 || strcmp(state, "still") == 0)
		note->state = STATE_WAIT;
	else
		return phase_state_parse(&note->state, state) == 0;
	return true;
}

void
timeline_transfer(struct engine *e, const json_t *body)
{
	const char *state = json_str(body, "state", "");
	struct boot *b = timeline_of_nonce(e, body, strcmp(state, "broken") != 0);
	char text[96];
	struct note note = { .text = text, .from = "web", .done = json_num(body, "done", 0),
			     .total = json_num(body, "total", 0) };

	if (!b || part_phase(e, b, json_str(body, "sha256", ""), &note.phase) < 0)
		return;
	went_past(e, b);
	if (!transfer_state(b, state, &note))
		return;
	note.part = phase_name(note.phase);
	transfer_text(text, sizeof(text), body, note.phase < PHASE_ROOT ? "iPXE" : "stage 1");
	if (note.state == STATE_PROGRESS && b->state == STATE_WAIT)
		str_set(&b->text, text);
	timeline_note(e, b, &note);
}
