/*
 * The ear's socket: every DHCP packet that passes the site's interface, in and out, for web to
 * read.  Only the kernel's filter looks at them here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/log.h"
#include "lib/str.h"

/* Of an Ethernet frame: IPv4, UDP, no later fragment, source or destination port 67, 68 or 4011. */
static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IP, 0, 13),
	BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 0, 11),
	BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
	BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 9, 0),
	BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, 7, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 6, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4011, 5, 0),
	BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 67, 3, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 68, 2, 0),
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 4011, 1, 0),
	BPF_STMT(BPF_RET | BPF_K, 0),
	BPF_STMT(BPF_RET | BPF_K, 65535),
};

static int
open_socket(const char *interface)
{
	const struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };
	struct sockaddr_ll address = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = (int)if_nametoindex(interface),
	};
	int fd, code;

	if (address.sll_ifindex == 0)
		return -ENODEV;
	/* protocol 0: nothing comes in before the filter is there */
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0 &&
	    bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return fd;
	code = errno;
	close(fd);
	return -code;
}

bool
ear_listen(struct keeper *keeper, const char *interface)
{
	if (keeper->ear >= 0 && str_eq(keeper->ear_interface, interface))
		return false;
	ear_forget(keeper);
	keeper->ear = open_socket(interface);
	keeper->ear_interface = str_dup(interface);
	/* a site is served without it; only the timeline knows less */
	if (keeper->ear == -ENODEV)
		log_warn("no network interface of this machine is called %s (server.interface in "
			 "the site file)", interface);
	else if (keeper->ear < 0)
		log_warn("cannot listen to DHCP on %s: %s", interface, strerror(-keeper->ear));
	return true;
}

void
ear_forget(struct keeper *keeper)
{
	if (keeper->ear >= 0)
		close(keeper->ear);
	keeper->ear = -1;
	free(keeper->ear_interface);
	keeper->ear_interface = NULL;
}
