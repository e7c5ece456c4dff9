/* A node that lives on: see upkeep.h. */
#include "cloud-init/agent/upkeep.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cloud-init/agent/child.h"
#include "cloud-init/agent/kubeadm.h"
#include "cloud-init/agent/node.h"
#include "cloud-init/agent/unit.h"
#include "cloud-init/agent/where.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/pki.h"
#include "lib/str.h"

#define ADMIN_CONF "/etc/kubernetes/admin.conf"
#define PATCHES NODE_FOLDER "/patches"
#define WANTED PATCHES "/kubeletconfiguration0+strategic.yaml"
#define GIVEN NODE_FOLDER "/kubelet-settings.yaml"
#define KUBELET_FILE "/var/lib/kubelet/config.yaml"
#define RENEWING NODE_FOLDER "/renewing"
#define MANIFESTS "/etc/kubernetes/manifests"
#define LABELS "\n  labels:\n"
#define MARK "    bootserver.dev/certs: "
#define DISCOVERY NODE_FOLDER "/discovery.conf"
#define CERT_DATA "client-certificate-data:"
#define KUBELET_CERT "/var/lib/kubelet/pki/kubelet-client-current.pem"
#define KUBELET_NEW "/var/lib/kubelet/pki/kubelet-client-bootserver.pem"
#define HOURS 240	/* over which the control plane's machines are spread */

static int
run_kubeadm(const char *const *argv, struct err *err)
{
	char *text = NULL, why[256];
	int r = child_run(argv, KUBEADM_MS, &text, err);

	if (r > 0) {
		kubeadm_reason(text, why, sizeof(why));
		r = err_set(err, -EIO, "kubeadm: %s", why);
	}
	free(text);
	return r;
}

bool
upkeep_settings_due(void)
{
	char *wanted = where_text(WANTED), *given = where_text(GIVEN);
	bool due = wanted && !str_eq(wanted, given);

	free(wanted);
	free(given);
	return due;
}

int
upkeep_settings_note(struct err *err)
{
	char *wanted = where_text(WANTED);
	int r = where_write(GIVEN, 0600, wanted ? wanted : "", err);

	free(wanted);
	return r;
}

int
upkeep_settings(void *unused, struct err *err)
{
	char path[WHERE_MAX], config[WHERE_MAX], *option;
	int r = 0;

	(void)unused;
	/* kubeadm moves the old file away first, so it must find one: it may have been cut off */
	if (!where_is(KUBELET_FILE))
		r = where_write(KUBELET_FILE, 0644, "", err);
	where(config, "%s", where_is(ADMIN_CONF) ? ADMIN_CONF : "/etc/kubernetes/kubelet.conf");
	option = str_format("--kubeconfig=%s", config);
	const char *argv[] = { "kubeadm", "upgrade", "node", "phase", "kubelet-config", option,
			       "--patches", where(path, PATCHES), NULL };
	if (r == 0)
		r = run_kubeadm(argv, err);
	free(option);
	if (r == 0)
		r = unit_restart("kubelet.service", err);
	return r < 0 ? r : upkeep_settings_note(err);
}

bool
upkeep_certs_due(const char *name, int64_t now_s)
{
	unsigned int hour = 0;

	if (where_is(RENEWING))
		return true;
	for (const char *c = name; *c; c++)
		hour = (hour * 31 + (unsigned char)*c) % HOURS;
	return node_certs_due(now_s - (int64_t)hour * 3600);
}

char *
upkeep_manifest(const char *text, int64_t mark)
{
	const char *at = strstr(text, LABELS), *rest;

	if (!at)
		return NULL;
	at += strlen(LABELS);
	rest = at;
	if (str_starts(rest, MARK))
		rest += strcspn(rest, "\n") + 1;
	return str_format("%.*s" MARK "\"%lld\"\n%s\n", (int)(at - text), text, (long long)mark,
			  rest);
}

/* By a name that the kubelet does not look at: it takes every file of its folder for a pod. */
static int
restart_pod(const char *name, struct err *err)
{
	char from[WHERE_MAX], to[WHERE_MAX];
	char *text = where_text(MANIFESTS "/%s.yaml", name);
	char *marked = text ? upkeep_manifest(text, clock_now_ms() / 1000) : NULL;
	int r = marked ? where_write(NODE_FOLDER "/manifest.yaml", 0600, marked, err)
		       : err_set(err, -EBADMSG, "%s is no manifest of kubeadm's", name);

	if (r == 0 && rename(where(from, NODE_FOLDER "/manifest.yaml"),
			     where(to, MANIFESTS "/%s.yaml", name)) < 0)
		r = err_errno(err, -errno, "cannot write %s", to);
	free(marked);
	free(text);
	return r;
}

int
upkeep_certs(void *unused, struct err *err)
{
	static const char *const pods[] = { "etcd", "kube-apiserver", "kube-controller-manager",
					    "kube-scheduler" };
	const char *argv[] = { "kubeadm", "certs", "renew", "all", NULL };
	char path[WHERE_MAX];
	int r = where_write(RENEWING, 0600, "", err);

	(void)unused;
	if (r == 0)
		r = run_kubeadm(argv, err);
	for (size_t i = 0; r == 0 && i < sizeof(pods) / sizeof(*pods); i++)
		r = restart_pod(pods[i], err);
	if (r == 0)
		unlink(where(path, RENEWING));
	return r;
}

/* The certificate that came with the engine's answer (PEM); NULL: none did.  The caller frees. */
static char *
given_cert(void)
{
	char *text = where_text(DISCOVERY), *ret = NULL;
	char *at = text ? strstr(text, CERT_DATA) : NULL;
	json_t *box;
	void *pem;
	size_t len;

	if (at) {
		at += strlen(CERT_DATA);
		at += strspn(at, " \"");
		box = json_pack("{s:s#}", "pem", at, (int)strcspn(at, "\"\n"));
		if (json_bytes(box, "pem", &pem, &len) == 0) {
			ret = str_format("%.*s", (int)len, (char *)pem);
			free(pem);
		}
		json_decref(box);
	}
	free(text);
	return ret;
}

static bool
lives(const char *pem, int64_t now_s)
{
	struct err ignored;
	time_t now = (time_t)now_s;
	X509 *cert = pem ? pki_cert_parse(pem, &ignored) : NULL;
	bool good = cert && X509_cmp_time(X509_get0_notAfter(cert), &now) > 0;

	X509_free(cert);
	return good;
}

/* As the kubelet keeps its own: certificate and key in one file, a link to the present one. */
static int
give(const char *cert, const char *key, struct err *err)
{
	char target[WHERE_MAX], link[WHERE_MAX], temp[WHERE_MAX];
	char *both = str_format("%s\n%s\n", cert, key);
	int r = where_write(KUBELET_NEW, 0600, both, err);

	OPENSSL_cleanse(both, strlen(both));
	free(both);
	if (r < 0)
		return r;
	unlink(where(temp, "%s.link", KUBELET_CERT));
	if (symlink(where(target, KUBELET_NEW), temp) < 0 ||
	    rename(temp, where(link, KUBELET_CERT)) < 0)
		return err_errno(err, -errno, "cannot write %s", KUBELET_CERT);
	return 1;
}

int
upkeep_kubelet(int64_t now_s, struct err *err)
{
	char *now = where_text(KUBELET_CERT), *next = NULL, *key = NULL;
	int r = 0;

	if (now && !lives(now, now_s)) {
		next = given_cert();
		key = where_text(NODE_KEY);
		if (lives(next, now_s) && key)
			r = give(next, key, err);
	}
	if (key)
		OPENSSL_cleanse(key, strlen(key));
	free(key);
	free(next);
	free(now);
	return r;
}
