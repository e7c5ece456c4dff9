/*
 * `bootserver lease-event SCRIPT ACTION …`: what dnsmasq executes, by the two-line script
 * run/lease-event, at each lease (add, old, del: MAC, address, name) and each finished TFTP
 * transfer (tftp: size, address, file); see dnsmasq(8), --dhcp-script.  One datagram to lease.sock
 * beside the script, then it is over.  It runs as dnsmasq's user and its arguments are strangers'
 * words.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "keeper/keeper.h"
#include "keeper/lease_event.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/net.h"
#include "lib/str.h"

/* Strangers' bytes as text that JSON takes: printable ASCII, at most 255 of it. */
static void
put_clean(json_t *body, const char *name, const char *value)
{
	char text[256];

	if (value == NULL || *value == '\0')
		return;
	str_copy(text, sizeof(text), value);
	for (char *c = text; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '_';
	json_put(body, name, text);
}

/* "PXEClient:Arch:00007:UNDI:003016" says the number of option 93. */
static void
put_arch(json_t *body, const char *vendor)
{
	const char *arch = vendor ? strstr(vendor, ":Arch:") : NULL;
	char digits[6];

	if (arch == NULL || strspn(arch + 6, "0123456789") < 5)
		return;
	memcpy(digits, arch + 6, 5);
	digits[5] = '\0';
	json_put(body, "arch", digits + strspn(digits, "0") - (strspn(digits, "0") == 5));
}

json_t *
lease_event_message(int argc, char **argv)
{
	const char *vendor = getenv("DNSMASQ_VENDOR_CLASS");
	char mac[NET_MAC_TEXT];
	json_t *body;
	uint32_t ip;

	if (argc < 3 || net_ip4_parse(&ip, argv[2]) < 0)
		return NULL;
	body = json_object();
	json_put(body, "ip", argv[2]);
	if (str_eq(argv[0], "tftp")) {
		json_put(body, "type", "tftp");
		put_clean(body, "file", argc > 3 ? argv[3] : "");
		json_put_num(body, "size", strtoll(argv[1], NULL, 10));
		return body;
	}
	if ((!str_eq(argv[0], "add") && !str_eq(argv[0], "old") && !str_eq(argv[0], "del")) ||
	    net_mac_normal(mac, argv[1]) < 0) {
		json_decref(body);
		return NULL;
	}
	json_put(body, "type", "lease");
	json_put(body, "action", argv[0]);
	json_put(body, "mac", mac);
	put_clean(body, "hostname", argc > 3 ? argv[3] : NULL);
	put_clean(body, "vendor", vendor);
	put_clean(body, "user", getenv("DNSMASQ_USER_CLASS0"));
	put_arch(body, vendor);
	return body;
}

static int
send_beside(const char *script, const json_t *body)
{
	const char *slash = strrchr(script, '/');
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char *path = str_format("%.*slease.sock", slash ? (int)(slash - script + 1) : 0, script);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), r;
	size_t len;
	char *text = json_text(body, &len);

	r = str_copy(to.sun_path, sizeof(to.sun_path), path);
	if (r == 0 && (fd < 0 || sendto(fd, text, len, 0, (struct sockaddr *)&to, sizeof(to)) < 0))
		r = -1;
	if (r < 0)
		log_warn("cannot tell the keeper by %s: %m", path);
	if (fd >= 0)
		close(fd);
	free(text);
	free(path);
	return r;
}

int
lease_event_main(int argc, char **argv)
{
	json_t *body;
	int r;

	log_init("lease-event", LOG_LEVEL_INFO);
	if (argc < 3)
		return 2;
	body = lease_event_message(argc - 2, argv + 2);
	if (body == NULL)
		return 0;	/* arp-add, relay-snoop, init …: nothing for us */
	r = send_beside(argv[1], body);
	json_decref(body);
	return r < 0 ? 1 : 0;
}
