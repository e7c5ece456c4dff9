/*
 * What dnsmasq tells of leases and finished transfers: each a datagram of lease-event
 * (lease_event.c), checked for its shape and handed to the engine.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "keeper/lease_program.h"
#include "keeper/state.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

#define DATAGRAM_MAX 4096
#define MEMBER_MAX 512

/* Members that are handed on, by type; all are strings but `size`. */
static const struct {
	const char *type;
	const char *members[7];
} shapes[] = {
	{ "lease", { "action", "mac", "ip", "hostname", "vendor", "user", "arch" } },
	{ "tftp", { "ip", "file" } },
};

static json_t *
reshape(const json_t *heard)
{
	const char *type = json_str(heard, "type", "");
	json_t *body = NULL;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		if (!str_eq(shapes[i].type, type))
			continue;
		body = json_object();
		json_put(body, "type", type);
		for (size_t j = 0; j < 7 && shapes[i].members[j] != NULL; j++) {
			const char *name = shapes[i].members[j];
			const char *text = json_str(heard, name, NULL);

			if (text != NULL && strlen(text) <= MEMBER_MAX)
				json_put(body, name, text);
		}
		if (json_num(heard, "size", -1) >= 0)
			json_put_num(body, "size", json_num(heard, "size", 0));
	}
	return body;
}

static int
on_datagram(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct keeper *keeper = arg;
	char text[DATAGRAM_MAX];
	json_t *heard, *body;
	struct err err;
	ssize_t n = recv(fd, text, sizeof(text), MSG_DONTWAIT | MSG_TRUNC);

	(void)source, (void)events;
	if (n < 0)
		return 0;
	if (n > DATAGRAM_MAX || json_parse(&heard, text, (size_t)n, &err) < 0) {
		log_warn("a datagram of lease-event is no message");
		return 0;
	}
	body = reshape(heard);
	json_decref(heard);
	if (body != NULL)
		keeper_tell_engine(keeper, body);
	else
		log_warn("a datagram of lease-event is no message");
	return 0;
}

int
lease_listen(struct keeper *keeper, struct err *err)
{
	int r = file_update((struct file_new){ keeper->dir, "run/lease-event", 0755 },
			    lease_program, (size_t)(lease_program_end - lease_program), err);

	if (r < 0)
		return r;
	r = sd_event_add_io(keeper->event, &keeper->from_lease, keeper->lease, EPOLLIN,
			    on_datagram, keeper);
	return r < 0 ? err_errno(err, r, "cannot listen to run/lease.sock") : 0;
}
