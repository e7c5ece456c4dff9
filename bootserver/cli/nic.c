/*
 * The network card that `init` proposes, and the pool of addresses beside it.
 */
#include "cli/nic.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"

/* How well a card of getifaddrs(3) fits; 0: not at all. */
static int
nic_rank(const struct ifaddrs *card, const char *name, const struct net_cidr *wanted)
{
	const struct sockaddr_in *in = (const void *)card->ifa_addr;
	bool has_address = in && in->sin_family == AF_INET;
	char *device;
	int rank = 1;

	if (card->ifa_flags & IFF_LOOPBACK || strlen(card->ifa_name) >= NIC_NAME)
		return 0;
	if (name)
		return strcmp(name, card->ifa_name) == 0 ? 1 + has_address : 0;
	if (wanted && has_address && ntohl(in->sin_addr.s_addr) == wanted->address)
		return 100;
	device = str_format("/sys/class/net/%s/device", card->ifa_name);
	rank += 8 * (access(device, F_OK) == 0);
	free(device);
	rank += 16 * ((card->ifa_flags & IFF_RUNNING) != 0);
	return rank + has_address;
}

static uint8_t
prefix_of(const struct ifaddrs *card)
{
	const struct sockaddr_in *mask = (const void *)card->ifa_netmask;

	return mask ? (uint8_t)__builtin_popcount(mask->sin_addr.s_addr) : 32;
}

int
nic_choose(struct nic *ret, const char *name, const struct net_cidr *address, struct err *err)
{
	const struct ifaddrs *best = NULL;
	struct ifaddrs *cards = NULL;
	struct nic nic = { "" };
	int most = 0;

	if (name && address) {		/* the card may come later */
		if (str_copy(nic.name, sizeof(nic.name), name) < 0)
			return err_set(err, -ENODEV, "%s is too long for the name of a network "
				       "card", name);
		nic.address = *address;
		*ret = nic;
		return 0;
	}
	if (getifaddrs(&cards) < 0)
		return err_errno(err, -errno, "cannot list the network cards");
	for (const struct ifaddrs *card = cards; card; card = card->ifa_next) {
		int rank = nic_rank(card, name, address);

		if (rank > most) {
			most = rank;
			best = card;
		}
	}
	if (best) {
		const struct sockaddr_in *in = (const void *)best->ifa_addr;

		str_copy(nic.name, sizeof(nic.name), best->ifa_name);
		if (in && in->sin_family == AF_INET)
			nic.address =
				(struct net_cidr){ntohl(in->sin_addr.s_addr), prefix_of(best)};
	}
	freeifaddrs(cards);
	if (!best && name)
		return err_set(err, -ENODEV, "this host has no network card %s towards machines: "
			       "give its address with --address if it comes later", name);
	if (!best)
		return err_set(err, -ENODEV, "this host has no network card but loopback: give "
			       "--interface and --address");
	if (address)
		nic.address = *address;
	if (!nic.address.address)
		return err_set(err, -EADDRNOTAVAIL,
			       "%s has no IPv4 address: give the one it shall have with --address, "
			       "as 10.9.0.1/24",
			       nic.name);
	*ret = nic;
	return 0;
}

int
nic_pool(const struct net_cidr *server, uint32_t *ret_first, uint32_t *ret_last)
{
	uint32_t base = server->address & net_cidr_mask(server);
	uint32_t last = base | ~net_cidr_mask(server);	/* the broadcast address */
	uint32_t at = server->address - base, half = (last - base + 1) / 2;

	if (server->prefix > 30)
		return -ERANGE;
	if (server->prefix <= 24 && (at < 100 || at > 199)) {
		*ret_first = base + 100;
		*ret_last = base + 199;
	} else if (at < half) {
		*ret_first = base + half;
		*ret_last = server->prefix <= 24 ? base + half + 99 : last - 1;
	} else {
		*ret_first = base + 1;
		*ret_last = base + (half > 1 ? half - 1 : 1);
	}
	return 0;
}
