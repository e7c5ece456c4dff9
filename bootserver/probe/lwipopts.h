#ifndef PROBE_LWIPOPTS_H
#define PROBE_LWIPOPTS_H

/* lwIP as the probe wants it: one thread, our clock, IPv4, UDP and TCP by callbacks. */

#define NO_SYS 1
#define SYS_LIGHTWEIGHT_PROT 0
#define LWIP_NETCONN 0
#define LWIP_SOCKET 0
#define LWIP_STATS 0
#define LWIP_TIMERS 1

/* Nothing has a fixed number: all of it is malloc(3)'s. */
#define MEM_LIBC_MALLOC 1
#define MEMP_MEM_MALLOC 1
#define MEM_ALIGNMENT 8

#define LWIP_IPV4 1
#define LWIP_IPV6 0
#define LWIP_DHCP 0		/* firmware's manners are ours: lease.c */
#define LWIP_DNS 1
#define IP_FRAG 0
#define IP_REASSEMBLY 0
#define ARP_TABLE_SIZE 127
#define ARP_QUEUEING 1
#define ETHARP_TRUST_IP_MAC 0

/* Several cards of one process are on the same subnet: the sender's address decides. */
#define LWIP_HOOK_IP4_ROUTE_SRC(src, dest) card_route(src, dest)
#define LWIP_HOOK_FILENAME "hooks.h"

/* The numbers of iPXE's TCP (its include/ipxe/tcp.h): a window of 256 KiB, scaled by 9; SACK and
 * timestamps. */
#define TCP_MSS 1460
#define TCP_WND (256 * 1024)
#define LWIP_WND_SCALE 1
#define TCP_RCV_SCALE 9
#define TCP_SND_BUF (16 * TCP_MSS)
#define TCP_SND_QUEUELEN 64
#define TCP_QUEUE_OOSEQ 1
#define LWIP_TCP_SACK_OUT 1
#define LWIP_TCP_TIMESTAMPS 1
#define LWIP_TCP_KEEPALIVE 0

/* What a sender on this same host left to its card is not summed yet: told frame by frame. */
#define LWIP_CHECKSUM_CTRL_PER_NETIF 1

#endif
