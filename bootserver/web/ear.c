/*
 * What the ear hears goes to the engine: what a packet says (lib/dhcp.h), and the frame itself for
 * `bootserver pcap`.  A flood is heard up to a measure; the rest is dropped and said to be.
 */
#include "web/ear.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/dhcp.h"
#include "lib/json.h"
#include "lib/log.h"
#include "web/link.h"

#define FRAME_MOST 1600		/* bytes; a longer one is no DHCP of this kind of network */
#define PER_TURN 64
#define PER_SECOND 1000
#define BURST 4000

struct ear {
	int fd;
	sd_event_source *source;
	int64_t tokens, since_ms;
	bool flooded;
};

/* A rack that powers on at once is within the burst. */
static bool
may_tell(struct ear *ear)
{
	int64_t now = clock_mono_ms(), more = (now - ear->since_ms) * PER_SECOND / 1000;

	if (more > 0) {
		ear->tokens = ear->tokens + more > BURST ? BURST : ear->tokens + more;
		ear->since_ms = now;
	}
	if (ear->tokens > 0) {
		ear->tokens--;
		ear->flooded = ear->flooded && ear->tokens < BURST / 2;
		return true;
	}
	if (!ear->flooded)
		log_warn("more DHCP packets than %d a second: not all are looked at", PER_SECOND);
	ear->flooded = true;
	return false;
}

static void
put_address(json_t *body, const char *key, uint32_t address)
{
	char ip[NET_IP4_TEXT];

	if (address == 0)
		return;
	net_ip4_format(ip, address);
	json_put(body, key, ip);
}

static void
put_text(json_t *body, const char *key, const char *text)
{
	if (text[0] != '\0')
		json_put(body, key, text);
}

static json_t *
message(const struct dhcp_packet *p)
{
	json_t *body = json_object();

	json_put(body, "type", "heard");
	json_put(body, "mac", p->mac);
	json_put(body, "kind", dhcp_type_name(p->type));
	json_put_flag(body, "reply", p->reply);
	json_put_num(body, "port", p->reply ? p->from_port : p->to_port);
	put_address(body, "ip", p->from);
	put_address(body, "server", p->server);
	put_address(body, "next", p->next);
	put_address(body, "given", p->given);
	put_address(body, "asked", p->asked);
	put_address(body, "relay", p->relay);
	if (p->arch >= 0)
		json_put_num(body, "arch", p->arch);
	json_put_flag(body, "ipxe", p->ipxe);
	put_text(body, "vendor", p->vendor);
	put_text(body, "circuit", p->circuit);
	put_text(body, "remote", p->remote);
	put_text(body, "file", p->file);
	put_text(body, "fault", p->fault);
	return body;
}

static int
on_packet(sd_event_source *source, int fd, uint32_t revents, void *arg)
{
	struct web *web = arg;
	uint8_t frame[FRAME_MOST];

	(void)source, (void)revents;
	for (int i = 0; i < PER_TURN; i++) {
		ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);
		struct dhcp_packet packet;
		json_t *body;

		if (n < 0 && errno == EAGAIN)
			return 0;
		/* the interface went down, and is said so once: it may come back */
		if (n < 0 || dhcp_parse(&packet, frame, (size_t)n) < 0 || !may_tell(web->ear))
			continue;
		body = message(&packet);
		json_put_bytes(body, "frame", frame, (size_t)n);
		link_tell(web->link, body, true);
	}
	return 0;
}

int
ear_open(struct web *web, int fd, struct err *err)
{
	struct ear *ear = mem_new(sizeof(*ear));
	int r;

	ear->fd = fd;
	ear->tokens = BURST;
	ear->since_ms = clock_mono_ms();
	r = sd_event_add_io(web->event, &ear->source, fd, EPOLLIN, on_packet, web);
	if (r < 0) {
		close(fd);
		free(ear);
		return err_errno(err, r, "cannot listen to the ear");
	}
	sd_event_source_set_priority(ear->source, SD_EVENT_PRIORITY_NORMAL + 10);
	web->ear = ear;
	return 0;
}

void
ear_close(struct web *web)
{
	if (!web->ear)
		return;
	sd_event_source_unref(web->ear->source);
	close(web->ear->fd);
	free(web->ear);
	web->ear = NULL;
}
