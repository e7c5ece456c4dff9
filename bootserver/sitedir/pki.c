/*
 * Keys and certificates of a site: the CA that machines trust, the server's and the engine's
 * certificates, and the CAs of its Kubernetes cluster.  A key is written before its certificate,
 * each as a whole file, so that a break in between leaves nothing that the next call does not
 * finish.
 *
 * Certificates begin in 1980: a machine whose clock battery is dead comes up with its firmware's
 * first day, and iPXE refuses a certificate that lies in the future.  They end years after today,
 * or after EPOCH where this server's own clock is dead.
 */
#include "sitedir/pki.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/clock.h"
#include "lib/file.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "sitedir/remembered.h"

#define DAY ((int64_t)86400)
#define YEAR (365 * DAY)
#define BEGIN ((int64_t)315532800)	/* 1980-01-01 */
#define EPOCH ((int64_t)1735689600)	/* 2025-01-01: no clock that works shows less */

struct making {
	int dirfd;
	const struct site *site;
	uid_t uid;		/* the engine's; (uid_t)-1: owners stay */
	gid_t gid;
	int64_t now_s;
	bool made;
	EVP_PKEY *ca_key;
	X509 *ca;
};

/* Who trusts by a key or a CA, and nobody else: another one would cut them off. */
enum held { HELD_BY_NOBODY, HELD_BY_MACHINES, HELD_BY_CLUSTER };

/* One pair of files. */
struct pair {
	const char *key_path, *cert_path;
	bool engines;		/* belongs to the engine */
	enum pki_use use;
	int64_t years;
	const char *cn;
	const char *const *names;
	enum held held;
};

/* Gives what is the engine's to its user. */
static int
give(const struct making *m, const char *path, struct err *err)
{
	struct stat st;

	if (m->uid == (uid_t)-1)
		return 0;
	if (fstatat(m->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_uid == m->uid)
		return 0;
	if (fchownat(m->dirfd, path, m->uid, m->gid, AT_SYMLINK_NOFOLLOW) < 0)
		return err_errno(err, -errno, "cannot give %s to the engine's user", path);
	return 0;
}

/* 1 with the text, 0 when the file is not there, else negative. */
static int
read_pem(int dirfd, const char *path, char **ret, struct err *err)
{
	int r = file_read(dirfd, path, ret, NULL, err);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

/* What others could have read is no secret any more, and the person must know. */
static int
key_is_private(const struct making *m, const char *path, struct err *err)
{
	struct stat st;

	if (fstatat(m->dirfd, path, &st, 0) < 0)
		return err_errno(err, -errno, "cannot look at %s", path);
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return err_set(err, -EPERM, "%s is open to others than its owner (mode %04o): "
			       "chmod 600 %s, and see that nobody has it", path,
			       (unsigned)st.st_mode & 07777, path);
	return 0;
}

/* May a file that is missing be made?  On a new site, or one from before there were such files. */
static int
may_make(const struct making *m, const struct pair *pair, const char *path, struct err *err)
{
	int r = 0;

	if (pair->held == HELD_BY_MACHINES)
		r = remembered_machines(m->dirfd, err);
	else if (pair->held == HELD_BY_CLUSTER)
		r = remembered_clusters(m->dirfd, err);
	if (r < 0)
		return err_wrap(err, r, "%s is gone", path);
	if (r == 0)
		return 0;
	return err_set(err, -ENOENT, "%s is gone, and %s: bring it back (`bootserver restore` "
		       "unpacks a backup into an empty folder), or take state/bootserver.db away "
		       "to begin anew", path, pair->held == HELD_BY_MACHINES ?
		       "the machines that have enrolled here trust no other" :
		       "the cluster that was made here knows no other");
}

/* The key that is there, or a new one. */
static int
key_ensure(struct making *m, const struct pair *pair, EVP_PKEY **ret, struct err *err)
{
	EVP_PKEY *key;
	char *pem;
	int r = read_pem(m->dirfd, pair->key_path, &pem, err);

	if (r < 0)
		return r;
	if (r > 0) {
		key = pki_key_parse(pem, err);
		OPENSSL_cleanse(pem, strlen(pem));
		free(pem);
		if (!key)
			return err_wrap(err, -EINVAL, "%s", pair->key_path);
		r = key_is_private(m, pair->key_path, err);
		if (r < 0)
			EVP_PKEY_free(key);
		else
			*ret = key;
		return r;
	}
	r = may_make(m, pair, pair->key_path, err);
	if (r < 0)
		return r;
	key = pki_key_new(err);
	if (!key)
		return -EIO;
	pem = pki_key_pem(key);
	r = file_write((struct file_new){ m->dirfd, pair->key_path, 0600 }, pem, strlen(pem), err);
	OPENSSL_cleanse(pem, strlen(pem));
	free(pem);
	if (r < 0) {
		EVP_PKEY_free(key);
		return r;
	}
	m->made = true;
	*ret = key;
	return 0;
}

/* Is the certificate that is there good for another month? */
static bool
cert_good(const struct making *m, const struct pair *pair, X509 *cert, EVP_PKEY *key)
{
	return cert && X509_check_private_key(cert, key) == 1 && pki_cert_by(cert, m->ca) &&
	       pki_cert_fits(cert, pair->names, m->now_s) &&
	       pki_cert_fits(cert, pair->names, m->now_s + 30 * DAY);
}

static int
cert_make(struct making *m, const struct pair *pair, EVP_PKEY *key, X509 **ret, struct err *err)
{
	struct pki_cert what = {
		.cn = pair->cn, .use = pair->use, .names = pair->names, .from_s = BEGIN,
		.to_s = (m->now_s > EPOCH ? m->now_s : EPOCH) + pair->years * YEAR,
	};
	X509 *cert = pki_cert_new(&what, key, m->ca, m->ca_key, err);
	char *pem;
	int r;

	if (!cert)
		return -EIO;
	pem = pki_cert_pem(cert);
	r = file_write((struct file_new){ m->dirfd, pair->cert_path, 0644 }, pem, strlen(pem), err);
	free(pem);
	if (r < 0) {
		X509_free(cert);
		return r;
	}
	m->made = true;
	*ret = cert;
	return 0;
}

static int
key_is_lost(const struct making *m, const struct pair *pair, struct err *err)
{
	int r = may_make(m, pair, pair->key_path, err);

	return r < 0 ? r : err_set(err, -ENOENT, "%s is gone while %s is there: bring it back, or "
				   "take %s away for a new CA", pair->key_path, pair->cert_path,
				   pair->cert_path);
}

static int
ca_ensure(struct making *m, const struct pair *pair, struct err *err)
{
	char *pem;
	int r;

	r = read_pem(m->dirfd, pair->cert_path, &pem, err);
	if (r < 0)
		return r;
	if (r > 0) {
		m->ca = pki_cert_parse(pem, err);
		free(pem);
		if (!m->ca)
			return err_wrap(err, -EINVAL, "%s", pair->cert_path);
		if (faccessat(m->dirfd, pair->key_path, F_OK, 0) < 0)
			return key_is_lost(m, pair, err);
	}
	r = key_ensure(m, pair, &m->ca_key, err);
	if (r == 0 && m->ca && X509_check_private_key(m->ca, m->ca_key) != 1)
		r = err_set(err, -EINVAL, "%s is not the key of %s", pair->key_path,
			    pair->cert_path);
	if (r == 0 && !m->ca)
		r = may_make(m, pair, pair->cert_path, err);
	if (r < 0 || m->ca)
		return r;
	return cert_make(m, pair, m->ca_key, &m->ca, err);
}

static int
leaf_ensure(struct making *m, const struct pair *pair, struct err *err)
{
	EVP_PKEY *key;
	X509 *cert = NULL;
	char *pem;
	int r = key_ensure(m, pair, &key, err);

	if (r < 0)
		return r;
	r = read_pem(m->dirfd, pair->cert_path, &pem, err);
	if (r > 0) {
		cert = pki_cert_parse(pem, err);
		free(pem);
	}
	if (r >= 0 && !cert_good(m, pair, cert, key)) {
		X509_free(cert);
		cert = NULL;
		r = cert_make(m, pair, key, &cert, err);
	}
	X509_free(cert);
	EVP_PKEY_free(key);
	return r < 0 ? r : 0;
}

static int
pair_ensure(struct making *m, const struct pair *pair, struct err *err)
{
	int r = pair->use == PKI_CA ? ca_ensure(m, pair, err) : leaf_ensure(m, pair, err);

	if (r == 0 && pair->engines)
		r = give(m, pair->key_path, err);
	if (r == 0 && pair->engines)
		r = give(m, pair->cert_path, err);
	return r;
}

static int
all_ensure(struct making *m, struct err *err)
{
	char address[NET_IP4_TEXT + 3] = "IP:";
	char *dns = str_format("DNS:boot.%s", m->site->domain);
	char *ca = str_format("bootserver site %.40s", m->site->name);
	char *server = str_format("bootserver %.40s", m->site->name);
	char *engine = str_format("bootserver engine %.40s", m->site->name);
	const char *names[] = { address, dns, NULL };
	const struct pair pairs[] = {
		{ "pki/ca.key", "pki/ca.crt", true, PKI_CA, 20, ca, NULL, HELD_BY_MACHINES },
		{ "pki/server.key", "pki/server.crt", false, PKI_SERVER, 5, server, names },
		{ "pki/engine.key", "pki/engine.crt", true, PKI_SIGNER, 5, engine, NULL,
		  HELD_BY_MACHINES },
	};
	int r = 0;

	net_ip4_format(address + 3, m->site->address.address);
	for (size_t i = 0; r == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		r = pair_ensure(m, &pairs[i], err);
	free(engine);
	free(server);
	free(ca);
	free(dns);
	return r;
}

static void
forget_ca(struct making *m)
{
	X509_free(m->ca);
	EVP_PKEY_free(m->ca_key);
	m->ca = NULL;
	m->ca_key = NULL;
}

/* The key that signs the tokens of service accounts; the API server reads its public half. */
static int
service_accounts_ensure(struct making *m, struct err *err)
{
	static const struct pair pair = { "pki/kubernetes/sa.key", "pki/kubernetes/sa.pub", true,
					  .held = HELD_BY_CLUSTER };
	EVP_PKEY *key;
	char *pem;
	int r = key_ensure(m, &pair, &key, err);

	if (r < 0)
		return r;
	pem = pki_public_pem(key);
	r = file_update((struct file_new){ m->dirfd, pair.cert_path, 0644 }, pem, strlen(pem), err);
	m->made |= r > 0;
	free(pem);
	EVP_PKEY_free(key);
	if (r >= 0)
		r = give(m, pair.key_path, err);
	return r < 0 ? r : give(m, pair.cert_path, err);
}

/* What kubeadm finds in its certificatesDir, under its own names. */
static int
cluster_ensure(struct making *m, struct err *err)
{
	static const struct pair pairs[] = {
		{ "pki/kubernetes/ca.key", "pki/kubernetes/ca.crt", true, PKI_CA, 10,
		  "kubernetes", NULL, HELD_BY_CLUSTER },
		{ "pki/kubernetes/front-proxy-ca.key", "pki/kubernetes/front-proxy-ca.crt", true,
		  PKI_CA, 10, "front-proxy-ca", NULL, HELD_BY_CLUSTER },
		{ "pki/kubernetes/etcd-ca.key", "pki/kubernetes/etcd-ca.crt", true, PKI_CA, 10,
		  "etcd-ca", NULL, HELD_BY_CLUSTER },
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		forget_ca(m);
		r = pair_ensure(m, &pairs[i], err);
	}
	return r < 0 ? r : service_accounts_ensure(m, err);
}

int
sitedir_pki_ensure(int dirfd, const struct site *site, uid_t uid, gid_t gid, struct err *err)
{
	struct making m = {
		.dirfd = dirfd, .site = site, .uid = uid, .gid = gid,
		.now_s = clock_now_ms() / 1000,
	};
	int r = all_ensure(&m, err);

	if (r == 0)
		r = cluster_ensure(&m, err);
	forget_ca(&m);
	return r < 0 ? r : m.made;
}

/* 1: made, 0: it was there. */
static int
folder_ensure(int dirfd, const char *path, mode_t mode, struct err *err)
{
	struct stat st;

	if (mkdirat(dirfd, path, mode) == 0)
		return 1;
	if (errno == EEXIST && fstatat(dirfd, path, &st, 0) == 0)
		errno = S_ISDIR(st.st_mode) ? 0 : ENOTDIR;
	return errno ? err_errno(err, -errno, "cannot make the folder %s", path) : 0;
}

int
sitedir_folders_ensure(int dirfd, uid_t uid, gid_t gid, struct err *err)
{
	static const struct { const char *path; mode_t mode; bool engines;
	} folders[] = {
		{"machines.d", 0755},	{"pki", 0755},	 {"pki/signers", 0755},
		{"pki/kubernetes", 0700, true}, {"state", 0700, true}, {"store", 0755},
		{"store/sha256", 0755}, {"store/images", 0755}, {"run", 0755},
	};
	struct making m = { .dirfd = dirfd, .uid = uid, .gid = gid };
	int made = 0, r;

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		r = folder_ensure(dirfd, folders[i].path, folders[i].mode, err);
		if (r < 0)
			return r;
		made |= r;
		if (folders[i].engines && give(&m, folders[i].path, err) < 0)
			return -EPERM;
	}
	return made;
}
