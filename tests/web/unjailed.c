/*
 * The web process without its jail, for tests/web/: LeakSanitizer looks at the process by
 * ptrace(2), which the jail forbids, so leaks can be seen only here.  (process.c has the jail.)
 */
#include "lib/jail.h"
#include "web/web.h"

int
jail_no_network(struct err *err)
{
	(void)err;
	return 0;
}

int
jail_user(uid_t uid, gid_t gid, struct err *err)
{
	(void)uid, (void)gid, (void)err;
	return 0;
}

int
jail_paths(const struct jail_path *paths, bool *ret_kept, struct err *err)
{
	(void)paths, (void)err;
	*ret_kept = true;
	return 0;
}

int
jail_calls(bool sockets, struct err *err)
{
	(void)sockets, (void)err;
	return 0;
}

int
main(void)
{
	return web_main();
}
