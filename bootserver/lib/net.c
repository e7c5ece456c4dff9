/* Addresses as text and as numbers: see net.h. */
#include "lib/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/hex.h"

int
net_mac_parse(uint8_t ret_mac[6], const char *text)
{
	char pair[3] = "";
	uint8_t mac[6];

	if (strlen(text) != 17)
		return -EINVAL;
	for (int i = 0; i < 6; i++) {
		char sep = text[3 * i + 2];

		memcpy(pair, text + 3 * i, 2);
		if (hex_parse(&mac[i], 1, pair) < 0)
			return -EINVAL;
		if (i < 5 && (sep != text[2] || (sep != ':' && sep != '-')))
			return -EINVAL;
	}
	memcpy(ret_mac, mac, sizeof(mac));
	return 0;
}

bool
net_is_mac(const char *text)
{
	uint8_t mac[6];

	return net_mac_parse(mac, text) == 0;
}

void
net_mac_format(char ret[NET_MAC_TEXT], const uint8_t mac[6])
{
	snprintf(ret, NET_MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
		 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

int
net_mac_normal(char ret[NET_MAC_TEXT], const char *text)
{
	uint8_t mac[6];
	int r = net_mac_parse(mac, text);

	if (r == 0)
		net_mac_format(ret, mac);
	return r;
}

int
net_ip4_parse(uint32_t *ret, const char *text)
{
	struct in_addr in;

	if (inet_pton(AF_INET, text, &in) != 1)
		return -EINVAL;
	*ret = ntohl(in.s_addr);
	return 0;
}

bool
net_ip4_is_host(uint32_t address)
{
	return address >> 24 != 0 && address >> 24 < 224;
}

void
net_ip4_format(char ret[NET_IP4_TEXT], uint32_t address)
{
	snprintf(ret, NET_IP4_TEXT, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
		 address >> 8 & 255, address & 255);
}

int
net_cidr_parse(struct net_cidr *ret, const char *text)
{
	const char *slash = strchr(text, '/');
	char host[NET_IP4_TEXT];
	struct net_cidr cidr;
	size_t digits;

	if (!slash || (size_t)(slash - text) >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, (size_t)(slash - text));
	host[slash - text] = '\0';
	digits = strspn(slash + 1, "0123456789");
	if (digits < 1 || digits > 2 || slash[1 + digits] != '\0' || atoi(slash + 1) > 32)
		return -EINVAL;
	if (net_ip4_parse(&cidr.address, host) < 0)
		return -EINVAL;
	cidr.prefix = (uint8_t)atoi(slash + 1);
	*ret = cidr;
	return 0;
}

uint32_t
net_cidr_mask(const struct net_cidr *cidr)
{
	return cidr->prefix ? ~(uint32_t)0 << (32 - cidr->prefix) : 0;
}

bool
net_cidr_holds(const struct net_cidr *cidr, uint32_t address)
{
	return ((address ^ cidr->address) & net_cidr_mask(cidr)) == 0;
}
