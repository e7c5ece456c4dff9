/*
 * Messages to the engine, a line each ("k" before it: from the keeper, else from web, which hostile
 * machines may have made their own).  The text NONCE stands for that of the newest boot; `said` of
 * an agent message is signed here.  Whatever comes, what the engine knows stays whole.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cluster.h"
#include "engine/core.h"
#include "engine/hub.h"
#include "engine/machines.h"
#include "engine/routes.h"
#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "site/parse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char site_text[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
	"image: edge\n"
	"enrolment: {control-plane: listed}\n"
	"machines: [{name: n1, mac: \"52:54:00:00:00:01\"}]\n";
static char edge[] = "edge", kernel_name[] = "kernel";
static EVP_PKEY *key;
static X509 *cert;

/* The cluster's keys, and an image that brings Kubernetes. */
static void
begin_cluster(struct engine *e)
{
	struct image *image = mem_new(sizeof(*image));
	struct cluster *c = mem_new(sizeof(*c));

	e->cluster = c;
	c->ca = cert;
	c->ca_key = key;
	EVP_PKEY_up_ref(key);
	X509_up_ref(cert);
	c->changes = 1;
	str_copy(c->id, sizeof(c->id), "id");
	for (int i = 0; i < PKI_FILES; i++)
		c->pki[i] = str_dup("pem");
	image->name = str_dup(edge);
	image->generation = 1;
	image->parts = mem_new(sizeof(*image->parts));
	image->nparts = 1;
	*image->parts = (struct image_part){ .part = str_dup("kube"), .arch = SITE_ARCH_AMD64,
					     .version = str_dup("v1.36.4") };
	e->images = (struct images){ image, 1 };
}

/* The engine as it is after a start: what start.c reads from files is made here. */
static struct engine *
begin(void)
{
	struct site_source source = { "site.yaml", site_text, sizeof(site_text) - 1 };
	struct pki_cert what = { .cn = "x", .use = PKI_SIGNER, .to_s = 4000000000 };
	struct site_findings findings;
	struct engine *e;
	struct err err;

	if (!key) {
		log_init("fuzz", LOG_LEVEL_ERROR);
		key = pki_key_new(&err);
		cert = pki_cert_new(&what, key, NULL, NULL, &err);
	}
	clock_fake_ms = 1790000000000;
	chance_seed(7);
	assert(engine_new(&e, ":memory:", &err) == 0);
	e->site = site_parse(&source, 1, &findings);
	site_findings_fini(&findings);
	e->url = str_dup("http://10.9.0.1");
	e->https = str_dup("https://10.9.0.1");
	e->ca_pem = str_dup("ca");
	e->cert_pem = pki_cert_pem(cert);
	e->key = key;
	e->cert = cert;
	EVP_PKEY_up_ref(key);
	X509_up_ref(cert);
	e->choices = mem_new(sizeof(*e->choices));
	*e->choices = (struct plan_image){ .name = edge, .generation = 1, .arch = SITE_ARCH_AMD64,
					   .args = kernel_name };
	memset(e->choices->kernel.sha256, 'a', 64);
	memset(e->choices->initrd.sha256, 'b', 64);
	memset(e->choices->root.sha256, 'c', 64);
	e->nchoices = 1;
	begin_cluster(e);
	machines_reconcile(e);
	e->started = true;
	return e;
}

static const char *
newest_nonce(const struct engine *e)
{
	const char *nonce = "";
	int64_t newest = 0;

	for (size_t i = 0; i < e->nmachines; i++) {
		const struct boot *b = e->machines[i]->boot;

		if (b && b->id > newest && b->nonces[0][0]) {
			newest = b->id;
			nonce = b->nonces[0];
		}
	}
	return nonce;
}

static char *
fill_nonce(const struct engine *e, const char *line, size_t len)
{
	struct buf text;

	buf_init(&text);
	for (size_t i = 0; i < len; i++) {
		if (len - i >= 5 && memcmp(line + i, "NONCE", 5) == 0) {
			buf_text(&text, newest_nonce(e));
			i += 4;
		} else
			buf_add(&text, line + i, 1);
	}
	return text.text;
}

static void
sign(json_t *body)
{
	json_t *said = json_object_get(body, "said");
	struct cms_who who = { key, cert };
	unsigned char *der;
	struct err err;
	size_t len, der_len;
	char *text;

	if (!json_is_object(said))
		return;
	text = json_text(said, &len);
	assert(cms_sign(&who, (struct cms_bytes){ text, len }, &der, &der_len, &err) == 0);
	json_put_bytes(body, "der", der, der_len);
	free(der);
	free(text);
}

static void
take_line(struct engine *e, const char *line, size_t len)
{
	bool keeper = len > 0 && line[0] == 'k';
	char *text = fill_nonce(e, line + keeper, len - keeper);
	struct msg msg = { .body = NULL };
	struct err err;

	if (json_parse(&msg.body, text, strlen(text), &err) == 0 && json_is_object(msg.body)) {
		sign(msg.body);
		if (msg_check(msg.body, &err) == 0 && strcmp(msg_type(&msg), "start") != 0 &&
		    strcmp(msg_type(&msg), "reload") != 0) {
			assert(engine_message(e, keeper ? e->keeper : e->web, &msg, &err) == 0);
			clock_fake_ms += 1000;
			engine_tick(e);
			assert(engine_turn(e, &err) == 0);
		}
	}
	msg_fini(&msg);
	free(text);
}

/* All machines can be shown. */
static void
check_list(struct engine *e)
{
	struct hub_reader *reader = hub_open_machines(e, "", INT64_MAX);
	json_t *list = NULL;
	struct err err;
	struct buf text;
	char some[1024];
	ssize_t len;

	buf_init(&text);
	while ((len = hub_read(e, reader, some, sizeof(some))) > 0)
		buf_add(&text, some, (size_t)len);
	hub_close(e, reader);
	assert(json_parse(&list, text.text, text.len, &err) == 0);
	assert(json_array_size(list) == e->nmachines);
	json_decref(list);
	buf_fini(&text);
}

/* Nobody is healthy without a key, and all that is known can be shown. */
static void
check(struct engine *e)
{
	struct route_ask ask = { .method = "GET", .path = "/v1/cluster" };
	json_t *answer = NULL;

	for (size_t i = 0; i < e->nmachines; i++) {
		const struct machine *m = e->machines[i];

		assert(!m->last_good[0] || m->pin[0]);
		assert(!m->pin[0] || machines_approved(e, m));
		assert(index_find(&e->names, m->name) == m);
		assert(str_is_label(m->name));
	}
	check_list(e);
	assert(route(e, &ask, &answer) == 200);
	json_decref(answer);
	assert(!e->cluster->made_ms || strcmp(e->cluster->made_by, "n1") == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct engine *e = begin();
	const char *at = (const char *)data, *end = at + len;

	e->keeper = -2;		/* nobody listens: answers are dropped */
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));

		if (!stop)
			stop = end;
		take_line(e, at, (size_t)(stop - at));
		at = stop + 1;
	}
	check(e);
	engine_free(e);
	return 0;
}
