/* Backup and restore as a person meets them, without a server. */
#include "cmocka_all.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "lib/file.h"
#include "lib/pki.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "tests/unit/cli/program.h"
#include "tests/unit/sitedir/folder.h"

static struct run r;

/* A key with its certificate in one file, the certificate alone in another. */
static void
make_identity(const char *both, const char *cert_only)
{
	struct pki_cert what = { .cn = "operator", .use = PKI_SIGNER, .to_s = 4000000000 };
	struct err err;
	EVP_PKEY *key = pki_key_new(&err);
	X509 *cert = pki_cert_new(&what, key, NULL, NULL, &err);
	char *key_pem = pki_key_pem(key), *cert_pem = pki_cert_pem(cert);
	char *text = str_format("%s%s", key_pem, cert_pem);

	put(both, text);
	put(cert_only, cert_pem);
	free(text);
	free(key_pem);
	free(cert_pem);
	X509_free(cert);
	EVP_PKEY_free(key);
}

/* A site with a machine of the API's, an image of two parts, a database and a lease. */
static void
make_site(void)
{
	char sum[SHA256_TEXT], *path, *text;
	sqlite3 *sql;

	must(&r, "-C s init --name lab --interface eno1 --address 10.9.0.1/24", 0);
	put("s/machines.d/n1.yaml", "machines: [{name: n1, mac: 52:54:00:00:00:01}]\n");
	put("s/site.yaml", "site: {name: lab}\nimage: edge\n"
	    "server: {interface: eno1, address: 10.9.0.1/24}\n"
	    "kubernetes: {enabled: false, manifests: [manifests/own.yaml, backup.json, a.yml]}\n");
	mkdir("s/manifests", 0755);
	put("s/manifests/own.yaml", "kind: ConfigMap\n");
	put("s/backup.json", "{\"kind\": \"ConfigMap\"}\n");
	put("s/run/leases", "1790000000 52:54:00:00:00:01 10.9.0.100 n1 *\n");
	mkdir("built", 0755);
	sha256_text(sum, "kernel", 6);
	path = str_format("built/%s", sum);
	put(path, "kernel");
	text = str_format(
		"{\"schema\": 1, \"name\": \"edge\", \"version\": \"1\", \"parts\": [{\"part\": "
		"\"kernel\", \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": 6},{\"part\": "
		"\"initrd\", \"arch\": \"amd64\", \"sha256\": \"%s\", \"size\": 6}]}", sum, sum);
	put("built/manifest.json", text);
	free(path);
	free(text);
	must(&r, "-C s image add built", 0);
	assert_int_equal(sqlite3_open("s/state/bootserver.db", &sql), SQLITE_OK);
	assert_int_equal(sqlite3_exec(sql, "PRAGMA journal_mode=WAL; CREATE TABLE t (x);"
					   "INSERT INTO t VALUES (42)", NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(sql);
	make_identity("me.pem", "me.crt");
}

/* Names, modes and digests of a site but its database. */
static char *
snapshot(const char *folder)
{
	char *command = str_format("cd %s && files='find . ! -path ./state/* -type f' && "
				   "set -f && $files -printf '%%p %%m\\n' | sort && "
				   "$files -print0 | sort -z | xargs -0 sha256sum", folder);
	FILE *pipe = popen(command, "r");
	struct buf buf;
	char line[512];

	buf_init(&buf);
	while (fgets(line, sizeof(line), pipe))
		buf_text(&buf, line);
	assert_int_equal(pclose(pipe), 0);
	free(command);
	return buf.text;
}

static int
database_says(const char *path)
{
	sqlite3_stmt *row;
	sqlite3 *sql;
	int value = -1;

	assert_int_equal(sqlite3_open(path, &sql), SQLITE_OK);
	if (sqlite3_prepare_v2(sql, "SELECT x FROM t", -1, &row, NULL) == SQLITE_OK &&
	    sqlite3_step(row) == SQLITE_ROW)
		value = sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(sql);
	return value;
}

static void
there_and_back(void **state)
{
	char *before, *after;
	struct stat st;

	(void)state;
	make_site();
	before = snapshot("s");
	must(&r, "-C s backup --to me.crt site.backup", 0);
	assert_int_equal(stat("site.backup", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	must(&r, "-C far/away restore --key me.pem site.backup", 0);
	after = snapshot("far/away");
	assert_string_equal(before, after);
	assert_int_equal(database_says("far/away/state/bootserver.db"), 42);
	assert_int_equal(stat("far/away/pki/ca.key", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	must(&r, "-C far/away check", 0);
	must(&r, "-C far/away image verify", 0);
	free(before);
	free(after);

	must(&r, "-C far/away restore --key me.pem site.backup", 1);
	assert_non_null(strstr(r.err, "there is a site here already (site.yaml)"));
	must(&r, "-C s backup --to me.crt --no-images small.backup", 0);
	must(&r, "-C small restore --key me.pem small.backup", 0);
	must(&r, "-C small image ls", 0);
	assert_string_equal(r.out, "");
}

static void
passphrase(void **state)
{
	(void)state;
	make_site();
	put("secret", "correct horse\nsecond line\n");
	put("wrong", "correct house\n");
	put("empty", "\n");
	must(&r, "-C s backup --passphrase-file secret site.backup", 0);
	must(&r, "-C t restore --passphrase-file wrong site.backup", 1);
	assert_non_null(strstr(r.err, "site.backup: the passphrase does not open it"));
	assert_int_not_equal(access("t", F_OK), 0);
	must(&r, "-C t restore --passphrase-file secret site.backup", 0);
	must(&r, "-C s backup --passphrase-file empty site.backup", 1);
	assert_non_null(strstr(r.err, "empty"));
}

/* What was changed or cut off makes no site; the whole one does then, over what was left. */
static void
interrupted(void **state)
{
	struct stat st;
	char *command;

	(void)state;
	make_site();
	must(&r, "-C s backup --to me.crt site.backup", 0);
	assert_int_equal(stat("site.backup", &st), 0);
	command = str_format("head -c %lld site.backup >cut.backup", (long long)st.st_size - 100);
	assert_int_equal(system(command), 0);
	free(command);
	must(&r, "-C t restore --key me.pem cut.backup", 1);
	assert_non_null(strstr(r.err, "its end is missing"));
	assert_int_not_equal(access("t/site.yaml", F_OK), 0);
	must(&r, "-C t init --interface lo --address 10.9.0.1/24", 1);
	assert_non_null(strstr(r.err, "a restore into this folder was interrupted"));
	assert_int_not_equal(access("t/site.yaml", F_OK), 0);
	must(&r, "-C t restore --key me.pem site.backup", 0);
	must(&r, "-C t check", 0);
	assert_int_not_equal(access("t/.restoring", F_OK), 0);
	must(&r, "-C u restore --key me.pem s/site.yaml", 1);
	assert_non_null(strstr(r.err, "this is no backup"));
}

/* Nothing of the site is left out in silence. */
static void
incomplete(void **state)
{
	(void)state;
	make_site();
	assert_int_equal(symlink("../../me.crt", "s/machines.d/n2.yaml"), 0);
	must(&r, "-C s backup --to me.crt site.backup", 1);
	assert_non_null(strstr(r.err, "machines.d/n2.yaml is neither file nor folder"));
	unlink("s/machines.d/n2.yaml");
	put("s/machines.d/n2.yaml", "machines: [{name: n1}]\n");
	must(&r, "-C s backup --to me.crt site.backup", 1);
	assert_non_null(strstr(r.err, "the site's files have faults"));
	assert_int_not_equal(access("site.backup", F_OK), 0);
}

static void
usage(void **state)
{
	(void)state;
	make_site();
	must(&r, "-C s backup", 2);
	must(&r, "-C s backup --colour x", 2);
	must(&r, "-C s backup --to me.crt --passphrase-file x y", 2);
	must(&r, "-C s backup --to nowhere y", 1);
	must(&r, "-C s backup --to me.crt nowhere/y", 1);
	must(&r, "-C s restore --to me.crt y", 2);
	must(&r, "-C t restore --key me.crt nowhere", 1);
	mkdir("empty", 0755);
	must(&r, "-C empty backup --to me.crt y", 1);
	assert_non_null(strstr(r.err, "there is no site.yaml"));
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_enter, folder_leave)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		IN_FOLDER(there_and_back), IN_FOLDER(passphrase), IN_FOLDER(interrupted),
		IN_FOLDER(incomplete), IN_FOLDER(usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
