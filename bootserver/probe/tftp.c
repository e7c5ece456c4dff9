/* See tftp.h. */
#include "probe/tftp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <lwip/pbuf.h>
#include <lwip/timeouts.h>
#include <lwip/udp.h>

#define REQUEST_MOST 512
#define PLAIN_BLOCK 512		/* without an option (RFC 1350) */
#define BLOCK_MOST 1468
#define AGAIN_MS 1000u		/* doubled each time, up to 8 s */
#define TRIES 6

struct way {
	struct get *get;
	struct udp_pcb *pcb;
	ip_addr_t server;
	uint16_t port;		/* the server's for this transfer; 0: not known yet */
	uint16_t blksize;
	uint16_t block;		/* the last one that came */
	unsigned tries;
	uint8_t sent[REQUEST_MOST];	/* the last packet */
	size_t len;
};

static unsigned
number(const uint8_t *at)
{
	return (unsigned)at[0] << 8 | at[1];
}

/* One of the NUL-ended texts; NULL when it has no end. */
static const char *
text(const uint8_t **at, const uint8_t *end)
{
	const uint8_t *from = *at, *nul = memchr(from, '\0', (size_t)(end - from));

	if (nul == NULL)
		return NULL;
	*at = nul + 1;
	return (const char *)from;
}

static enum tftp_kind
parse_options(struct tftp_packet *p, const uint8_t *at, const uint8_t *end)
{
	while (at < end) {
		const char *name = text(&at, end), *value = name != NULL && at < end ?
							   text(&at, end) : NULL;

		if (value == NULL)
			return TFTP_BAD;
		if (strcasecmp(name, "blksize") == 0) {
			long n = strtol(value, NULL, 10);

			if (n < 8 || n > 65464)
				return TFTP_BAD;
			p->blksize = (uint16_t)n;
		} else if (strcasecmp(name, "tsize") == 0) {
			p->tsize = strtoll(value, NULL, 10);
		}
	}
	return TFTP_OACK;
}

static void
parse_error(struct tftp_packet *p, const uint8_t *at, size_t len)
{
	size_t n;

	for (n = 0; n < len && n < sizeof(p->text) - 1 && at[n] != '\0'; n++)
		p->text[n] = at[n] >= ' ' && at[n] <= '~' ? (char)at[n] : '_';
	p->text[n] = '\0';
}

enum tftp_kind
tftp_parse(struct tftp_packet *ret, const void *data, size_t len)
{
	const uint8_t *at = data;

	*ret = (struct tftp_packet){ .tsize = -1 };
	if (len < 4 || at[0] != 0)
		return TFTP_BAD;
	switch (at[1]) {
	case TFTP_DATA:
		ret->number = (uint16_t)number(at + 2);
		ret->data = at + 4;
		ret->len = len - 4;
		ret->kind = TFTP_DATA;
		break;
	case TFTP_ERROR:
		ret->number = (uint16_t)number(at + 2);
		parse_error(ret, at + 4, len - 4);
		ret->kind = TFTP_ERROR;
		break;
	case TFTP_OACK:
		ret->kind = parse_options(ret, at + 2, at + len);
		break;
	default:
		break;
	}
	return ret->kind;
}

size_t
tftp_format(uint8_t *ret, size_t size, const char *name, uint16_t blksize)
{
	char number_text[8];
	const char *words[] = { name, "octet", "blksize", number_text, "tsize", "0" };
	size_t at = 2;

	snprintf(number_text, sizeof(number_text), "%u", blksize);
	ret[0] = 0, ret[1] = 1;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		size_t len = strlen(words[i]) + 1;

		if (at + len > size)
			return 0;
		memcpy(ret + at, words[i], len);
		at += len;
	}
	return at;
}

static void tick(void *arg);

static void
send_last(struct way *way)
{
	struct pbuf *p = pbuf_alloc(PBUF_TRANSPORT, (u16_t)way->len, PBUF_RAM);

	if (p != NULL) {
		pbuf_take(p, way->sent, (u16_t)way->len);
		udp_sendto_if(way->pcb, p, &way->server,
			      way->port != 0 ? way->port : way->get->url.port,
			      &way->get->card->netif);
		pbuf_free(p);
	}
	sys_untimeout(tick, way);
	sys_timeout(AGAIN_MS << (way->tries < 3 ? way->tries : 3), tick, way);
}

static void
tick(void *arg)
{
	struct way *way = arg;

	if (++way->tries < TRIES) {
		way->get->again++;
		send_last(way);
		return;
	}
	err_set(&way->get->why, -ETIMEDOUT, way->port == 0 ?
		"no TFTP server answers at %s: is UDP port %u open there, and one running?" :
		"the TFTP server %s stopped answering in the midst of the file (port %u)",
		way->get->url.host, way->port == 0 ? way->get->url.port : way->port);
	get_end(way->get, -ETIMEDOUT);
}

static void
acknowledge(struct way *way, uint16_t block)
{
	way->sent[0] = 0, way->sent[1] = 4;
	way->sent[2] = (uint8_t)(block >> 8), way->sent[3] = (uint8_t)block;
	way->len = 4;
	way->tries = 0;
	send_last(way);
}

static void
take_data(struct way *way, const struct tftp_packet *p)
{
	struct get *get = way->get;

	if (p->number == way->block) {		/* ours was lost */
		get->again++;
		send_last(way);
		return;
	}
	if (p->number != (uint16_t)(way->block + 1) || p->len > way->blksize)
		return;
	way->block = p->number;
	get_add(get, p->data, p->len);
	acknowledge(way, p->number);
	if (p->len < way->blksize)
		get_end(get, 0);
}

static void
take_error(struct way *way, const struct tftp_packet *p)
{
	int rc = p->number == 1 ? -ENOENT : p->number == 2 ? -EACCES : -EIO;

	err_set(&way->get->why, rc, "the TFTP server %s does not give %s: %s (error %u)",
		way->get->url.host, way->get->url.path + 1,
		p->text[0] != '\0' ? p->text : "no reason given", p->number);
	get_end(way->get, rc);
}

static void
received(void *arg, struct udp_pcb *pcb, struct pbuf *p, const ip_addr_t *from, u16_t port)
{
	struct way *way = arg;
	struct tftp_packet packet;
	uint8_t bytes[BLOCK_MOST + 4];
	size_t len = p->tot_len;

	(void)pcb;
	if (len > sizeof(bytes))
		len = sizeof(bytes);
	pbuf_copy_partial(p, bytes, (u16_t)len, 0);
	pbuf_free(p);
	if (!ip_addr_eq(from, &way->server) || (way->port != 0 && port != way->port) ||
	    tftp_parse(&packet, bytes, len) == TFTP_BAD)
		return;
	way->port = port;
	if (packet.kind == TFTP_ERROR) {
		take_error(way, &packet);
	} else if (packet.kind == TFTP_OACK && way->block == 0) {
		way->blksize = packet.blksize != 0 ? packet.blksize : PLAIN_BLOCK;
		way->get->options = packet.blksize != 0;
		acknowledge(way, 0);
	} else if (packet.kind == TFTP_DATA) {
		take_data(way, &packet);
	}
}

void
tftp_start(struct get *get)
{
	struct way *way = mem_new(sizeof(*way));

	get->way = way;
	way->get = get;
	way->blksize = PLAIN_BLOCK;
	way->len = tftp_format(way->sent, sizeof(way->sent), get->url.path + 1, get->blksize);
	way->pcb = udp_new();
	if (way->pcb == NULL || way->len == 0 || !ipaddr_aton(get->url.host, &way->server) ||
	    udp_bind(way->pcb, netif_ip4_addr(&get->card->netif), 0) != ERR_OK) {
		err_set(&get->why, -EINVAL, "tftp://%s%s cannot be asked for", get->url.host,
			get->url.path);
		get_end(get, -EINVAL);
		return;
	}
	udp_recv(way->pcb, received, way);
	send_last(way);
}

void
tftp_stop(struct get *get)
{
	struct way *way = get->way;

	if (way == NULL)
		return;
	get->way = NULL;
	sys_untimeout(tick, way);
	if (way->pcb != NULL)
		udp_remove(way->pcb);
	free(way);
}
