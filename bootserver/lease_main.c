/*
 * `lease-event ACTION …`: what dnsmasq executes at each lease and each finished TFTP transfer.  One
 * datagram to lease.sock beside it, then it is over.  A program of its own, as a storm runs it some
 * thousand times: it has two libraries to load where build/bootserver has fifty.  The keeper writes
 * it to run/lease-event (keeper/lease.c); it runs as dnsmasq's user.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper/lease_event.h"
#include "lib/json.h"
#include "lib/str.h"

/* dnsmasq gives its name alone in argv[0]; the kernel knows the path that was executed. */
static int
send_beside(const char *program, const json_t *body)
{
	const char *slash = strrchr(program, '/');
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char *path = str_format("%.*slease.sock", slash ? (int)(slash - program + 1) : 0, program);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	size_t len;
	char *text = json_text(body, &len);

	r = str_copy(to.sun_path, sizeof(to.sun_path), path);
	if (r == 0 && (fd < 0 || sendto(fd, text, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0))
		r = -1;
	if (r < 0)
		fprintf(stderr, "lease-event: cannot tell the keeper by %s: %m\n", path);
	if (fd >= 0)
		close(fd);
	free(text);
	free(path);
	return r;
}

int
main(int argc, char **argv)
{
	const char *program = (const char *)getauxval(AT_EXECFN);	/* getauxval(3) */
	json_t *body = lease_event_message(argc - 1, argv + 1);
	int r;

	if (!body)
		return 0;	/* arp-add, relay-snoop, init …: nothing for us */
	r = send_beside(program ? program : "", body);
	json_decref(body);
	return r < 0 ? 1 : 0;
}
