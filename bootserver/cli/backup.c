/*
 * `backup` and `restore`: the site as one sealed file, and back.  The engine alone may open the
 * database while it runs, so it gives a copy of it; a server that does not run is not needed.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "cli/cli.h"
#include "cli/secret.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/http.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "sitedir/backup.h"

#define API "run/api.sock"
#define DATABASE "state/bootserver.db"
#define DATABASE_MOST ((size_t)1 << 30)

struct asked {
	const char *to, *key, *passphrase_file, *file;
	bool no_images;
};

struct progress {
	const struct cli *cli;
	int64_t last_ms;
	uint64_t done;
};

static void
moved(void *arg, const char *path, uint64_t done)
{
	struct progress *progress = arg;
	int64_t now = clock_mono_ms();

	progress->done = done;
	if (!progress->cli->terminal || now - progress->last_ms < 100)
		return;
	progress->last_ms = now;
	fprintf(stderr, "\r\033[K%" PRIu64 " MiB  %.60s", done >> 20, path);
}

static void
moved_end(const struct progress *progress)
{
	if (progress->cli->terminal)
		fputs("\r\033[K", stderr);
}

/* One option or the file: false for what is neither. */
static int
take_word(struct cli *cli, char **argv, int *at, struct asked *asked)
{
	bool backup = strcmp(cli->command->name, "backup") == 0;
	int r = backup ? cli_option(cli, argv, at, "--to", &asked->to) :
			 cli_option(cli, argv, at, "--key", &asked->key);

	if (r == 0)
		r = cli_option(cli, argv, at, "--passphrase-file", &asked->passphrase_file);
	if (r == 0 && backup && cli_option(cli, argv, at, "--no-images", NULL) > 0) {
		asked->no_images = true;
		return 1;
	}
	if (r == 0 && argv[*at][0] != '-' && !asked->file) {
		asked->file = argv[(*at)++];
		return 1;
	}
	return r;
}

static int
options_read(struct cli *cli, int argc, char **argv, struct asked *asked)
{
	for (int at = 1; at < argc;) {
		int r = take_word(cli, argv, &at, asked);

		if (r < 0)
			return CLI_USAGE;
		if (r == 0)
			return cli_usage(cli, "%s does not know \"%s\"", cli->command->name,
					 argv[at]);
	}
	if (!asked->file)
		return cli_usage(cli, "%s takes the file of the backup", cli->command->name);
	if (asked->passphrase_file && (asked->to || asked->key))
		return cli_usage(cli, "a certificate or a passphrase, not both");
	return CLI_GOOD;
}

/* The database of a server that does not run; none at all is fine. */
static int
database_read(unsigned char **ret, size_t *ret_len, struct err *err)
{
	sqlite3_int64 len = 0;
	sqlite3 *sql = NULL;
	int r = 0;

	*ret = NULL;
	*ret_len = 0;
	if (access(DATABASE, F_OK) < 0)
		return 0;
	if (sqlite3_open_v2(DATABASE, &sql, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		*ret = sqlite3_serialize(sql, "main", &len, 0);
	*ret_len = (size_t)len;
	if (!*ret)
		r = err_set(err, -EIO, "the database cannot be read (%s): is a server running "
			    "that does not answer?", sql ? sqlite3_errmsg(sql) : "no memory");
	sqlite3_close(sql);
	return r;
}

/* From the engine, if it is there. */
static int
database_take(struct http_answer *answer, unsigned char **ret, size_t *ret_len, struct err *err)
{
	struct http_ask ask = { .url = "http://bootserver/v1/database", .unix_path = API,
				.timeout_ms = 60000, .most = DATABASE_MOST };

	*ret = NULL;
	if (access(API, F_OK) < 0 || http_ask(&ask, answer, err) < 0)
		return database_read(ret, ret_len, err);
	if (answer->status != 200)
		return err_set(err, -EIO, "the server does not give its database: %.200s",
			       answer->body);
	return 0;
}

static int
write_all(struct cli *cli, const struct asked *asked, struct crate *crate, struct err *err)
{
	struct progress progress = { .cli = cli };
	struct backup_watch watch = { moved, &progress };
	struct backup_what what = { .dirfd = AT_FDCWD, .images = !asked->no_images,
				    .now_ms = clock_now_ms(), .watch = &watch };
	struct http_answer answer = { .body = NULL };
	unsigned char *own;
	size_t own_len = 0;
	int r = database_take(&answer, &own, &own_len, err);

	what.database = own ? (const void *)own : answer.body;
	what.database_len = own ? own_len : answer.len;
	if (r == 0)
		r = backup_write(&what, crate, err);
	moved_end(&progress);
	sqlite3_free(own);
	http_answer_fini(&answer);
	return r;
}

/* Into FILE.part, which becomes FILE when it is whole. */
static int
write_file(struct cli *cli, const struct asked *asked, const struct crate_seal *seal,
	   struct err *err)
{
	char *path = cli_path(cli, asked->file), *part = str_format("%s.part", path);
	int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), r;
	struct crate *crate = NULL;
	struct stat st;

	if (fd < 0) {
		r = err_set(err, -errno, "%s.part: %s", asked->file, strerror(errno));
		goto out;
	}
	r = crate_new(&crate, fd, seal, err);
	if (r == 0)
		r = write_all(cli, asked, crate, err);
	if (r == 0 && (fsync(fd) < 0 || fstat(fd, &st) < 0 || rename(part, path) < 0))
		r = err_set(err, -errno, "%s: %s", asked->file, strerror(errno));
	if (r == 0)
		printf("%s: %" PRIu64 " MiB\n", asked->file, ((uint64_t)st.st_size >> 20) + 1);
	else
		unlink(part);
	crate_free(crate);
	close(fd);
out:
	free(part);
	free(path);
	return r;
}

int
cli_backup(struct cli *cli, int argc, char **argv)
{
	struct asked asked = { NULL };
	struct crate_seal seal = { NULL };
	struct err err = { "" };
	char *pem = NULL, *secret = NULL;
	int r = options_read(cli, argc, argv, &asked);

	if (r != CLI_GOOD)
		return r;
	if (access("site.yaml", F_OK) < 0)
		return cli_fail(CLI_FAULT, "there is no site.yaml in %s", cli->dir);
	if (asked.to) {
		r = cli_read(cli, asked.to, &pem, &err);
		seal.cert = r == 0 ? pki_cert_parse(pem, &err) : NULL;
		free(pem);
		if (!seal.cert)
			return cli_fail_err(&err);
	} else {
		seal.passphrase = secret = secret_read(cli, asked.passphrase_file, true);
		if (!secret)
			return CLI_FAULT;
	}
	r = write_file(cli, &asked, &seal, &err);
	X509_free(seal.cert);
	secret_free(secret);
	return r < 0 ? cli_fail_err(&err) : CLI_GOOD;
}

/* Opens the crate with the key or the passphrase. */
static int
open_crate(struct cli *cli, const struct asked *asked, int fd, struct crate **ret,
	   struct err *err)
{
	struct crate_key key = { .passphrase = NULL };
	char *pem = NULL, *secret = NULL;
	int r = -EINVAL;

	if (asked->key) {
		r = cli_read(cli, asked->key, &pem, err);
		key.who.key = r == 0 ? pki_key_parse(pem, err) : NULL;
		key.who.cert = key.who.key ? pki_cert_parse(pem, err) : NULL;
	} else
		key.passphrase = secret = secret_read(cli, asked->passphrase_file, false);
	if (secret || key.who.cert)
		r = crate_open(ret, fd, &key, err);
	secret_free(secret);
	secret_free(pem);
	EVP_PKEY_free(key.who.key);
	X509_free(key.who.cert);
	return r;
}

/* Where it is to go; made if it is not there. */
static int
open_target(const struct cli *cli, struct err *err)
{
	int fd;

	if (cli->no_dir && file_mkdirs(AT_FDCWD, cli->dir, 0755, err) < 0)
		return -EACCES;
	fd = open(cli->no_dir ? cli->dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_errno(err, -errno, "%s", cli->dir) : fd;
}

static int
restore(struct cli *cli, struct crate *crate, struct err *err)
{
	struct progress progress = { .cli = cli };
	struct backup_watch watch = { moved, &progress };
	int target = open_target(cli, err), r;

	if (target < 0)
		return target;
	r = backup_restore(target, crate, &watch, err);
	moved_end(&progress);
	close(target);
	if (r == 0)
		printf("%s: the site is there; two servers of it must not run at the same time\n",
		       cli->dir);
	return r;
}

int
cli_restore(struct cli *cli, int argc, char **argv)
{
	struct asked asked = { NULL };
	struct crate *crate;
	struct err err = { "" };
	char *path;
	int r = options_read(cli, argc, argv, &asked), fd;

	if (r != CLI_GOOD)
		return r;
	path = cli_path(cli, asked.file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd < 0)
		return cli_fail(CLI_FAULT, "%s: %s", asked.file, strerror(errno));
	r = open_crate(cli, &asked, fd, &crate, &err);
	if (r == 0) {
		r = restore(cli, crate, &err);
		crate_free(crate);
	}
	close(fd);
	if (r == 0)
		return CLI_GOOD;
	return err.text[0] ? cli_fail(CLI_FAULT, "%s: %s", asked.file, err.text) : CLI_FAULT;
}
