#ifndef LIB_JAIL_H
#define LIB_JAIL_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/err.h"

/* What a process that meets hostile bytes or holds secrets gives up, in this order. */

struct jail_path {
	const char *path;
	bool write;		/* else read only; a folder means everything below it */
};

/* Leaves for an empty network namespace (the descriptors it has stay good). */
int jail_no_network(struct err *err);

/* Sets uid, gid, no supplementary groups, no capabilities, no_new_privs. */
int jail_user(uid_t uid, gid_t gid, struct err *err);

/* Landlock: only these paths from now on (list ends with path NULL).  A kernel without Landlock:
 * 0 and *ret_kept false. */
int jail_paths(const struct jail_path *paths, bool *ret_kept, struct err *err);

/* seccomp: everything a server process needs, and no exec, mount, ptrace, namespaces, modules,
 * keys, bpf or (`sockets` false) new sockets; a forbidden call fails with EPERM. */
int jail_calls(bool sockets, struct err *err);

#endif
