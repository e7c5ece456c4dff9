/*
 * A light for the person in front of the rack: the BMC's (ipmitool, where the image has it and the
 * machine has one), else that of the network card that it booted by (ethtool's phys_id).
 */
#include "cloud-init/agent/identify.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/child.h"
#include "cloud-init/agent/where.h"
#include "lib/json.h"
#include "lib/str.h"

#define CHILD_MS 20000
#define SECONDS 120
#define BMC_SECONDS_MOST 255	/* of IPMI's Chassis Identify command (28.5) */

static int
light_bmc(int64_t seconds, struct err *err)
{
	char number[24];
	const char *argv[] = { "ipmitool", "chassis", "identify", number, NULL };
	struct timespec rest = { (time_t)seconds, 0 };
	int r;

	if (!where_is("/dev/ipmi0"))
		return err_set(err, -ENOTSUP, "it has no BMC");
	if (seconds > BMC_SECONDS_MOST)
		seconds = BMC_SECONDS_MOST;
	snprintf(number, sizeof(number), "%lld", (long long)seconds);
	r = child_must(argv, CHILD_MS, err);
	if (r < 0)
		return r;
	nanosleep(&rest, NULL);
	printf("the identify light of its BMC was on for %lld s\n", (long long)seconds);
	return 0;
}

/* The name of the card with this address. */
static int
find_nic(const char *mac, char ret[IFNAMSIZ])
{
	struct if_nameindex *all = if_nameindex();
	int r = -ENODEV;

	for (const struct if_nameindex *nic = all; nic && nic->if_name && r < 0; nic++) {
		char *address = where_text("/sys/class/net/%s/address", nic->if_name);

		if (mac[0] && address && str_eq(address, mac) && strlen(nic->if_name) < IFNAMSIZ) {
			str_copy(ret, IFNAMSIZ, nic->if_name);
			r = 0;
		}
		free(address);
	}
	if_freenameindex(all);
	return r;
}

/* The kernel comes back when the light is off again. */
static int
light_nic(const char *mac, int64_t seconds, struct err *err)
{
	struct ethtool_value blink = { ETHTOOL_PHYS_ID, (uint32_t)seconds };
	struct ifreq ask = { .ifr_data = (void *)&blink };
	int fd, r = find_nic(mac, ask.ifr_name);

	if (r < 0)
		return err_set(err, r, "no network card has the address %s", mac);
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
