/* See web.h. */
#include "probe/web.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <lwip/dns.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>

#include "probe/reply.h"
#include "probe/tls.h"

#define LATER_MOST 600		/* times a server's queue may say later */
#define PIECE 4096

struct way {
	struct get *get;
	struct tcp_pcb *pcb;
	struct tls *tls;
	ip_addr_t server;
	struct lookup *lookup;	/* while the name is looked up */
	struct reply reply;
	struct buf out;		/* plain bytes of the request, or TLS records */
	size_t sent;
	bool asked;
};

/* lwIP's lookup of a name cannot be taken back: it outlives a transfer that is stopped. */
struct lookup {
	struct way *way;	/* NULL: nobody waits for it any more */
};

static void connect_now(void *arg);

static const char *
who(const struct way *way)
{
	return way->get->url.host;
}

/* Lets go of the connection; true if it had to be aborted. */
static bool
hang_up(struct way *way)
{
	struct tcp_pcb *pcb = way->pcb;

	way->pcb = NULL;
	if (pcb == NULL)
		return false;
	tcp_arg(pcb, NULL);
	tcp_recv(pcb, NULL);
	tcp_sent(pcb, NULL);
	tcp_err(pcb, NULL);
	if (tcp_close(pcb) == ERR_OK)
		return false;
	tcp_abort(pcb);
	return true;
}

static void
flush(struct way *way)
{
	while (way->pcb != NULL && way->sent < way->out.len) {
		size_t part = way->out.len - way->sent, room = tcp_sndbuf(way->pcb);

		if (part > room)
			part = room;
		if (part == 0 || tcp_write(way->pcb, way->out.text + way->sent, (u16_t)part,
					   TCP_WRITE_FLAG_COPY) != ERR_OK)
			break;
		way->sent += part;
	}
	if (way->pcb != NULL)
		tcp_output(way->pcb);
}

static void
flush_tls(struct way *way)
{
	char bytes[PIECE];
	size_t n;

	while ((n = tls_out(way->tls, bytes, sizeof(bytes))) > 0)
		buf_add(&way->out, bytes, n);
	flush(way);
}

static void
ask(struct way *way)
{
	struct get *get = way->get;
	struct buf text;

	way->asked = true;
	buf_init(&text);
	buf_format(&text, "GET %s HTTP/1.1\r\nUser-Agent: %s\r\nConnection: close\r\nHost: %s",
		   get->url.path, get->agent, get->url.host);
	if (get->url.port != (get->url.scheme == URL_HTTPS ? 443 : 80))
		buf_format(&text, ":%u", get->url.port);
	buf_text(&text, "\r\n\r\n");
	if (way->tls != NULL) {
		tls_write(way->tls, text.text, text.len);
		flush_tls(way);
	} else {
		buf_add(&way->out, text.text, text.len);
		flush(way);
	}
	buf_fini(&text);
}

static void
body(void *arg, const char *data, size_t len)
{
	struct way *way = arg;

	way->get->status = way->reply.status;
	if (way->reply.status == 200)
		get_add(way->get, data, len);
}

/* The queue of the server says later (RFC 9110, 10.2.3): as iPXE does, we wait and come again. */
static bool
later(struct way *way)
{
	if (way->reply.status != 503 || way->reply.retry_after_s == 0 ||
	    way->get->later >= LATER_MOST)
		return false;
	way->get->later++;
	get_rest(way->get, way->reply.retry_after_s * 1000);
	sys_timeout(way->reply.retry_after_s * 1000, connect_now, way);
	return true;
}

/* The answer is whole. */
static void
answered(struct way *way)
{
	struct get *get = way->get;

	get->status = way->reply.status;
	if (later(way))
		return;
	if (get->status == 200) {
		get_end(get, 0);
		return;
	}
	err_set(&get->why, -EIO, "%s answers %d for %s", who(way), get->status, get->url.path);
	get_end(get, get->status == 404 ? -ENOENT : get->status == 403 ? -EACCES : -EIO);
}

static void
fail(struct way *way, int rc, const char *sentence)
{
	err_set(&way->get->why, rc, "%s %s", who(way), sentence);
	get_end(way->get, rc);
}

/* Plain bytes of the answer; true when the connection is no longer needed. */
static bool
take(struct way *way, const char *data, size_t len)
{
	enum reply_state state = reply_take(&way->reply, data, len, body, way);

	return state == REPLY_DONE || state == REPLY_BAD;
}

/* TLS records; negative when they are no good, 1 when the answer is whole. */
static int
take_tls(struct way *way, const void *data, size_t len)
{
	char plain[PIECE];
	bool over = false;
	ssize_t n;
	int r;

	tls_take(way->tls, data, len);
	r = tls_step(way->tls, &way->get->why);
	flush_tls(way);
	if (r < 0)
		return r;
	if (r == 1 && !way->asked)
		ask(way);
	while (r == 1 && !over && (n = tls_read(way->tls, plain, sizeof(plain))) != 0) {
		if (n < 0)
			return reply_is_whole(&way->reply) ? 1 : -ECONNRESET;
		over = take(way, plain, (size_t)n);
	}
	return over;
}

static void
take_pbuf(struct way *way, const struct pbuf *p, int *over)
{
	for (const struct pbuf *q = p; q != NULL && *over == 0; q = q->next)
		*over = way->tls != NULL ? take_tls(way, q->payload, q->len) :
					   take(way, q->payload, q->len);
}

static err_t
received(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t e)
{
	struct way *way = arg;
	int over = 0;
	bool aborted;

	(void)e;
	get_alive(way->get);
	if (p != NULL) {
		tcp_recved(pcb, p->tot_len);
		take_pbuf(way, p, &over);
		pbuf_free(p);
		if (over == 0)
			return ERR_OK;
	}
	aborted = hang_up(way);
	if (over < 0 && over != -ECONNRESET)
		get_end(way->get, over);
	else if (way->reply.state == REPLY_BAD)
		fail(way, -EPROTO, "does not answer in HTTP");
	else if (over > 0 || reply_is_whole(&way->reply))
		answered(way);
	else
		fail(way, -ECONNRESET, "closed the connection in the midst of the answer");
	return aborted ? ERR_ABRT : ERR_OK;
}

static err_t
was_sent(void *arg, struct tcp_pcb *pcb, u16_t len)
{
	(void)pcb, (void)len;
	flush(arg);
	return ERR_OK;
}

/* lwIP has freed the connection already. */
static void
broken(void *arg, err_t e)
{
	struct way *way = arg;
	bool refused = way->reply.state == REPLY_STATUS && !way->asked && e == ERR_RST;

	way->pcb = NULL;
	if (refused) {
		err_set(&way->get->why, -ECONNREFUSED, "%s refuses connections on port %u: does "
			"the server run there?", who(way), way->get->url.port);
		get_end(way->get, -ECONNREFUSED);
	} else if (e == ERR_RST) {
		fail(way, -ECONNRESET, "reset the connection");
	} else {
		fail(way, -ETIMEDOUT, "does not answer (TCP)");
	}
}

static err_t
connected(void *arg, struct tcp_pcb *pcb, err_t e)
{
	struct way *way = arg;

	(void)pcb, (void)e;
	get_alive(way->get);
	if (way->tls == NULL) {
		ask(way);
	} else {
		tls_step(way->tls, &way->get->why);
		flush_tls(way);
	}
	return ERR_OK;
}

static void
connect_now(void *arg)
{
	struct way *way = arg;
	struct get *get = way->get;
	int r = 0;

	reply_init(&way->reply);
	way->asked = false;
	way->out.len = way->sent = 0;
	tls_free(way->tls);
	way->tls = NULL;
	if (get->url.scheme == URL_HTTPS)
		r = get->root != NULL ? tls_new(&way->tls, get->root, get->url.host, &get->why) :
		    err_set(&get->why, -EKEYREJECTED, "https is asked for, and no CA is trusted: "
			    "name the site directory (-C) or the CA's certificate (--ca)");
	way->pcb = r == 0 ? tcp_new() : NULL;
	if (way->pcb == NULL) {
		get_end(get, r < 0 ? r : -ENOMEM);
		return;
	}
	tcp_arg(way->pcb, way);
	tcp_recv(way->pcb, received);
	tcp_sent(way->pcb, was_sent);
	tcp_err(way->pcb, broken);
	tcp_bind_netif(way->pcb, &get->card->netif);
	if (tcp_connect(way->pcb, &way->server, get->url.port, connected) != ERR_OK)
		fail(way, -EHOSTUNREACH, "cannot be reached from here");
}

static void
resolved(const char *name, const ip_addr_t *address, void *arg)
{
	struct lookup *lookup = arg;
	struct way *way = lookup->way;

	(void)name;
	free(lookup);
	if (way == NULL)
		return;
	way->lookup = NULL;
	if (address == NULL) {
		fail(way, -EHOSTUNREACH, "is a name that no DNS server here knows");
		return;
	}
	way->server = *address;
	connect_now(way);
}

void
web_start(struct get *get)
{
	struct way *way = mem_new(sizeof(*way));
	struct lookup *lookup = mem_new(sizeof(*lookup));
	err_t e;

	get->way = way;
	way->get = get;
	buf_init(&way->out);
	reply_init(&way->reply);
	lookup->way = way;
	e = dns_gethostbyname(get->url.host, &way->server, resolved, lookup);
	if (e == ERR_INPROGRESS) {
		way->lookup = lookup;
		return;
	}
	free(lookup);
	if (e == ERR_OK)
		connect_now(way);
	else
		fail(way, -EHOSTUNREACH, "is a name, and DHCP named no DNS server");
}

void
web_stop(struct get *get)
{
	struct way *way = get->way;

	if (way == NULL)
		return;
	get->way = NULL;
	if (way->lookup)
		way->lookup->way = NULL;
	sys_untimeout(connect_now, way);
	hang_up(way);
	tls_free(way->tls);
	buf_fini(&way->out);
	free(way);
}
