/* The keys and certificates of a site: made once, kept, renewed when they must be. */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/pki.h"
#include "sitedir/pki.h"
#include "tests/unit/sitedir/folder.h"

#define NOW ((int64_t)1780000000)	/* 2026 */
#define YEAR ((int64_t)365 * 86400)

static char site_name[] = "lab", site_domain[] = "lab.internal", other_domain[] = "other.internal";

static struct site
site_of(char *domain, uint32_t address)
{
	return (struct site){ .name = site_name, .domain = domain, .address = { address, 24 } };
}

static int
ensure(const struct site *site, int64_t now)
{
	struct err err = { "" };
	int r;

	assert_true(sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err) >= 0);
	clock_fake_ms = now * 1000;
	r = sitedir_pki_ensure(AT_FDCWD, site, (uid_t)-1, (gid_t)-1, &err);
	if (r < 0)
		print_message("%s\n", err.text);
	return r;
}

static char *
slurp(const char *path)
{
	struct err err = { "" };
	char *text = NULL;

	if (file_read(AT_FDCWD, path, &text, NULL, &err) < 0)
		fail_msg("%s", err.text);
	return text;
}

static X509 *
cert_of(const char *path)
{
	struct err err = { "" };
	char *pem = slurp(path);
	X509 *cert = pki_cert_parse(pem, &err);

	free(pem);
	assert_non_null(cert);
	return cert;
}

/* True if the file holds what it held. */
static bool
same(const char *path, const char *before)
{
	char *now = slurp(path);
	bool equal = strcmp(now, before) == 0;

	free(now);
	return equal;
}

static unsigned int
mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

static void
made_and_kept(void **state)
{
	static const char *const files[] = {
		"pki/ca.key", "pki/ca.crt", "pki/server.key", "pki/server.crt", "pki/engine.key",
		"pki/engine.crt",
	};
	struct site site = site_of(site_domain, 0x0a090001);
	X509 *ca, *server, *engine;
	char *before[6];

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	ca = cert_of("pki/ca.crt");
	server = cert_of("pki/server.crt");
	engine = cert_of("pki/engine.crt");
	assert_true(pki_cert_by(ca, ca));
	assert_true(pki_cert_by(server, ca));
	assert_true(pki_cert_by(engine, ca));
	assert_true(pki_cert_fits(server, (const char *const[]){ "IP:10.9.0.1",
				  "DNS:boot.lab.internal", NULL }, NOW));
	assert_false(pki_cert_fits(server, (const char *const[]){ "IP:10.9.0.2", NULL }, NOW));
	assert_true(pki_cert_fits(server, NULL, 946684800));	/* a clock that says 2000 */
	assert_true(pki_cert_fits(ca, NULL, NOW + 19 * YEAR));
	for (int i = 0; i < 6; i++) {
		assert_int_equal(mode_of(files[i]), i % 2 ? 0644 : 0600);
		before[i] = slurp(files[i]);
	}
	assert_int_equal(mode_of("state"), 0700);
	assert_int_equal(ensure(&site, NOW + 1000), 0);
	for (int i = 0; i < 6; i++) {
		assert_true(same(files[i], before[i]));
		free(before[i]);
	}
	X509_free(ca);
	X509_free(server);
	X509_free(engine);
}

static void
renewed(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);
	char *ca, *key, *server, *engine;

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	ca = slurp("pki/ca.crt");
	key = slurp("pki/server.key");
	server = slurp("pki/server.crt");
	engine = slurp("pki/engine.crt");
	site = site_of(site_domain, 0x0a090002);
	assert_int_equal(ensure(&site, NOW), 1);
	assert_false(same("pki/server.crt", server));
	assert_true(same("pki/engine.crt", engine));
	site = site_of(other_domain, 0x0a090002);
	assert_int_equal(ensure(&site, NOW), 1);
	assert_int_equal(ensure(&site, NOW + 5 * YEAR - 31 * 86400), 0);
	assert_int_equal(ensure(&site, NOW + 5 * YEAR - 29 * 86400), 1);
	assert_false(same("pki/engine.crt", engine));
	assert_true(same("pki/ca.crt", ca));
	assert_true(same("pki/server.key", key));
	free(ca);
	free(key);
	free(server);
	free(engine);
}

/* Whatever is missing is made again, and the rest kept. */
static void
finishes_what_was_begun(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);
	char *key;

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	key = slurp("pki/engine.key");
	unlink("pki/engine.crt");
	assert_int_equal(ensure(&site, NOW), 1);
	assert_true(same("pki/engine.key", key));
	unlink("pki/server.key");
	assert_int_equal(ensure(&site, NOW), 1);
	assert_int_equal(ensure(&site, NOW), 0);
	free(key);
}

/* A lost CA key is no reason to make another CA in silence. */
static void
lost_ca_key(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);
	char *ca;

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	ca = slurp("pki/ca.crt");
	unlink("pki/ca.key");
	assert_int_equal(ensure(&site, NOW), -ENOENT);
	assert_true(same("pki/ca.crt", ca));
	assert_int_not_equal(access("pki/ca.key", F_OK), 0);
	unlink("pki/ca.crt");
	assert_int_equal(ensure(&site, NOW), 1);
	free(ca);
}

/* A key that others may read is told, not used and not changed. */
static void
open_key(void **state)
{
	static const char *const keys[] = {
		"pki/ca.key", "pki/server.key", "pki/kubernetes/ca.key", "pki/kubernetes/sa.key",
	};
	struct site site = site_of(site_domain, 0x0a090001);

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_int_equal(chmod(keys[i], 0640), 0);
		assert_int_equal(ensure(&site, NOW), -EPERM);
		assert_int_equal(mode_of(keys[i]), 0640);
		assert_int_equal(chmod(keys[i], 0600), 0);
		assert_int_equal(ensure(&site, NOW), 0);
	}
}

/* What stands in a folder's place is no folder. */
static void
no_folder(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_int_equal(sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err), 1);
	assert_int_equal(sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err), 0);
	assert_int_equal(rmdir("store/images"), 0);
	assert_int_equal(close(creat("store/images", 0644)), 0);
	assert_int_equal(sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err), -ENOTDIR);
	assert_non_null(strstr(err.text, "store/images"));
}

/* A server whose clock is dead makes certificates that are good when it is mended. */
static void
dead_clock(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);
	X509 *ca;

	(void)state;
	assert_int_equal(ensure(&site, 946684800), 1);
	ca = cert_of("pki/ca.crt");
	assert_true(pki_cert_fits(ca, NULL, NOW + 10 * YEAR));
	assert_int_equal(ensure(&site, NOW), 0);
	X509_free(ca);
}

/* Names as long as they may be still make a certificate (a common name has 64 signs at most). */
static void
long_names(void **state)
{
	char name[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123";
	char domain[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123."
			"aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123.internal";
	struct site site = site_of(domain, 0x0a090001);

	(void)state;
	site.name = name;
	assert_int_equal(ensure(&site, NOW), 1);
	assert_int_equal(ensure(&site, NOW), 0);
}

/* The cluster's CAs are made once, on a site made before them too, and kept to the last byte. */
static void
cluster_kept(void **state)
{
	static const struct { const char *name, *cn;
	} cas[] = {
		{ "ca", "kubernetes" }, { "front-proxy-ca", "front-proxy-ca" },
		{ "etcd-ca", "etcd-ca" },
	};
	struct site site = site_of(site_domain, 0x0a090001);
	char path[64], *before[4], *public;

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	for (int i = 0; i < 3; i++) {
		char cn[64];
		X509 *ca;

		snprintf(path, sizeof(path), "pki/kubernetes/%s.crt", cas[i].name);
		ca = cert_of(path);
		X509_NAME_get_text_by_NID(X509_get_subject_name(ca), NID_commonName, cn,
					  sizeof(cn));
		assert_string_equal(cn, cas[i].cn);
		assert_true(pki_cert_by(ca, ca));
		assert_true(pki_cert_fits(ca, NULL, NOW + 10 * YEAR - 10));
		assert_false(pki_cert_fits(ca, NULL, NOW + 10 * YEAR + 10));
		X509_free(ca);
		before[i] = slurp(path);
		snprintf(path, sizeof(path), "pki/kubernetes/%s.key", cas[i].name);
		assert_int_equal(mode_of(path), 0600);
	}
	before[3] = slurp("pki/kubernetes/sa.key");
	assert_int_equal(mode_of("pki/kubernetes/sa.key"), 0600);
	assert_int_equal(mode_of("pki/kubernetes"), 0700);
	public = slurp("pki/kubernetes/sa.pub");
	unlink("pki/kubernetes/sa.pub");
	assert_int_equal(ensure(&site, NOW + 12 * YEAR), 1);
	assert_true(same("pki/kubernetes/sa.pub", public));
	assert_true(same("pki/kubernetes/sa.key", before[3]));
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "pki/kubernetes/%s.crt", cas[i].name);
		assert_true(same(path, before[i]));
	}
	unlink("pki/kubernetes/etcd-ca.key");
	assert_int_equal(ensure(&site, NOW), -ENOENT);
	for (int i = 0; i < 4; i++)
		free(before[i]);
	free(public);
}

/* What the engine has written of its machines or its cluster. */
static void
remember(const char *sql)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open("state/bootserver.db", &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Without this file nothing is made, and the sentence names it and what brings it back. */
static void
is_asked_for(const struct site *site, const char *path)
{
	struct err err = { "" };

	assert_int_equal(rename(path, "away"), 0);
	assert_int_equal(sitedir_pki_ensure(AT_FDCWD, site, (uid_t)-1, (gid_t)-1, &err), -ENOENT);
	assert_int_equal(strncmp(err.text, path, strlen(path)), 0);
	assert_non_null(strstr(err.text, "is gone, and "));
	assert_non_null(strstr(err.text, "bootserver restore"));
	assert_int_not_equal(access(path, F_OK), 0);
	assert_int_equal(rename("away", path), 0);
	assert_int_equal(ensure(site, NOW), 0);
}

/* Machines that have enrolled trust this CA and this engine, and no others made in their place. */
static void
machines_are_not_cut_off(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);
	struct err err = { "" };

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	remember("CREATE TABLE machines (name, pin); INSERT INTO machines VALUES ('n1', '')");
	unlink("pki/engine.key");
	assert_int_equal(ensure(&site, NOW), 1);	/* it never enrolled */
	remember("UPDATE machines SET pin = 'ab'");
	is_asked_for(&site, "pki/ca.key");
	is_asked_for(&site, "pki/ca.crt");
	is_asked_for(&site, "pki/engine.key");
	unlink("pki/engine.crt");	/* which is renewed in its time anyway */
	assert_int_equal(ensure(&site, NOW), 1);
	unlink("pki/server.key");
	assert_int_equal(ensure(&site, NOW), 1);
	assert_int_equal(system("rm -r pki/kubernetes"), 0);
	assert_int_equal(ensure(&site, NOW), 1);	/* as on a site from before clusters */
	assert_int_equal(system("rm pki/ca.*"), 0);
	assert_int_equal(sitedir_pki_ensure(AT_FDCWD, &site, (uid_t)-1, (gid_t)-1, &err), -ENOENT);
	unlink("state/bootserver.db");
	assert_int_equal(ensure(&site, NOW), 1);
}

/* The same of a cluster that was made. */
static void
cluster_is_not_cut_off(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	remember("CREATE TABLE clusters (id, made_ms); INSERT INTO clusters VALUES ('ab', 0)");
	unlink("pki/kubernetes/sa.key");
	assert_int_equal(ensure(&site, NOW), 1);
	remember("UPDATE clusters SET made_ms = 1");
	is_asked_for(&site, "pki/kubernetes/ca.key");
	is_asked_for(&site, "pki/kubernetes/ca.crt");
	is_asked_for(&site, "pki/kubernetes/front-proxy-ca.crt");
	is_asked_for(&site, "pki/kubernetes/etcd-ca.key");
	is_asked_for(&site, "pki/kubernetes/sa.key");
	unlink("pki/kubernetes/sa.pub");
	assert_int_equal(ensure(&site, NOW), 1);
}

/* A database that cannot be read tells nobody's absence. */
static void
unreadable_database(void **state)
{
	struct site site = site_of(site_domain, 0x0a090001);
	struct err err = { "" };
	FILE *file;

	(void)state;
	assert_int_equal(ensure(&site, NOW), 1);
	file = fopen("state/bootserver.db", "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no database ", file);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(ensure(&site, NOW), 0);
	unlink("pki/engine.key");
	assert_int_equal(sitedir_pki_ensure(AT_FDCWD, &site, (uid_t)-1, (gid_t)-1, &err), -EIO);
	assert_non_null(strstr(err.text, "pki/engine.key is gone: cannot look into "));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(made_and_kept, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(renewed, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(finishes_what_was_begun, folder_enter,
						folder_leave),
		cmocka_unit_test_setup_teardown(lost_ca_key, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(open_key, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(no_folder, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(dead_clock, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(long_names, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(cluster_kept, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(machines_are_not_cut_off, folder_enter,
						folder_leave),
		cmocka_unit_test_setup_teardown(cluster_is_not_cut_off, folder_enter, folder_leave),
		cmocka_unit_test_setup_teardown(unreadable_database, folder_enter, folder_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
