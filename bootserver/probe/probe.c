/* See probe.h. */
#include "probe/probe.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/net.h"
#include "probe/pxe.h"

#define IDLE_MS 5000		/* a person waits */

/* The same kinds, hurried: their own minute of waiting tells a person nothing more. */
static const struct firmware hurried = {
	.name = "hurried", .retry_ms = { 1000, 2000, 3000, 4000 }, .collect_ms = 2000,
};

static const char *const ends[] = {
	[PXE_OPEN] = "open", [PXE_BOOTED] = "booted", [PXE_TOLD] = "no image",
	[PXE_FAULT] = "fault",
};

static void
over(void *arg, struct pxe *pxe)
{
	bool *done = arg;

	(void)pxe;
	*done = true;
}

static json_t *
phases(const struct pxe *pxe)
{
	json_t *list = json_array();

	for (int i = 0; i < PXE_PHASES; i++) {
		const struct pxe_report *r = &pxe->reports[i];
		json_t *row = json_object();

		if (r->begun_ms == 0) {
			json_decref(row);
			continue;
		}
		json_put(row, "phase", pxe_phase_name(pxe, (enum pxe_phase)i));
		json_put_flag(row, "done", r->ended_ms != 0);
		if (r->ended_ms != 0)
			json_put_num(row, "ms", r->ended_ms - r->begun_ms);
		json_put_num(row, "bytes", (int64_t)r->bytes);
		json_put_num(row, "again", r->again);
		json_put(row, "text", r->text);
		json_array_append_new(list, row);
	}
	return list;
}

static json_t *
found(const struct probe *probe, const struct pxe *pxe)
{
	json_t *ret = json_object();
	char mac[NET_MAC_TEXT];

	net_mac_format(mac, pxe->card->mac);
	json_put(ret, "interface", probe->interface);
	json_put(ret, "firmware", probe->firmware->name);
	json_put(ret, "mac", mac);
	json_put_flag(ret, "good", pxe->end == PXE_BOOTED || pxe->end == PXE_TOLD);
	json_put(ret, "end", ends[pxe->end]);
	if (pxe->fault[0] != '\0')
		json_put(ret, "fault", pxe->fault);
	if (pxe->note[0] != '\0')
		json_put(ret, "note", pxe->note);
	json_object_set_new(ret, "phases", phases(pxe));
	return ret;
}

/* A MAC of nobody's: locally administered. */
static void
name(struct pxe *pxe, const struct probe *probe, uint8_t mac[6])
{
	chance_bytes(mac, 6);
	mac[0] = 2, mac[1] = 'b', mac[2] = 's';
	if (probe->mac != NULL)
		memcpy(mac, probe->mac, 6);
	/* the same machine says the same: a UUID made of the MAC */
	memcpy(pxe->uuid, "bootserver", 10);
	memcpy(pxe->uuid + 10, mac, 6);
	pxe->firmware = probe->firmware;
	pxe->manners = &hurried;
	pxe->product = "probe";
	pxe->root = probe->root;
	pxe->idle_ms = IDLE_MS;
}

int
probe_run(const struct probe *probe, json_t **ret, struct err *err)
{
	bool done = false;
	struct ether wire;
	struct card card;
	struct pxe pxe;
	uint8_t mac[6];
	int r = ether_open(&wire, probe->interface, err);

	if (r < 0)
		return r;
	card_house_init();
	pxe_init(&pxe);
	name(&pxe, probe, mac);
	pxe.over = over;
	pxe.arg = &done;
	pxe.card = &card;
	r = card_init(&card, &wire, mac, err);
	if (r < 0)
		goto out_wire;
	pxe_power_on(&pxe);
	r = card_loop(&wire, &done, clock_mono_ms() + probe->most_ms, err);
	if (r == -ETIMEDOUT) {
		pxe_fault(&pxe, "not done after %lld s, in the phase %s",
			   (long long)probe->most_ms / 1000, pxe_phase_name(&pxe, pxe.phase));
		r = 0;
	}
	lease_release(&pxe.lease);
	if (r == 0)
		*ret = found(probe, &pxe);
	pxe_fini(&pxe);
	card_fini(&card);
out_wire:
	ether_close(&wire);
	return r;
}

void
probe_text(const json_t *found, struct buf *ret)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(found, "phases"), i, row) {
		bool done = json_flag(row, "done", false);

		buf_format(ret, "%-7s ", json_str(row, "phase", ""));
		if (done)
			buf_format(ret, "%8.3f s  %s", (double)json_num(row, "ms", 0) / 1000,
				   json_str(row, "text", ""));
		else
			buf_text(ret, "       —    not done");
		if (json_num(row, "again", 0) > 0)
			buf_format(ret, " (%lld said again)", (long long)json_num(row, "again", 0));
		buf_text(ret, "\n");
	}
	if (json_str(found, "note", NULL) != NULL)
		buf_format(ret, "note: %s\n", json_str(found, "note", ""));
	if (json_str(found, "fault", NULL) != NULL)
		buf_format(ret, "fault: %s\n", json_str(found, "fault", ""));
	else
		buf_format(ret, "good: %s\n", str_eq(json_str(found, "end", ""), "booted") ?
			   "a machine would start its kernel now" :
			   "a machine would do as it is told");
}
