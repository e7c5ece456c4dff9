/* See line.h. */
#include "tests/fleet/line.h"

#include <stdlib.h>
#include <string.h>

#include <lwip/timeouts.h>

#include "lib/str.h"

#define PER_MILLION 1000000u
#define REORDER_MS 3		/* a frame that is overtaken comes so much later */
#define WIRE_EXTRA 24		/* preamble, gap and checksum of a frame on the wire, bytes */

/* A frame under way. */
struct late {
	struct line *line;
	bool out;
	struct ether_frame frame;
	uint8_t bytes[];
};

/* xorshift64* (Vigna 2016). */
static uint32_t
draw(struct line *line)
{
	line->chance ^= line->chance >> 12;
	line->chance ^= line->chance << 25;
	line->chance ^= line->chance >> 27;
	return (uint32_t)((line->chance * 0x2545f4914f6cdd1du) >> 32);
}

static bool
happens(struct line *line, uint32_t ppm)
{
	return ppm > 0 && draw(line) % PER_MILLION < ppm;
}

bool
line_takes(struct line *line, int64_t at_ns, size_t len)
{
	const struct scenario *s = line->scenario;
	int64_t wire = (int64_t)(len + WIRE_EXTRA) * 8000 / s->rate_mbit, begin;

	if (s->ring == 0)
		return true;
	at_ns = (at_ns > line->arrived_ns ? at_ns : line->arrived_ns) + wire;
	line->arrived_ns = at_ns;
	while (line->held > 0 && line->ring[line->first] <= at_ns) {
		line->first = (line->first + 1) % LINE_RING;
		line->held--;
	}
	if (line->held >= s->ring) {
		line->overruns++;
		line->stopped = line->stopped || s->stops;
		return false;
	}
	begin = line->emptied_ns > at_ns ? line->emptied_ns : at_ns;
	line->emptied_ns = begin + s->service_ns;
	line->ring[(line->first + line->held++) % LINE_RING] = line->emptied_ns;
	return true;
}

static void
deliver(void *arg)
{
	struct late *late = arg;

	late->frame.data = late->bytes;
	if (late->out)
		ether_send(late->line->card->wire, late->bytes, late->frame.len);
	else
		card_accept(late->line->card, &late->frame);
	free(late);
}

/* How much later it comes; 0: at once. */
static uint32_t
delay_of(struct line *line)
{
	uint32_t ms = line->scenario->delay_ms;

	if (happens(line, line->scenario->reorder_ppm)) {
		line->late++;
		ms += REORDER_MS;
	}
	return ms;
}

static void
put_off(struct line *line, const struct ether_frame *frame, bool out, uint32_t ms)
{
	struct late *late = mem_new(sizeof(*late) + frame->len);

	late->line = line;
	late->out = out;
	late->frame = *frame;
	memcpy(late->bytes, frame->data, frame->len);
	sys_timeout(ms, deliver, late);
}

static void
come_in(void *arg, const struct ether_frame *frame)
{
	struct line *line = arg;
	uint32_t ms;

	if (line->stopped)
		return;
	if (happens(line, line->scenario->loss_ppm)) {
		line->lost++;
		return;
	}
	if (!line_takes(line, frame->at_ns, frame->len))
		return;
	ms = delay_of(line);
	if (ms > 0)
		put_off(line, frame, false, ms);
	else
		card_accept(line->card, frame);
}

static void
go_out(void *arg, const void *bytes, size_t len)
{
	struct ether_frame frame = { .data = bytes, .len = len };
	struct line *line = arg;
	uint32_t ms;

	if (happens(line, line->scenario->loss_ppm)) {
		line->lost++;
		return;
	}
	ms = delay_of(line);
	if (ms > 0)
		put_off(line, &frame, true, ms);
	else
		ether_send(line->card->wire, bytes, len);
}

void
line_init(struct line *line, const struct scenario *scenario, struct card *card, uint64_t seed)
{
	*line = (struct line){ .scenario = scenario, .card = card, .chance = seed | 1 };
	for (int i = 0; i < 8; i++)
		draw(line);
	card->in = come_in;
	card->out = go_out;
	card->line_arg = line;
}

void
line_reset(struct line *line)
{
	line->stopped = false;
	line->held = 0;
	line->emptied_ns = 0;
}
