/* See get.h.  The end of a transfer is always told from the loop, never from within a protocol, so
 * that whoever is told may do with it what he likes. */
#include "probe/get.h"

#include <errno.h>
#include <string.h>

#include <lwip/timeouts.h>

#include "probe/tftp.h"
#include "probe/web.h"

static void
idle(void *arg)
{
	struct get *get = arg;

	err_set(&get->why, -ETIMEDOUT, "%s stopped sending after %llu bytes", get->url.host,
		(unsigned long long)get->size);
	get_end(get, -ETIMEDOUT);
}

static void
stop_way(struct get *get)
{
	sys_untimeout(idle, get);
	if (get->url.scheme == URL_TFTP)
		tftp_stop(get);
	else
		web_stop(get);
}

static void
tell(void *arg)
{
	struct get *get = arg;

	stop_way(get);
	sha256_end(get->sum, get->sha256);
	get->sum = NULL;
	get->done(get->arg, get->rc);
}

void
get_end(struct get *get, int rc)
{
	get->rc = rc;
	sys_untimeout(idle, get);
	sys_untimeout(tell, get);
	sys_timeout(0, tell, get);
}

void
get_rest(struct get *get, uint32_t ms)
{
	sys_untimeout(idle, get);
	sys_timeout(get->idle_ms + ms, idle, get);
}

void
get_alive(struct get *get)
{
	get_rest(get, 0);
}

void
get_add(struct get *get, const void *data, size_t len)
{
	size_t room = get->keep > get->body.len ? get->keep - get->body.len : 0;

	sha256_add(get->sum, data, len);
	get->size += len;
	buf_add(&get->body, data, len < room ? len : room);
	get_alive(get);
}

void
get_start(struct get *get)
{
	get->size = 0;
	get->status = 0;
	get->again = get->later = 0;
	get->options = false;
	get->body.len = 0;
	get->body.text[0] = '\0';
	get->way = NULL;
	get->why = (struct err){ .text = "" };
	get->sum = sha256_new();
	get_alive(get);
	if (get->url.scheme == URL_TFTP)
		tftp_start(get);
	else
		web_start(get);
}

void
get_stop(struct get *get)
{
	sys_untimeout(tell, get);
	stop_way(get);
	if (get->sum != NULL)
		sha256_end(get->sum, NULL);
	get->sum = NULL;
}
