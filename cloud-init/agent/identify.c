/*
 * A light for the person in front of the rack: the BMC's, where the machine has one (the kernel's
 * IPMI driver is asked, ipmitool's 12 MB are not needed for one command), else that of the network
 * card that it booted by (ethtool's phys_id).
 */
#include "cloud-init/agent/identify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/ipmi.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/facts.h"
#include "cloud-init/agent/where.h"
#include "lib/json.h"
#include "lib/str.h"

#define CHILD_MS 20000
#define SECONDS 120
#define NETFN_CHASSIS 0x00	/* IPMI 2.0, 5.1 */
#define CHASSIS_IDENTIFY 0x04	/* 28.5: one byte, the seconds */
#define BMC_SECONDS_MOST 255
#define BMC_ANSWER_MS 20000	/* the kernel asks a BMC that is silent again and again */

/* The kernel's device for programs.  Nothing of a BMC's tables loads its module, as it does the
 * driver's; without a BMC the module makes no device. */
static int
open_bmc(struct err *err)
{
	const char *load[] = { "modprobe", "-q", "ipmi_devintf", NULL };
	char path[WHERE_MAX];
	int fd;

	if (!where_trial())
		(void)child_must(load, CHILD_MS, err);
	fd = open(where(path, "/dev/ipmi0"), O_RDWR | O_CLOEXEC);
	return fd >= 0 ? fd : err_set(err, -ENOTSUP, "it has no BMC");
}

/* One command to the BMC itself: 0 once it has done it (Linux, include/uapi/linux/ipmi.h). */
static int
ask_bmc(int fd, struct ipmi_msg msg, struct err *err)
{
	struct ipmi_system_interface_addr bmc = { IPMI_SYSTEM_INTERFACE_ADDR_TYPE, IPMI_BMC_CHANNEL,
						  0 };
	struct ipmi_req ask = { (unsigned char *)&bmc, sizeof(bmc), 1, msg };
	unsigned char data[IPMI_MAX_MSG_LENGTH] = { 0 };
	struct ipmi_recv answer = { .addr = (unsigned char *)&bmc, .addr_len = sizeof(bmc),
				    .msg = { .data = data, .data_len = sizeof(data) } };
	struct pollfd wait = { fd, POLLIN, 0 };

	if (ioctl(fd, IPMICTL_SEND_COMMAND, &ask) < 0)
		return err_errno(err, -errno, "its BMC");
	if (poll(&wait, 1, BMC_ANSWER_MS) != 1)
		return err_set(err, -ETIMEDOUT, "its BMC does not answer");
	if (ioctl(fd, IPMICTL_RECEIVE_MSG_TRUNC, &answer) < 0)
		return err_errno(err, -errno, "its BMC");
	if (answer.msg.data_len < 1 || data[0] != IPMI_CC_NO_ERROR)
		return err_set(err, -ENOTSUP, "its BMC refuses (0x%02x)", data[0]);
	return 0;
}

static int
light_bmc(int64_t seconds, struct err *err)
{
	unsigned char on = (unsigned char)(seconds < BMC_SECONDS_MOST ? seconds : BMC_SECONDS_MOST);
	struct ipmi_msg identify = { NETFN_CHASSIS, CHASSIS_IDENTIFY, 1, &on };
	struct timespec rest = { on, 0 };
	int r, fd = open_bmc(err);

	if (fd < 0)
		return fd;
	r = ask_bmc(fd, identify, err);
	close(fd);
	if (r < 0)
		return r;
	nanosleep(&rest, NULL);
	printf("the identify light of its BMC was on for %d s\n", on);
	return 0;
}

/* The name of the card that it booted by.  A bond has that card's address, and so have all its
 * members: the facts tell them apart. */
static int
find_nic(const char *boot_mac, char ret[IFNAMSIZ])
{
	json_t *nics = facts_nics(boot_mac, NULL), *nic;
	size_t i;
	int r = -ENODEV;

	json_array_foreach(nics, i, nic) {
		const char *name = json_str(nic, "name", "");

		if (json_flag(nic, "boot", false) && strlen(name) < IFNAMSIZ) {
			str_copy(ret, IFNAMSIZ, name);
			r = 0;
		}
	}
	json_decref(nics);
	return r;
}

/* The kernel comes back when the light is off again. */
static int
light_nic(const char *boot_mac, int64_t seconds, struct err *err)
{
	struct ethtool_value blink = { ETHTOOL_PHYS_ID, (uint32_t)seconds };
	struct ifreq ask = { .ifr_data = (void *)&blink };
	int fd, r = find_nic(boot_mac, ask.ifr_name);

	if (r < 0)
		return err_set(err, r,
			       "none of its network cards is known to have booted it");
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCETHTOOL, &ask) < 0)
		r = -errno;
	if (fd >= 0)
		close(fd);
	if (r < 0)
		return err_set(err, r, "the driver of its network card %s cannot blink (%s)",
			       ask.ifr_name, strerror(-r));
	printf("the lights of its network card %s blinked for %lld s\n", ask.ifr_name,
	       (long long)seconds);
	return 0;
}

int
identify_run(const struct agent *agent, const json_t *order, struct err *err)
{
	int64_t seconds = json_num(order, "seconds", SECONDS);
	struct err bmc, nic;

	if (light_bmc(seconds, &bmc) == 0 || light_nic(agent->input.mac, seconds, &nic) == 0)
		return 0;
	return err_set(err, -ENOTSUP, "no light can be asked: %.80s; %.120s", bmc.text, nic.text);
}
