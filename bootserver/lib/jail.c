/*
 * What a process gives up: see jail.h.  Landlock by its system calls (landlock(7); the C library
 * has no wrappers), seccomp by libseccomp.
 */
#include "lib/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/landlock.h>
#include <sched.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <seccomp.h>
#include <sys/capability.h>

int
jail_no_network(struct err *err)
{
	if (unshare(CLONE_NEWNET) < 0)
		return err_errno(err, -errno, "cannot leave for an empty network namespace");
	return 0;
}

int
jail_user(uid_t uid, gid_t gid, struct err *err)
{
	cap_t none = cap_init();
	int r = 0;

	if (!none)
		return err_errno(err, -errno, "cannot hold capabilities");
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
		r = err_errno(err, -errno, "cannot become user %d", (int)uid);
	else if (cap_set_proc(none) < 0)
		r = err_errno(err, -errno, "cannot drop capabilities");
	else if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_errno(err, -errno, "cannot set no_new_privs");
	cap_free(none);
	return r;
}

#define READ_FILE LANDLOCK_ACCESS_FS_READ_FILE
#define READ_ALL (READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_FILE LANDLOCK_ACCESS_FS_WRITE_FILE
#define WRITE_ALL (WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE)
/* All that ABI 1 knows: asked for by none of the rules, so refused everywhere else. */
#define HANDLED ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* Adds one path; a path that is not there needs no rule. */
static int
allow_path(int rules, const struct jail_path *path, struct err *err)
{
	struct landlock_path_beneath_attr rule = { 0 };
	struct stat st;
	int r = 0;

	rule.parent_fd = open(path->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT ? 0 :
		       err_errno(err, -errno, "cannot open %s", path->path);
	if (fstat(rule.parent_fd, &st) == 0 && S_ISDIR(st.st_mode))
		rule.allowed_access = path->write ? READ_ALL | WRITE_ALL : READ_ALL;
	else
		rule.allowed_access = path->write ? READ_FILE | WRITE_FILE : READ_FILE;
	if (syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		r = err_errno(err, -errno, "cannot allow %s", path->path);
	close(rule.parent_fd);
	return r;
}

int
jail_paths(const struct jail_path *paths, bool *ret_kept, struct err *err)
{
	struct landlock_ruleset_attr all = { .handled_access_fs = HANDLED };
	int rules = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	int r = 0;

	*ret_kept = rules >= 0;
	if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP))
		return 0;
	if (rules < 0)
		return err_errno(err, -errno, "cannot start a Landlock rule set");
	for (; r == 0 && paths->path; paths++)
		r = allow_path(rules, paths, err);
	if (r == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		r = err_errno(err, -errno, "cannot set no_new_privs");
	if (r == 0 && syscall(SYS_landlock_restrict_self, rules, 0) < 0)
		r = err_errno(err, -errno, "cannot enter the Landlock rule set");
	close(rules);
	return r;
}

static const char *const forbidden[] = {
	"execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv", "process_vm_writev",
	"mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsmount",
	"fsconfig", "fspick", "mount_setattr", "swapon", "swapoff", "unshare", "setns",
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "reboot",
	"bpf", "perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl",
	"open_by_handle_at", "name_to_handle_at", "acct", "quotactl", "syslog", "settimeofday",
	"clock_settime", "adjtimex", "clock_adjtime", "sethostname", "setdomainname", "iopl",
	"ioperm", "mknod", "mknodat", "io_uring_setup", "io_uring_enter", "io_uring_register",
	"personality", "modify_ldt", "vhangup", "lookup_dcookie", "kcmp", "process_madvise",
	"pidfd_getfd", "memfd_secret",
	NULL
};
static const char *const socket_calls[] = { "socket", "bind", "listen", "connect", NULL };

static int
forbid(scmp_filter_ctx filter, const char *const *names)
{
	for (; *names; names++) {
		int number = seccomp_syscall_resolve_name(*names);
		int r;

		if (number == __NR_SCMP_ERROR)
			continue;	/* this kernel's headers do not know it */
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
		if (r < 0)
			return r;
	}
	return 0;
}

int
jail_calls(bool sockets, struct err *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int r;

	if (!filter)
		return err_set(err, -ENOMEM, "cannot start a seccomp filter");
	r = forbid(filter, forbidden);
	if (r == 0 && !sockets)
		r = forbid(filter, socket_calls);
	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	return r < 0 ? err_errno(err, r, "cannot load the seccomp filter") : 0;
}
