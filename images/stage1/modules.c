/*
 * Kernel modules: each device's modalias is looked up in the initrd's modules.alias and what fits
 * is loaded.  The initrd holds NIC and storage modules only, so nothing else is found.
 */
#include "images/stage1/modules.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libkmod.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/str.h"

#define PASSES 6		/* hubs behind hubs; a pass that finds nothing new is the last */
#define ALIAS_MAX 1024
#define UEVENT_MAX 8192

struct modules {
	struct kmod_ctx *kmod;
	int uevents;
	char **seen;		/* modaliases looked up already */
	size_t nseen;
	unsigned loaded;
};

/* The kernel's own uevents (multicast group 1), those of a daemon would be group 2. */
static int
uevents_open(struct err *err)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open the kernel's uevents");
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		int ret = err_errno(err, -errno, "cannot hear the kernel's uevents");
		close(fd);
		return ret;
	}
	return fd;
}

int
modules_open(struct modules **ret, struct err *err)
{
	struct modules *m = mem_new(sizeof(*m));

	m->kmod = kmod_new(NULL, NULL);
	m->uevents = -1;
	if (m->kmod == NULL || kmod_load_resources(m->kmod) < 0) {
		err_set(err, -ENOENT, "the initrd has no modules of the kernel that runs");
		modules_close(m);
		return -ENOENT;
	}
	m->uevents = uevents_open(err);
	if (m->uevents < 0) {
		int code = m->uevents;
		modules_close(m);
		return code;
	}
	*ret = m;
	return 0;
}

static int
insert(struct modules *m, struct kmod_module *mod)
{
	int state = kmod_module_get_initstate(mod);

	if (state == KMOD_MODULE_LIVE || state == KMOD_MODULE_BUILTIN)
		return 0;
	int ret = kmod_module_probe_insert_module(mod, KMOD_PROBE_APPLY_BLACKLIST, NULL, NULL, NULL,
						  NULL);
	m->loaded += ret == 0;
	return ret < 0 ? ret : 0;	/* over 0: blacklisted */
}

/* Loads all that fit an alias or a name; -ENOENT when there is none, else the last fault. */
static int
load(struct modules *m, const char *alias)
{
	struct kmod_list *list = NULL, *at;
	int ret = kmod_module_new_from_lookup(m->kmod, alias, &list);

	if (ret < 0)
		return ret;
	ret = list == NULL ? -ENOENT : 0;
	kmod_list_foreach(at, list) {
		struct kmod_module *mod = kmod_module_get_module(at);
		int one = insert(m, mod);
		if (one < 0)
			ret = one;
		kmod_module_unref(mod);
	}
	kmod_module_unref_list(list);
	return ret;
}

/* True the first time an alias is met; it is remembered. */
static bool
new_alias(struct modules *m, const char *alias)
{
	for (size_t i = 0; i < m->nseen; i++) {
		if (strcmp(m->seen[i], alias) == 0)
			return false;
	}
	m->seen = mem_grow(m->seen, m->nseen + 1, sizeof(*m->seen));
	m->seen[m->nseen++] = str_dup(alias);
	return true;
}

/* A device's modalias file, without its newline; false if it has none. */
static bool
read_alias(char ret[ALIAS_MAX], const char *bus, const char *device)
{
	char *path = str_format("/sys/bus/%s/devices/%s/modalias", bus, device);
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	free(path);
	if (fd < 0)
		return false;
	ssize_t len = read(fd, ret, ALIAS_MAX - 1);
	close(fd);
	if (len <= 0)
		return false;
	ret[len] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return ret[0] != '\0';
}

/* One bus: returns how many aliases were new. */
static unsigned
walk_bus(struct modules *m, const char *bus)
{
	char *path = str_format("/sys/bus/%s/devices", bus);
	DIR *dir = opendir(path);
	char alias[ALIAS_MAX];
	unsigned fresh = 0;

	free(path);
	if (dir == NULL)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
		if (entry->d_name[0] == '.' || !read_alias(alias, bus, entry->d_name) ||
		    !new_alias(m, alias))
			continue;
		fresh++;
		load(m, alias);		/* a driver that fails leaves its device alone */
	}
	closedir(dir);
	return fresh;
}

unsigned
modules_cold(struct modules *m)
{
	unsigned before = m->loaded;

	for (int pass = 0; pass < PASSES; pass++) {
		unsigned fresh = 0;
		DIR *dir = opendir("/sys/bus");
		for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
			if (entry->d_name[0] != '.')
				fresh += walk_bus(m, entry->d_name);
		}
		if (dir != NULL)
			closedir(dir);
		if (fresh == 0)
			break;
	}
	return m->loaded - before;
}

int
modules_fd(const struct modules *m)
{
	return m->uevents;
}

/* A uevent is "add@/devices/…", then KEY=value strings, each with a NUL behind it. */
static void
uevent(struct modules *m, const char *text, size_t len)
{
	if (!str_starts(text, "add@") && !str_starts(text, "change@"))
		return;
	for (const char *at = text; at < text + len; at += strlen(at) + 1) {
		if (str_starts(at, "MODALIAS=") && new_alias(m, at + strlen("MODALIAS=")))
			load(m, at + strlen("MODALIAS="));
	}
}

unsigned
modules_hot(struct modules *m)
{
	unsigned before = m->loaded;
	char text[UEVENT_MAX + 1];

	for (;;) {
		ssize_t len = recv(m->uevents, text, UEVENT_MAX, 0);
		if (len < 0 && errno == ENOBUFS) {	/* some were lost: look at all devices */
			modules_cold(m);
			continue;
		}
		if (len <= 0)
			break;
		text[len] = '\0';
		uevent(m, text, (size_t)len);
	}
	return m->loaded - before;
}

int
modules_load(struct modules *m, const char *name, struct err *err)
{
	int ret = load(m, name);

	if (ret < 0)
		return err_errno(err, ret, "cannot load the kernel module %s", name);
	return 0;
}

void
modules_close(struct modules *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->nseen; i++)
		free(m->seen[i]);
	free(m->seen);
	if (m->uevents >= 0)
		close(m->uevents);
	kmod_unref(m->kmod);
	free(m);
}
