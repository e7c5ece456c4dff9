/*
 * From the site's files to the keeper's orders: site_parse(), then the sockets to open, dnsmasq's
 * configuration and the scripts that go out by TFTP.  A site with faults is told and changes
 * nothing; a good one is taken whole.
 */
#include "engine/start.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "chrony/chrony.h"
#include "dnsmasq/dnsmasq.h"
#include "engine/cluster.h"
#include "engine/images.h"
#include "engine/machines.h"
#include "engine/names.h"
#include "lib/file.h"
#include "lib/hex.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "plan/script.h"
#include "site/parse.h"

static void
put_findings(json_t *config, const struct site_findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->count; i++) {
		const struct site_finding *f = &findings->items[i];
		json_t *one = json_object();

		json_put_flag(one, "error", f->error);
		json_put(one, "file", f->file ? f->file : "");
		json_put_num(one, "line", f->line);
		json_put_num(one, "column", f->column);
		json_put(one, "text", f->text);
		json_array_append_new(list, one);
	}
	json_object_set_new(config, "findings", list);
}

static void
put_listen(json_t *list, const char *name, const struct site *site, uint16_t port)
{
	char address[NET_IP4_TEXT];
	json_t *one = json_object();

	net_ip4_format(address, site->address.address);
	json_put(one, "name", name);
	json_put(one, "address", address);
	json_put_num(one, "port", port);
	json_array_append_new(list, one);
}

/* The iPXE binary of a machine where it is not the site's, by all that is known of it: rules may
 * ask what it said of itself. */
static const char *
firmware_of(const struct engine *e, const struct machine *m)
{
	struct site_boot boot;

	plan_settings(e->site, m->site, &m->claims, &boot);
	if (!boot.firmware && m->learnt.binary[0])
		return m->learnt.binary;
	return str_eq(boot.firmware, e->site->boot.firmware) ? NULL : boot.firmware;
}

/* dnsmasq's configuration and reservations; machines that a person approved have names too. */
static void
put_dnsmasq(struct engine *e, json_t *config)
{
	struct dnsmasq_host *hosts = mem_new((e->nmachines + 1) * sizeof(*hosts));
	const char **firmware = mem_new((e->site->nmachines + 1) * sizeof(*firmware));
	struct dnsmasq_learnt learnt = { .hosts = hosts, .firmware = firmware };
	char *text;

	for (size_t i = 0; i < e->nmachines; i++) {
		const struct machine *m = e->machines[i];

		if (m->site)
			firmware[m->site - e->site->machines] = firmware_of(e, m);
		else if (m->approved && m->nmacs)
			hosts[learnt.nhosts++] = (struct dnsmasq_host){
				.mac = m->macs[0], .name = m->name, .firmware = firmware_of(e, m),
			};
	}
	text = dnsmasq_render(e->site, &dnsmasq_paths, &learnt);
	json_put(config, "dnsmasq", text);
	free(text);
	text = dnsmasq_hosts(e->site, &learnt);
	json_put(config, "hosts", text);
	free(text);
	json_put(config, "names", names_text(e));
	free(firmware);
	free(hosts);
}

/* The head of the scripts that go out by TFTP, and the scripts. */
static int
put_scripts(const struct engine *e, const struct site *site, json_t *config, struct err *err)
{
	json_t *vars = json_object(), *tftp = json_object();
	char server[NET_IP4_TEXT], *text = NULL, *ntp = chrony_server(site);
	int r;

	net_ip4_format(server, site->address.address);
	json_put(vars, "url", e->url);
	json_put(vars, "https", e->https);
	json_put(vars, "server", server);
	json_put(vars, "ours", e->ours);
	json_put(vars, "ntp", ntp);
	r = script_render(vars, e->autoexec, &text, err);
	if (r == 0) {
		json_put(tftp, "autoexec.ipxe", text);
		free(text);
		r = script_render(vars, e->nic, &text, err);
	}
	if (r == 0) {
		json_put(tftp, "nic.ipxe", text);
		free(text);
	}
	json_object_set_new(config, "tftp", tftp);
	json_decref(vars);
	free(ntp);
	return r;
}

/* The site's own manifests, which the keeper is to send: an empty list too, for they may have
 * become none. */
static void
put_manifests(const struct engine *e, json_t *config)
{
	const struct site_list *names = &e->site->kubernetes.manifests;
	json_t *list = json_array();

	for (size_t i = 0; i < names->count; i++)
		json_array_append_new(list, json_string(names->items[i]));
	json_object_set_new(config, "manifests", list);
}

static int
put_config(struct engine *e, json_t *config, struct err *err)
{
	json_t *listen = json_array();
	char *text;

	put_listen(listen, "http", e->site, e->site->http_port);
	put_listen(listen, "https", e->site, e->site->https_port);
	json_object_set_new(config, "listen", listen);
	put_dnsmasq(e, config);
	text = chrony_render(e->site);
	json_put(config, "chrony", text);
	free(text);
	json_put_flag(config, "set-clock", e->site->services.set_clock);
	put_manifests(e, config);
	json_put(config, "interface", e->site->interface);
	json_put(config, "ca", e->ca);
	json_put(config, "url", e->url);
	json_put_num(config, "transfers", e->site->transfers);
	return put_scripts(e, e->site, config, err);
}

/* Takes both. */
static void
set_site(struct engine *e, const struct sources *sources, struct site *site)
{
	struct site *old = e->site;

	sources_fini(&e->sources);
	e->sources = *sources;
	free(e->url);
	free(e->https);
	e->site = site;
	e->url = site_http_url(site);
	e->https = site_https_url(site);
	machines_reconcile(e);
	cluster_changed(e);
	site_free(old);
}

static int
read_text(char **ret, const char *folder, const char *name, struct err *err)
{
	char *path = str_format("%s/%s", folder, name);
	int r = file_read(AT_FDCWD, path, ret, NULL, err);

	free(path);
	return r;
}

/* What is shipped with the program. */
static int
read_shipped(struct engine *e, const char *data, struct err *err)
{
	int r = read_text(&e->autoexec, data, "ipxe-scripts/autoexec.ipxe", err);

	if (r == 0)
		r = read_text(&e->nic, data, "ipxe-scripts/nic.ipxe", err);
	return r;
}

static int
read_pki(struct engine *e, struct err *err)
{
	uint8_t fingerprint[32];
	char *key = NULL;
	X509 *ca;
	int r;

	r = file_read(AT_FDCWD, "pki/ca.crt", &e->ca_pem, NULL, err);
	if (r == 0)
		r = file_read(AT_FDCWD, "pki/engine.crt", &e->cert_pem, NULL, err);
	if (r == 0)
		r = file_read(AT_FDCWD, "pki/engine.key", &key, NULL, err);
	if (r < 0)
		return r;
	e->key = pki_key_parse(key, err);
	OPENSSL_cleanse(key, strlen(key));
	free(key);
	if (!e->key)
		return err_wrap(err, -EINVAL, "pki/engine.key");
	e->cert = pki_cert_parse(e->cert_pem, err);
	if (!e->cert)
		return err_wrap(err, -EINVAL, "pki/engine.crt");
	ca = pki_cert_parse(e->ca_pem, err);
	if (!ca)
		return err_wrap(err, -EINVAL, "pki/ca.crt");
	pki_cert_fingerprint(ca, fingerprint);
	hex_format(e->ca, fingerprint, sizeof(fingerprint));
	X509_free(ca);
	return 0;
}

static int
first_time(struct engine *e, const json_t *body, struct err *err)
{
	int r = read_pki(e, err);

	if (r == 0)
		r = cluster_load(e, err);
	if (r == 0)
		r = read_shipped(e, json_str(body, "data", ""), err);
	/* of undionly.kpxe: the keeper has read it from there */
	if (r == 0)
		e->ours = str_dup(json_str(body, "version", ""));
	return r;
}

int
start_again(struct engine *e, struct err *err)
{
	json_t *config = json_object();
	int r;

	json_put(config, "type", "config");
	json_put_flag(config, "ok", true);
	r = put_config(e, config, err);
	if (r == 0)
		engine_send(e, e->keeper, config);
	else
		json_decref(config);
	return r;
}

int
start_with(struct engine *e, const struct sources *sources, struct site *site, struct err *err)
{
	set_site(e, sources, site);
	return start_again(e, err);
}

/* The site as its files say it, unless they change what a cluster that was made cannot. */
static struct site *
parse(const struct engine *e, const struct sources *sources, struct site_findings *findings)
{
	struct site *site = site_parse(sources->items, sources->count, findings);
	const struct cluster *c = e->cluster;

	if (!site || !c->made_ms || !c->frozen)
		return site;
	site_check_frozen(site, c->frozen, sources->items, findings);
	if (findings->errors == 0)
		return site;
	site_free(site);
	return NULL;
}

int
start_take(struct engine *e, struct msg *msg, struct err *err)
{
	struct site_findings findings = { .items = NULL };
	json_t *config = json_object();
	struct site *site = NULL;
	struct sources sources;
	int r;

	json_put(config, "type", "config");
	r = e->ours ? 0 : first_time(e, msg->body, err);
	if (r == 0)
		r = sources_read(&sources, msg, err);
	if (r < 0)
		goto out;
	site = parse(e, &sources, &findings);
	put_findings(config, &findings);
	site_findings_fini(&findings);
	json_put_flag(config, "ok", site != NULL);
	if (!site) {
		sources_fini(&sources);
		goto send;
	}
	set_site(e, &sources, site);
	r = engine_images_load(e, err);
	if (r == 0)
		r = put_config(e, config, err);
	if (r < 0)
		goto out;
	e->started = true;
	/* parsing took twice what stays, and the former site is gone: the system has it back */
	malloc_trim(0);
send:
	engine_send(e, e->keeper, config);
	return 0;
out:
	json_decref(config);
	return r;
}

void
start_fini(struct engine *e)
{
	site_free(e->site);
	sources_fini(&e->sources);
	free(e->url);
	free(e->https);
	free(e->ours);
	free(e->autoexec);
	free(e->nic);
	EVP_PKEY_free(e->key);
	X509_free(e->cert);
	free(e->ca_pem);
	free(e->cert_pem);
}
