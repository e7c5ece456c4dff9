#ifndef LIB_NET_H
#define LIB_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Addresses as text and as numbers.  IPv4 addresses are host-order uint32_t throughout. */

#define NET_MAC_TEXT 18		/* "52:54:00:00:00:01" and NUL */
#define NET_IP4_TEXT 16

struct net_cidr {
	uint32_t address;
	uint8_t prefix;		/* 0..32 */
};

/* Takes ':' or '-' between the bytes, either case; 0 or -EINVAL. */
int net_mac_parse(uint8_t ret_mac[6], const char *text);
bool net_is_mac(const char *text);
void net_mac_format(char ret[NET_MAC_TEXT], const uint8_t mac[6]);	/* lower case, ':' */

/* Rewrites a MAC to the one form used everywhere (lower case, ':'); 0 or -EINVAL. */
int net_mac_normal(char ret[NET_MAC_TEXT], const char *text);

int net_ip4_parse(uint32_t *ret, const char *text);

/* Can a machine have it?  Not of 0.0.0.0/8 («this network», RFC 6890), nor from 224.0.0.0 on
 * (multicast, RFC 5771; reserved, RFC 1112). */
bool net_ip4_is_host(uint32_t address);
void net_ip4_format(char ret[NET_IP4_TEXT], uint32_t address);
int net_cidr_parse(struct net_cidr *ret, const char *text);	/* "10.9.0.1/24" */
uint32_t net_cidr_mask(const struct net_cidr *cidr);
bool net_cidr_holds(const struct net_cidr *cidr, uint32_t address);

#endif
