/*
 * The machine's network cards, from /sys/class/net: those with a device behind them, so no bridges,
 * bonds or containers' ends.  See facts.h.
 */
#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/facts.h"
#include "cloud-init/agent/where.h"
#include "lib/json.h"
#include "lib/net.h"
#include "lib/str.h"

static int64_t
number(const char *nic, const char *name)
{
	char *text = where_text("/sys/class/net/%s/%s", nic, name);
	int64_t value = text && text[0] ? strtoll(text, NULL, 10) : 0;

	free(text);
	return value < 0 ? 0 : value;	/* speed is -1 where it is not known */
}

static void
put_driver(json_t *o, const char *nic)
{
	char path[WHERE_MAX], target[PATH_MAX];
	ssize_t n = readlink(where(path, "/sys/class/net/%s/device/driver", nic), target,
			     sizeof(target) - 1);
	const char *last;

	target[n < 0 ? 0 : n] = '\0';
	last = strrchr(target, '/');
	json_put(o, "driver", last ? last + 1 : target);
}

static void
put_lldp(json_t *o, const char *nic, const struct ears *ears)
{
	const struct lldp_neighbour *heard = ears_find(ears, (int)number(nic, "ifindex"));
	json_t *lldp;

	if (!heard)
		return;
	lldp = json_object();
	json_put(lldp, "chassis", heard->chassis);
	json_put(lldp, "port", heard->port);
	if (heard->name[0])
		json_put(lldp, "name", heard->name);
	json_object_set_new(o, "lldp", lldp);
}

/* A member of a bond has the bond's address: what it is known by is its own. */
static char *
address(const char *nic)
{
	char *own = where_text("/sys/class/net/%s/bonding_slave/perm_hwaddr", nic);

	return own ? own : where_text("/sys/class/net/%s/address", nic);
}

static json_t *
collect_nic(const char *nic, const char *boot_mac, const struct ears *ears)
{
	char *text = address(nic), mac[NET_MAC_TEXT];
	json_t *o = NULL;

	if (text && net_mac_normal(mac, text) == 0) {
		o = json_object();
		json_put(o, "name", nic);
		json_put(o, "mac", mac);
		put_driver(o, nic);
		json_put_num(o, "speed", number(nic, "speed"));
		json_put_flag(o, "carrier", number(nic, "carrier") == 1);
		json_put_flag(o, "boot", str_eq(mac, boot_mac));
		put_lldp(o, nic, ears);
	}
	free(text);
	return o;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

json_t *
facts_nics(const char *boot_mac, const struct ears *ears)
{
	json_t *list = json_array(), *nic;
	char path[WHERE_MAX], device[64];
	struct dirent **names;
	int n = scandir(where(path, "/sys/class/net"), &names, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char *name = names[i]->d_name;

		str_copy(device, sizeof(device), "/sys/class/net/");
		if (name[0] != '.' && strlen(name) < 32) {
			strcat(strcat(device, name), "/device");
			nic = where_is(device) ? collect_nic(name, boot_mac, ears) : NULL;
			if (nic)
				json_array_append_new(list, nic);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return list;
}
