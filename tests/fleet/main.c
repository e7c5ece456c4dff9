/*
 * One process of the herd: its share of a scenario's machines on one card of this host.  Each
 * machine that has booted, or is lost, is a line of JSON on standard output.
 *
 *	build/fleet SCENARIO INTERFACE SHARE/SHARES [CA]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/timeouts.h>

#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "probe/pxe.h"
#include "tests/fleet/line.h"
#include "tests/fleet/scenario.h"

#define OFF_MS 1000		/* a power cut's length */

struct member {
	struct herd *herd;
	uint32_t index;
	struct card card;
	struct line line;
	struct pxe pxe;
	int64_t on_ms, over_ms;
	uint32_t cuts;
};

struct herd {
	struct scenario scenario;
	struct ether wire;
	X509 *root;
	struct member *members;
	uint32_t count, open;
	bool done;
};

static json_t *
phases(const struct member *m)
{
	json_t *ret = json_object();

	for (int i = 0; i < PXE_PHASES; i++) {
		const struct pxe_report *r = &m->pxe.reports[i];

		if (r->ended_ms != 0)
			json_put_num(ret, i == PXE_FILE ? "tftp" :
				     pxe_phase_name(&m->pxe, (enum pxe_phase)i),
				     r->ended_ms - r->begun_ms);
	}
	return ret;
}

static void
tell(const struct member *m)
{
	json_t *row = json_object();
	uint64_t again = 0;
	char *text;

	for (int i = 0; i < PXE_PHASES; i++)
		again += m->pxe.reports[i].again;
	json_put_num(row, "machine", m->index);
	json_put(row, "firmware", m->pxe.firmware->name);
	json_put_flag(row, "booted", m->pxe.end == PXE_BOOTED);
	json_put(row, "phase", pxe_phase_name(&m->pxe, m->pxe.phase));
	json_put_num(row, "ms", m->over_ms - m->on_ms);
	json_object_set_new(row, "phases", phases(m));
	json_put_num(row, "bytes", (int64_t)m->card.bytes_in);
	json_put_num(row, "again", (int64_t)again);
	json_put_num(row, "faults", m->pxe.faults);
	json_put(row, "fault", m->pxe.fault);
	json_put_num(row, "lost", m->line.lost);
	json_put_num(row, "late", m->line.late);
	json_put_num(row, "overruns", m->line.overruns);
	json_put_flag(row, "stopped", m->line.stopped);
	json_put_num(row, "cuts", m->cuts);
	text = json_dumps(row, JSON_COMPACT);
	printf("%s\n", text);
	fflush(stdout);
	free(text);
	json_decref(row);
}

static void
over(void *arg, struct pxe *pxe)
{
	struct member *m = arg;

	(void)pxe;
	m->over_ms = clock_mono_ms();
	pxe_power_off(&m->pxe);
	tell(m);
	if (--m->herd->open == 0)
		m->herd->done = true;
}

static void
on(void *arg)
{
	struct member *m = arg;

	if (m->on_ms == 0)
		m->on_ms = clock_mono_ms();
	pxe_power_on(&m->pxe);
}

/* All at once; what has booted is left alone. */
static void
cut(void *arg)
{
	struct herd *herd = arg;

	for (uint32_t i = 0; i < herd->count; i++) {
		struct member *m = &herd->members[i];

		if (m->pxe.end != PXE_OPEN)
			continue;
		m->cuts++;
		sys_untimeout(on, m);
		pxe_power_off(&m->pxe);
		line_reset(&m->line);
		sys_timeout(OFF_MS, on, m);
	}
}

static bool
one_in(uint32_t index, uint32_t many)
{
	return many > 0 && index % many == many - 1;
}

/* 52:54:00:f1: and the machine's number. */
static void
name(struct member *m, uint8_t mac[6])
{
	static char serials[65536][8];
	uint8_t bytes[6] = {
		0x52, 0x54, 0, 0xf1, (uint8_t)(m->index >> 8), (uint8_t)m->index,
	};

	memcpy(mac, bytes, 6);
	memcpy(m->pxe.uuid, "fleet-machin", 12);
	memcpy(m->pxe.uuid + 12, bytes + 2, 4);
	snprintf(serials[m->index & 0xffff], sizeof(serials[0]), "F%05u", m->index & 0xffff);
	m->pxe.serial = serials[m->index & 0xffff];
}

static int
member_init(struct herd *herd, struct member *m, uint32_t index, struct err *err)
{
	const struct scenario *s = &herd->scenario;
	uint8_t mac[6];
	int r;

	m->herd = herd;
	m->index = index;
	pxe_init(&m->pxe);
	name(m, mac);
	r = card_init(&m->card, &herd->wire, mac, err);
	if (r < 0)
		return r;
	line_init(&m->line, s, &m->card, ((uint64_t)s->seed << 32) + index * 2654435761u);
	m->pxe.card = &m->card;
	m->pxe.firmware = scenario_firmware(s, index);
	m->pxe.manners = m->pxe.firmware;
	m->pxe.product = "fleet";
	m->pxe.root = herd->root;
	m->pxe.patient = true;
	m->pxe.over = over;
	m->pxe.arg = m;
	m->pxe.lease.no_proxy = one_in(index, s->no_proxy);
	m->pxe.lease.only_4011 = one_in(index, s->only_4011);
	m->pxe.lease.bad_class = one_in(index, s->bad_class);
	sys_timeout(s->spread_ms > 0 ? (uint32_t)((uint64_t)index * s->spread_ms / s->machines) : 0,
		    on, m);
	return 0;
}

static int
read_root(struct herd *herd, const char *path, struct err *err)
{
	char *pem;
	int r = file_read(AT_FDCWD, path, &pem, NULL, err);

	if (r < 0)
		return r;
	herd->root = pki_cert_parse(pem, err);
	free(pem);
	return herd->root != NULL ? 0 : -1;
}

/* Those who are not there in time are lost, and told as such. */
static void
finish(struct herd *herd)
{
	for (uint32_t i = 0; i < herd->count; i++) {
		struct member *m = &herd->members[i];

		if (m->over_ms == 0) {
			m->over_ms = clock_mono_ms();
			tell(m);
		}
		pxe_fini(&m->pxe);
		card_fini(&m->card);
	}
	free(herd->members);
}

static int
run(struct herd *herd, uint32_t share, uint32_t shares, struct err *err)
{
	const struct scenario *s = &herd->scenario;
	int r = 0;

	herd->members = mem_new((s->machines / shares + 1) * sizeof(*herd->members));
	for (uint32_t i = share; i < s->machines && r == 0; i += shares)
		r = member_init(herd, &herd->members[herd->count++], i, err);
	herd->open = herd->count;
	herd->done = herd->count == 0;
	if (r == 0 && s->power_cut_ms > 0)
		sys_timeout(s->power_cut_ms, cut, herd);
	if (r == 0)
		r = card_loop(&herd->wire, &herd->done, clock_mono_ms() + s->patience_ms, err);
	finish(herd);
	return r == -ETIMEDOUT ? 0 : r;
}

int
main(int argc, char **argv)
{
	struct herd herd = { .done = false };
	struct err err = { "" };
	uint32_t share = 0, shares = 1;
	int r;

	if (argc < 4 || argc > 5 || sscanf(argv[3], "%u/%u", &share, &shares) != 2 ||
	    shares == 0 || share >= shares) {
		fputs("usage: fleet SCENARIO INTERFACE SHARE/SHARES [CA]\n", stderr);
		return 2;
	}
	r = scenario_read(&herd.scenario, argv[1], &err);
	if (r == 0 && argc > 4)
		r = read_root(&herd, argv[4], &err);
	if (r == 0)
		r = ether_open(&herd.wire, argv[2], &err);
	if (r == 0) {
		chance_seed((uint64_t)herd.scenario.seed * 1000 + share + 1);
		card_house_init();
		r = run(&herd, share, shares, &err);
		ether_close(&herd.wire);
	}
	X509_free(herd.root);
	if (r < 0)
		fprintf(stderr, "fleet: %s\n", err.text);
	return r < 0;
}
