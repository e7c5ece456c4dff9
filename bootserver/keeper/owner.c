/*
 * Who holds a port: the kernel's table gives the socket's inode, /proc/PID/fd the process that has
 * it.  Only for sentences; a process of another user or namespace may stay unnamed.
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/log.h"
#include "lib/str.h"

#define TCP_LISTEN 0x0a

/* The inode of a socket bound to the port (TCP: listening), 0: none. */
static unsigned long
find_inode(const char *table, int port)
{
	char *path = str_format("/proc/net/%s", table), line[512];
	FILE *file = fopen(path, "re");
	unsigned long inode = 0;

	free(path);
	while (file != NULL && inode == 0 && fgets(line, sizeof(line), file) != NULL) {
		unsigned local, state;
		unsigned long found;

		/* sl local:port remote:port st tx:rx tr:when retrnsmt uid timeout inode */
		if (sscanf(line, " %*d: %*x:%x %*x:%*x %x %*x:%*x %*x:%*x %*x %*u %*d %lu", &local,
			   &state, &found) != 3)
			continue;
		if ((int)local == port && (strcmp(table, "tcp") != 0 || state == TCP_LISTEN))
			inode = found;
	}
	if (file != NULL)
		fclose(file);
	return inode;
}

static bool
has_socket(const char *pid, const char *socket)
{
	char *path = str_format("/proc/%s/fd", pid), target[64];
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool found = false;

	free(path);
	while (dir != NULL && !found && (entry = readdir(dir)) != NULL) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);

		target[n > 0 ? n : 0] = '\0';
		found = strcmp(target, socket) == 0;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static char *
name_process(const char *pid)
{
	char *path = str_format("/proc/%s/comm", pid), name[32] = "";
	FILE *file = fopen(path, "re");

	free(path);
	if (file != NULL) {
		if (fgets(name, sizeof(name), file) == NULL)
			name[0] = '\0';
		fclose(file);
	}
	name[strcspn(name, "\n")] = '\0';
	return str_format("%s (process %s)", name[0] != '\0' ? name : "a process", pid);
}

char *
owner_of_port(const char *table, int port)
{
	unsigned long inode = find_inode(table, port);
	char *socket, *owner = NULL;
	struct dirent *entry;
	DIR *proc;

	if (inode == 0)
		return NULL;
	socket = str_format("socket:[%lu]", inode);
	proc = opendir("/proc");
	while (proc != NULL && owner == NULL && (entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]) && has_socket(entry->d_name, socket))
			owner = name_process(entry->d_name);
	if (proc != NULL)
		closedir(proc);
	free(socket);
	return owner ? owner : str_dup("another process");
}

/* The usual reason why a child ends as soon as it is started. */
void
owner_tell(const struct child *child, int port, const char *otherwise)
{
	char *owner = owner_of_port("udp", port);

	if (owner != NULL)
		log_error("child=%s UDP port %d is held by %s: stop that%s%s", child->name, port,
			  owner, otherwise ? ", or " : "", otherwise ? otherwise : "");
	free(owner);
}
