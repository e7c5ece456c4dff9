/*
 * Conversations (talk.c) by the client's MAC, the last frames of each, and the way of a sentence
 * into the timeline.  All of it is bounded: strangers can send from as many addresses as they like.
 */
#include "engine/ear.h"

#include <stdlib.h>
#include <string.h>

#include "engine/machines.h"
#include "engine/talk.h"
#include "engine/timeline.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/str.h"

#define CLIENTS_MOST 1024
#define FRAMES 24		/* of one client */
#define BYTES_MOST (4 << 20)	/* of all frames; the client silent for longest goes */
#define NEW_PER_SECOND 20	/* machines that are only heard, not yet leased to */
#define NEW_BURST 700
#define NOTES_MOST 100		/* of one boot */

struct frame {
	uint64_t number;	/* in the order of coming, over all clients */
	int64_t at_ms;
	size_t len;
	unsigned char *bytes;
};

struct client {
	struct talk talk;
	struct client *before, *after;	/* by when they were heard last */
	struct frame frames[FRAMES];	/* a ring */
	size_t next;
};

struct ear {
	struct index clients;		/* by MAC */
	struct client *oldest, *newest;
	size_t count, bytes;
	uint64_t last;			/* frame's number */
	int64_t tokens, since_ms;
};

static struct ear *
ear_of(struct engine *e)
{
	if (e->ear == NULL) {
		e->ear = mem_new(sizeof(*e->ear));
		e->ear->tokens = NEW_BURST;
		e->ear->since_ms = clock_mono_ms();
	}
	return e->ear;
}

static void
unlink_client(struct ear *ear, struct client *c)
{
	*(c->before ? &c->before->after : &ear->oldest) = c->after;
	*(c->after ? &c->after->before : &ear->newest) = c->before;
	c->before = c->after = NULL;
}

static void
append_client(struct ear *ear, struct client *c)
{
	c->before = ear->newest;
	*(ear->newest ? &ear->newest->after : &ear->oldest) = c;
	ear->newest = c;
}

static void
forget(struct ear *ear, struct client *c)
{
	unlink_client(ear, c);
	index_drop(&ear->clients, c->talk.mac, c);
	for (size_t i = 0; i < FRAMES; i++) {
		ear->bytes -= c->frames[i].len;
		free(c->frames[i].bytes);
	}
	ear->count--;
	free(c);
}

static struct client *
client_of(struct ear *ear, const char *mac)
{
	struct client *c = index_find(&ear->clients, mac);

	if (c != NULL) {
		unlink_client(ear, c);
	} else {
		if (ear->count >= CLIENTS_MOST)
			forget(ear, ear->oldest);
		c = mem_new(sizeof(*c));
		str_copy(c->talk.mac, sizeof(c->talk.mac), mac);
		c->talk.arch = -1;
		index_put(&ear->clients, mac, c);
		ear->count++;
	}
	append_client(ear, c);
	return c;
}

static void
keep_frame(struct ear *ear, struct client *c, const json_t *body)
{
	struct frame *place = &c->frames[c->next];
	void *bytes;
	size_t len;

	if (json_bytes(body, "frame", &bytes, &len) < 0)
		return;
	ear->bytes += len - place->len;
	free(place->bytes);
	*place = (struct frame){ ++ear->last, clock_now_ms(), len, bytes };
	c->next = (c->next + 1) % FRAMES;
	while (ear->bytes > BYTES_MOST && ear->oldest != c)
		forget(ear, ear->oldest);
}

/* One that only was heard is taken down as a machine if not too many are. */
static bool
may_add(struct ear *ear)
{
	int64_t now = clock_mono_ms(), more = (now - ear->since_ms) * NEW_PER_SECOND / 1000;

	if (more > 0) {
		ear->tokens = ear->tokens + more > NEW_BURST ? NEW_BURST : ear->tokens + more;
		ear->since_ms = now;
	}
	return ear->tokens > 0 && ear->tokens-- > 0;
}

static struct machine *
machine_of(struct engine *e, const struct talk *talk)
{
	struct machine *m = index_find(&e->macs, talk->mac);
	struct plan_claims claims = { .cpu64 = false };

	if (m != NULL || !talk->boots || !may_add(e->ear))
		return m;
	str_copy(claims.mac, sizeof(claims.mac), talk->mac);
	return machines_claim(e, &claims);
}

static void
tell(struct engine *e, const struct talk *talk, const struct talk_word *word)
{
	struct machine *m = word->text[0] != '\0' ? machine_of(e, talk) : NULL;
	struct note note = { .phase = PHASE_DHCP, .text = word->text, .from = "ear" };
	struct boot *b;

	if (m == NULL)
		return;
	b = talk->boots ? timeline_firmware(e, m, talk->ipxe) : m->boot;
	if (b == NULL || b->claims++ >= NOTES_MOST)
		return;
	note.state = word->trouble ? STATE_WAIT : word->done ? STATE_DONE : STATE_BEGIN;
	/* that iPXE asks is no step back; what is wrong is told whenever it is seen */
	if (b->phase <= PHASE_DHCP || word->trouble)
		timeline_note(e, b, &note);
	if (word->done && talk->address[0] != '\0')
		machines_address(e, m, talk->address, talk->mac);
}

static struct talk_site
site_of(const struct engine *e)
{
	struct talk_site at = { .site = e->site };

	net_ip4_format(at.server, e->site->address.address);
	return at;
}

void
ear_heard(struct engine *e, const json_t *body)
{
	struct talk_site at = site_of(e);
	struct ear *ear = ear_of(e);
	char mac[NET_MAC_TEXT];
	struct talk_word word;
	struct client *c;

	if (net_mac_normal(mac, json_str(body, "mac", "")) < 0)
		return;
	c = client_of(ear, mac);
	keep_frame(ear, c, body);
	talk_hear(&c->talk, &at, body, clock_mono_ms(), &word);
	tell(e, &c->talk, &word);
}

void
ear_tick(struct engine *e)
{
	int64_t now = clock_mono_ms();
	struct talk_site at;

	if (e->ear == NULL || !e->started)
		return;
	at = site_of(e);
	for (struct client *c = e->ear->oldest; c != NULL; c = c->after) {
		const struct machine *m = index_find(&e->macs, c->talk.mac);
		struct talk_word word;

		if (m != NULL && m->boot != NULL &&
		    (m->boot->phase > PHASE_DHCP || m->boot->end_ms))
			continue;
		talk_silence(&c->talk, &at, now, &word);
		tell(e, &c->talk, &word);
	}
}

void
ear_fini(struct engine *e)
{
	if (e->ear == NULL)
		return;
	while (e->ear->oldest != NULL)
		forget(e->ear, e->ear->oldest);
	index_fini(&e->ear->clients);
	free(e->ear);
	e->ear = NULL;
}

static int
by_number(const void *a, const void *b)
{
	const struct frame *const *one = a, *const *other = b;

	return ((*one)->number > (*other)->number) - ((*one)->number < (*other)->number);
}

/* The file's head and each packet's, in this machine's byte order: readers tell it by the magic. */
struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, figures, most, link;
};
struct pcap_packet {
	uint32_t seconds, micros, kept, len;
};

static void
write_pcap(struct buf *out, const struct frame *const *frames, size_t count)
{
	const struct pcap_head head = { 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1 };

	buf_add(out, &head, sizeof(head));
	for (size_t i = 0; i < count; i++) {
		const struct frame *f = frames[i];
		const struct pcap_packet packet = {
			(uint32_t)(f->at_ms / 1000), (uint32_t)(f->at_ms % 1000 * 1000),
			(uint32_t)f->len, (uint32_t)f->len,
		};

		buf_add(out, &packet, sizeof(packet));
		buf_add(out, f->bytes, f->len);
	}
}

void *
ear_pcap(struct engine *e, const struct machine *m, size_t *ret_len)
{
	const struct frame **frames = mem_new((m->nmacs + 1) * FRAMES * sizeof(struct frame *));
	size_t count = 0;
	struct buf out;

	for (size_t i = 0; e->ear != NULL && i < m->nmacs; i++) {
		struct client *c = index_find(&e->ear->clients, m->macs[i]);

		for (size_t j = 0; c != NULL && j < FRAMES; j++) {
			if (c->frames[j].bytes != NULL)
				frames[count++] = &c->frames[j];
		}
	}
	buf_init(&out);
	qsort(frames, count, sizeof(*frames), by_number);
	write_pcap(&out, frames, count);
	free(frames);
	*ret_len = out.len;
	if (count > 0)
		return out.text;
	buf_fini(&out);
	return NULL;
}
