/*
 * An engine on a bench: a site directory with keys and one image, the keeper's and web's ends of
 * its channels in the test's hands, and a clock that stands still until the test moves it.  Each
 * test program includes this file.
 */
#include "cmocka_all.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/core.h"
#include "engine/hub.h"
#include "engine/routes.h"
#include "lib/chance.h"
#include "lib/clock.h"
#include "lib/cms.h"
#include "lib/file.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/pki.h"
#include "lib/str.h"
#include "site/parse.h"
#include "sitedir/pki.h"
#include "sitedir/store.h"
#include "tests/unit/sitedir/folder.h"

#define BENCH_NOW 1790000000000
#define MAC1 "52:54:00:00:00:01"
#define MAC2 "52:54:00:00:00:02"
#define STRANGE "52:54:00:00:00:99"

struct bench {
	struct folder *folder;
	struct engine *e;
	int keeper, web;	/* our ends */
	int64_t id;		/* of web's last request */
	json_t *config;		/* the last one */
};

/* In place of libc's, for SQLite and lib/file.h alike: nothing of a bench outlives its test, so
 * nobody waits for the disk that the tests are on.  How often somebody would have. */
static unsigned bench_syncs;
int
fsync(int fd)
{
	(void)fd;
	bench_syncs++;
	return 0;
}
int
fdatasync(int fd)
{
	return fsync(fd);
}

static const char bench_site[] =
	"site: {name: lab, domain: lab.internal}\n"
	"server: {interface: br0, address: 10.9.0.1/24}\n"
	"dhcp: {range: 10.9.0.100-10.9.0.199}\n"
	"image: edge\n"
	"machines:\n"
	"  - {name: n1, mac: \"" MAC1 "\"}\n"
	"  - {name: n2, mac: \"" MAC2 "\", uuid: 11111111-2222-3333-4444-555555555555}\n";

static inline void
bench_put(const char *path, const void *data, size_t len)
{
	struct err err = { "" };

	if (file_write((struct file_new){ AT_FDCWD, path, 0644 }, data, len, &err) < 0)
		fail_msg("%s", err.text);
}

/* Adds a generation of `name` for amd64, whose kernel is the text `kernel`; with `kubernetes` (may
 * be NULL) it has the part kube of that version. */
static inline void
bench_image_kube(const char *name, const char *kernel, const char *kubernetes)
{
	static const char *const parts[] = { "kernel", "initrd", "root", "kube" };
	const char *texts[] = { kernel, "the initrd", "the root", kubernetes };
	struct store_added added;
	struct err err = { "" };
	struct buf manifest;
	int fd;

	mkdir("built", 0755);
	buf_init(&manifest);
	buf_format(&manifest, "{\"schema\": 1, \"name\": \"%s\", \"version\": \"1\", \"parts\": [",
		   name);
	for (int i = 0; i < 4 && texts[i]; i++) {
		char sha256[SHA256_TEXT], path[128];

		sha256_text(sha256, texts[i], strlen(texts[i]));
		snprintf(path, sizeof(path), "built/%s", sha256);
		bench_put(path, texts[i], strlen(texts[i]));
		buf_format(&manifest,
			   "%s{\"part\": \"%s\", \"arch\": \"amd64\", \"sha256\": \"%s\","
			   " \"size\": %zu",
			   i ? ", " : "", parts[i], sha256, strlen(texts[i]));
		if (i == 3 && kubernetes)
			buf_format(&manifest, ", \"version\": \"%s\"", kubernetes);
		buf_text(&manifest, "}");
	}
	buf_text(&manifest, "], \"args\": {\"amd64\": \"quiet\"}}");
	bench_put("built/manifest.json", manifest.text, manifest.len);
	buf_fini(&manifest);
	fd = open("built", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store_add(AT_FDCWD, fd, NULL, &added, &err) < 0)
		fail_msg("%s", err.text);
	close(fd);
}

static inline void
bench_image(const char *name, const char *kernel)
{
	bench_image_kube(name, kernel, NULL);
}

/* Everything that an earlier turn sent is answered; what `fd` has to say now, or NULL. */
static inline json_t *
bench_hear(int fd)
{
	struct msg msg;
	struct err err = { "" };
	json_t *body;

	if (msg_recv(fd, &msg, &err) != 1)
		return NULL;
	body = json_incref(msg.body);
	msg_fini(&msg);
	return body;
}

/* One message to the engine, in a turn of its own; takes the reference. */
static inline void
bench_say(struct bench *b, bool keeper, json_t *body, const int *fds, size_t nfds)
{
	struct msg msg = { .body = body };
	struct err err = { "" };

	if (msg_check(body, &err) < 0)
		fail_msg("%s", err.text);
	for (size_t i = 0; i < nfds; i++)
		msg.fds[msg.nfds++] = fds[i];
	if (engine_message(b->e, keeper ? b->e->keeper : b->e->web, &msg, &err) < 0 ||
	    engine_turn(b->e, &err) < 0)
		fail_msg("%s", err.text);
	msg_fini(&msg);
}

/* Gives the engine the site file: `type` is start or reload; the answer is kept in b->config. */
static inline void
bench_site_file(struct bench *b, const char *type, const char *text)
{
	json_t *body;
	int fd;

	bench_put("site.yaml", text, strlen(text));
	fd = open("site.yaml", O_RDONLY | O_CLOEXEC);
	body = json_pack("{s:s, s:[{s:s, s:i}], s:s, s:s}", "type", type, "files", "name",
			 "site.yaml", "size", (int)strlen(text), "data", "data", "version",
			 "2.0.0");
	bench_say(b, true, body, &fd, 1);
	json_decref(b->config);
	b->config = bench_hear(b->keeper);
	assert_non_null(b->config);
}

static inline void
bench_start(struct bench *b, const char *site)
{
	int keeper[2], web[2];
	struct err err = { "" };

	if (engine_new(&b->e, "state/bootserver.db", &err) < 0 || msg_pair(keeper, &err) < 0 ||
	    msg_pair(web, &err) < 0)
		fail_msg("%s", err.text);
	b->e->keeper = keeper[0], b->keeper = keeper[1];
	b->e->web = web[0], b->web = web[1];
	bench_site_file(b, "start", site);
}

static inline void
bench_stop(struct bench *b)
{
	close(b->e->keeper);
	close(b->e->web);
	close(b->keeper);
	close(b->web);
	engine_free(b->e);
	b->e = NULL;
}

/* Keys and certificates: those that are missing are made. */
static inline int
bench_pki(void)
{
	static char name[] = "lab", domain[] = "lab.internal";
	struct site site = { .name = name, .domain = domain, .address = { 0x0a090001, 24 } };
	struct err err;

	return sitedir_pki_ensure(AT_FDCWD, &site, (uid_t)-1, (gid_t)-1, &err);
}

static inline int
bench_enter(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	void *folder;
	struct err err = { "" };

	log_init("test", LOG_LEVEL_ERROR);
	clock_fake_ms = BENCH_NOW;
	chance_seed(7);
	if (!b || folder_enter(&folder) < 0 ||
	    sitedir_folders_ensure(AT_FDCWD, (uid_t)-1, (gid_t)-1, &err) < 0 ||
	    bench_pki() < 0)
		return -1;
	b->folder = folder;
	mkdir("data", 0755);
	mkdir("data/ipxe-scripts", 0755);
	bench_put("data/ipxe-scripts/autoexec.ipxe", "#!ipxe\necho hello\n", 18);
	bench_put("data/ipxe-scripts/nic.ipxe", "#!ipxe\necho nic\n", 16);
	bench_image("edge", "kernel one");
	bench_start(b, bench_site);
	*state = b;
	return 0;
}

static inline int
bench_leave(void **state)
{
	struct bench *b = *state;
	void *folder = b->folder;

	bench_stop(b);
	json_decref(b->config);
	free(b);
	clock_fake_ms = -1;
	chance_seed(0);
	return folder_leave(&folder);
}

/* A request of web: the answer. */
static inline json_t *
bench_ask(struct bench *b, json_t *body)
{
	json_t *answer;

	json_put_num(body, "id", ++b->id);
	bench_say(b, false, body, NULL, 0);
	answer = bench_hear(b->web);
	if (answer)
		assert_int_equal(json_num(answer, "id", -1), b->id);
	return answer;
}

static inline void
bench_lease(struct bench *b, const char *mac, const char *ip, const char *vendor, const char *user)
{
	bench_say(b, true, json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "type", "lease", "action",
				     "add", "mac", mac, "ip", ip, "vendor", vendor, "user", user),
		  NULL, 0);
}

/* A boot request of an x86_64 UEFI machine. */
static inline json_t *
bench_boot_as(struct bench *b, const char *mac, const char *ip, const char *uuid)
{
	return bench_ask(b, json_pack("{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s}}", "type", "boot",
				      "ip", ip, "claims", "mac", mac, "uuid", uuid, "arch",
				      "x86_64", "platform", "efi", "version", "2.0.0"));
}

static inline json_t *
bench_boot(struct bench *b, const char *mac, const char *ip)
{
	return bench_boot_as(b, mac, ip, "");
}

/* Boots and gives the nonce of the script, which must be `script`. */
static inline void
bench_nonce(struct bench *b, const char *mac, const char *ip, const char *script,
	    char ret[BOOT_NONCE])
{
	json_t *answer = bench_boot(b, mac, ip);

	assert_string_equal(json_str(answer, "script", ""), script);
	str_copy(ret, BOOT_NONCE, json_str(json_object_get(answer, "vars"), "nonce", ""));
	json_decref(answer);
}

static inline void
bench_transfer(struct bench *b, const char *nonce, const char *bytes, const char *state)
{
	char sha256[SHA256_TEXT];

	sha256_text(sha256, bytes, strlen(bytes));
	bench_say(b, false,
		  json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:i, s:i, s:i}", "type",
			    "transfer", "nonce", nonce, "ip", "10.9.0.101", "sha256", sha256,
			    "done", 5, "total", 10, "state", state, "ms", 20, "place", 3,
			    "waiting", 9),
		  NULL, 0);
}

static inline json_t *
bench_route(struct bench *b, const char *method, const char *path, const char *body, int status)
{
	json_t *sent = body ? json_loads(body, 0, NULL) : NULL, *answer = NULL;
	struct route_ask ask = { .method = method, .path = path, .body = sent };
	struct err err = { "" };

	assert_int_equal(route(b->e, &ask, &answer), status);
	assert_int_equal(engine_turn(b->e, &err), 0);
	json_decref(sent);
	return answer;
}

/* The list of machines, taken in pieces of `piece` bytes. */
static inline json_t *
bench_machines(struct bench *b, const char *after, int64_t most, size_t piece)
{
	struct hub_reader *reader = hub_open_machines(b->e, after, most);
	struct err err = { "" };
	json_t *list = NULL;
	struct buf text;
	char some[4096];
	ssize_t len;

	buf_init(&text);
	while ((len = hub_read(b->e, reader, some, piece)) > 0)
		buf_add(&text, some, (size_t)len);
	hub_close(b->e, reader);
	assert_int_equal(len, -1);
	if (json_parse(&list, text.text, text.len, &err) < 0)
		fail_msg("%s: %s", err.text, text.text);
	buf_fini(&text);
	return list;
}

/* A member of the machine as the API shows it; the text lives until the next call. */
static inline const char *
bench_shows(struct bench *b, const char *machine, const char *member)
{
	static char text[512];
	char path[128];
	json_t *answer;

	snprintf(path, sizeof(path), "/v1/machines/%s", machine);
	answer = bench_route(b, "GET", path, NULL, 200);
	str_copy(text, sizeof(text), json_str(answer, member, "(null)"));
	json_decref(answer);
	return text;
}

/* An agent: its key and what it counts. */
struct bench_agent {
	EVP_PKEY *key;
	X509 *cert;
	const char *ip;
	char nonce[BOOT_NONCE];
	int64_t counter;
};

static inline void
bench_agent_init(struct bench_agent *agent, const char *nonce)
{
	struct pki_cert what = {
		.cn = "machine", .use = PKI_SIGNER, .from_s = 0, .to_s = 4000000000};
	struct err err = { "" };

	agent->key = pki_key_new(&err);
	agent->cert = pki_cert_new(&what, agent->key, NULL, NULL, &err);
	assert_non_null(agent->cert);
	str_copy(agent->nonce, sizeof(agent->nonce), nonce);
	agent->ip = "10.9.0.101";
	agent->counter = 0;
}

static inline void
bench_agent_fini(struct bench_agent *agent)
{
	X509_free(agent->cert);
	EVP_PKEY_free(agent->key);
}

/* n1 asks for its image's script and fetches the kernel: the agent has the boot's nonce. */
static inline void
bench_agent_boots(struct bench *b, struct bench_agent *agent, const char *kernel)
{
	bench_lease(b, MAC1, agent->ip, "PXEClient", "");
	bench_nonce(b, MAC1, agent->ip, "image", agent->nonce);
	bench_transfer(b, agent->nonce, kernel, "begin");
}

/* The same a minute later, by the image that begins with "kernel one". */
static inline void
bench_agent_reboots(struct bench *b, struct bench_agent *agent)
{
	clock_fake_ms += 60000;
	bench_agent_boots(b, agent, "kernel one");
}

/* Opens a signed answer, checks that the engine signed it, and its status. */
static inline json_t *
bench_open(struct bench *b, json_t *answer, int status)
{
	json_t *body = NULL;
	struct err err = { "" };
	char *data = NULL;
	void *der = NULL;
	X509 *cert = NULL;
	size_t len;

	assert_non_null(answer);
	assert_int_equal(json_num(answer, "status", 0), status);
	assert_int_equal(json_bytes(answer, "der", &der, &len), 0);
	assert_int_equal(cms_open((struct cms_bytes){ der, len }, &data, &len, &cert, &err), 0);
	assert_int_equal(X509_cmp(cert, b->e->cert), 0);
	assert_int_equal(json_parse(&body, data, len, &err), 0);
	X509_free(cert);
	free(data);
	free(der);
	json_decref(answer);
	return body;
}

/* The message that carries what the agent signs; takes `said`'s reference. */
static inline json_t *
bench_signed(struct bench_agent *agent, const char *path, json_t *said)
{
	json_t *body = json_pack("{s:s, s:s, s:s}", "type", "agent", "ip", agent->ip, "path",
				 path);
	unsigned char *der;
	struct err err = { "" };
	size_t len;
	char *text;

	json_put(said, "nonce", agent->nonce);
	json_put_num(said, "counter", ++agent->counter);
	json_put_num(said, "time_ms", clock_now_ms());
	text = json_text(said, &len);
	assert_int_equal(cms_sign(&(struct cms_who){ agent->key, agent->cert },
				  (struct cms_bytes){ text, len }, &der, &len, &err), 0);
	json_put_bytes(body, "der", der, len);
	free(der);
	free(text);
	json_decref(said);
	return body;
}

/* Asks as the agent; the opened answer. */
static inline json_t *
bench_agent_ask(struct bench *b, struct bench_agent *agent, const char *path, json_t *said,
		int status)
{
	return bench_open(b, bench_ask(b, bench_signed(agent, path, said)), status);
}

static inline void
bench_enrol(struct bench *b, struct bench_agent *agent, const char *ip, const char *state,
	    int status)
{
	json_t *said = json_pack("{s:s, s:s, s:{s:s}}", "mac", MAC1, "state", state, "facts",
				 "arch", "amd64");

	agent->ip = ip;
	json_decref(bench_agent_ask(b, agent, "enrol", said, status));
}

/* One event; the acknowledged number. */
static inline int64_t
bench_event(struct bench *b, struct bench_agent *agent, int64_t seq, const char *phase,
	    const char *state)
{
	json_t *said = json_pack("{s:[{s:I, s:s, s:s, s:s, s:I}]}", "events", "seq",
				 (json_int_t)seq, "phase", phase, "state", state, "text",
				 "said by the agent", "at_ms", (json_int_t)clock_now_ms());
	json_t *answer = bench_agent_ask(b, agent, "events", said, 200);
	int64_t ack = json_num(answer, "ack", -1);

	json_decref(answer);
	return ack;
}

/* The events of the machine's newest boot, by phase and state: how many there are. */
static inline int
bench_count(struct bench *b, const char *machine, const char *phase, const char *state)
{
	char path[128];
	json_t *answer, *events;
	int count = 0;

	snprintf(path, sizeof(path), "/v1/machines/%s", machine);
	answer = bench_route(b, "GET", path, NULL, 200);
	events = json_object_get(json_array_get(json_object_get(answer, "boots"), 0), "events");
	for (size_t i = 0; i < json_array_size(events); i++) {
		json_t *event = json_array_get(events, i);

		count += strcmp(json_str(event, "phase", ""), phase) == 0 &&
			 strcmp(json_str(event, "state", ""), state) == 0;
	}
	json_decref(answer);
	return count;
}
