/*
 * The site directory before anybody else looks at it: folders, who owns what, the lock, keys and
 * certificates, and where the shipped files are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keeper/state.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/str.h"
#include "sitedir/pki.h"
#include "sitedir/sources.h"

/*
 * Without accounts of their own (the install script makes them) web and engine become numbers that
 * no account has: between the last of Debian's dynamic system users (61183) and nobody.
 */
#define WEB_UID 61990
#define ENGINE_UID 61991

static void
find_user(const char *name, uid_t otherwise, uid_t *ret_uid, gid_t *ret_gid)
{
	const struct passwd *user = getpwnam(name);

	*ret_uid = user ? user->pw_uid : otherwise;
	*ret_gid = user ? user->pw_gid : (gid_t)otherwise;
}

static int
lock(const struct keeper *keeper, struct err *err)
{
	int fd = openat(keeper->dir, "run/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return err_errno(err, -errno, "cannot open run/lock");
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return err_set(err, -EBUSY, "another bootserver runs this site already");
	}
	return 0;	/* held by the open descriptor for as long as we live */
}

/* The engine, not root, opens files below these. */
static int
let_pass(const struct keeper *keeper, const char *path, struct err *err)
{
	struct stat st;

	if (fstatat(keeper->dir, path, &st, 0) < 0)
		return err_errno(err, -errno, "cannot look at %s", path);
	if ((st.st_mode & 0011) == 0011)
		return 0;
	if (fchmodat(keeper->dir, path, (st.st_mode & 07777) | 0011, 0) < 0)
		return err_errno(err, -errno, "cannot let the engine's user pass through %s", path);
	log_info("mode of folder %s is now %04o: engine and dnsmasq pass through it",
		 str_eq(path, ".") ? "of the site" : path, (unsigned)(st.st_mode & 07777) | 0011);
	return 0;
}

/* Gives state/ and what lies in it to the engine. */
static int
give_state(const struct keeper *keeper, struct err *err)
{
	int fd = openat(keeper->dir, "state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *entry;
	DIR *dir;
	int r = 0;

	if (fd < 0)
		return err_errno(err, -errno, "cannot open state/");
	if (fchown(fd, keeper->engine_uid, keeper->engine_gid) < 0 || fchmod(fd, 0700) < 0)
		r = err_errno(err, -errno, "cannot give state/ to the engine's user");
	dir = fdopendir(fd);
	while (r == 0 && dir != NULL && (entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.' &&
		    fchownat(fd, entry->d_name, keeper->engine_uid, keeper->engine_gid,
			     AT_SYMLINK_NOFOLLOW) < 0)
			r = err_errno(err, -errno, "cannot give state/%s to the engine's user",
				      entry->d_name);
	if (dir != NULL)
		closedir(dir);
	return r;
}

int
site_prepare(struct keeper *keeper, struct err *err)
{
	static const char *const passed[] = { ".", "pki", "store", "store/sha256", "store/images",
					      "run", "run/tftp" };
	int r;

	find_user("bootserver-web", WEB_UID, &keeper->web_uid, &keeper->web_gid);
	find_user("bootserver-engine", ENGINE_UID, &keeper->engine_uid, &keeper->engine_gid);
	r = sitedir_folders_ensure(keeper->dir, keeper->engine_uid, keeper->engine_gid, err);
	if (r >= 0)
		r = file_mkdirs(keeper->dir, "run/tftp", 0755, err);
	if (r >= 0)
		r = lock(keeper, err);
	if (r < 0)
		return r;
	for (size_t i = 0; r >= 0 && i < sizeof(passed) / sizeof(passed[0]); i++)
		r = let_pass(keeper, passed[i], err);
	return r < 0 ? r : give_state(keeper, err);
}

static void
print_findings(const struct site_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		const struct site_finding *one = &findings->items[i];

		if (one->error)
			fprintf(stderr, "%s:%d:%d: error: %s\n", one->file, one->line, one->column,
				one->text);
	}
}

static int
make_pki(const struct keeper *keeper)
{
	struct site_findings findings;
	struct site *site = NULL;
	struct err err = { .text = "" };
	int r = sitedir_load(keeper->dir, &site, &findings, &err);

	if (r == -EINVAL && findings.errors > 0) {
		print_findings(&findings);
		return 1;
	}
	/* a server that runs keeps its site when the new one could not be served from here */
	if (r == 0 && keeper->config != NULL)
		r = sockets_try(keeper, site, &err);
	if (r == 0)
		r = sitedir_pki_ensure(keeper->dir, site, keeper->engine_uid, keeper->engine_gid,
				       &err);
	if (r < 0) {
		log_error("%s", err.text);
		return 1;
	}
	if (r > 0)
		log_info("pki: keys or certificates made or renewed");
	return 0;
}

/* In a process of its own: the keeper reads no site file. */
int
site_pki(struct keeper *keeper)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit(make_pki(keeper));
	if (pid < 0) {
		log_error("cannot start a process: %m");
		return 1;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : 1;
}

char *
site_data_folder(void)
{
	static const char *const places[] = { "share/bootserver", "../share/bootserver" };
	const char *told = getenv("BOOTSERVER_DATA");
	char exe[PATH_MAX], *slash, *path;
	ssize_t n;

	if (told != NULL && *told != '\0')
		return str_dup(told);
	n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0)
		return NULL;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		path = str_format("%s/%s", exe, places[i]);
		if (access(path, F_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}
