/*
 * What dnsmasq tells at each lease (add, old, del: MAC, address, name) and each finished TFTP
 * transfer (tftp: size, address, file) as a message; see dnsmasq(8), --dhcp-script.  The words are
 * strangers'.
 */
#include <stdlib.h>
#include <string.h>

#include "keeper/lease_event.h"
#include "lib/json.h"
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
