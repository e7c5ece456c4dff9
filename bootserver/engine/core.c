/*
 * The engine's one table: which message goes where; and its turns: all that one pass of the event
 * loop changes is kept in one transaction, and answers leave only after it is.
 */
#include "engine/core.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/agent.h"
#include "engine/boot.h"
#include "engine/cloudinit.h"
#include "engine/cluster.h"
#include "engine/ear.h"
#include "engine/hub.h"
#include "engine/images.h"
#include "engine/machines.h"
#include "engine/names.h"
#include "engine/records.h"
#include "engine/report.h"
#include "engine/start.h"
#include "engine/timeline.h"
#include "engine/trial.h"
#include "lib/clock.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/str.h"

/* A child of the keeper changed its state. */
static void
child(struct engine *e, const json_t *body)
{
	static const char *const names[CHILD_COUNT] = {
		[CHILD_DNSMASQ] = "dnsmasq", [CHILD_WEB] = "web", [CHILD_CHRONY] = "chrony",
	};

	for (size_t i = 0; i < CHILD_COUNT; i++) {
		struct child_word *word = &e->children[i];

		if (strcmp(json_str(body, "name", ""), names[i]) != 0)
			continue;
		str_copy(word->state, sizeof(word->state), json_str(body, "state", ""));
		str_copy(word->text, sizeof(word->text), json_str(body, "text", ""));
	}
}

static void
health(struct engine *e, const json_t *body)
{
	engine_answer(e, json_num(body, "id", 0), 200, "body", "ok\n");
}

static void
metrics(struct engine *e, const json_t *body)
{
	struct buf text;

	buf_init(&text);
	metrics_format(e, &text);
	engine_answer(e, json_num(body, "id", 0), 200, "body", text.text);
	buf_fini(&text);
}

static const struct {
	const char *type;
	bool of_keeper;		/* comes from the keeper, else from web */
	void (*take)(struct engine *e, const json_t *body);
} messages[] = {
	{ "lease", true, timeline_lease },
	{ "tftp", true, timeline_tftp },
	{ "child", true, child },
	{ "answer", true, edit_answer },
	{ "heard", false, ear_heard },
	{ "greet", false, timeline_greet },
	{ "boot", false, boot_script },
	{ "site-json", false, boot_site_json },
	{ "report", false, timeline_report },
	{ "transfer", false, timeline_transfer },
	{ "agent", false, agent_request },
	{ "cloud-init", false, cloudinit_file },
	{ "health", false, health },
	{ "metrics", false, metrics },
};

/* Web was started anew: what its former self had asked is asked again. */
static int
take_peer(struct engine *e, struct msg *msg)
{
	if (msg->nfds != 1)
		return 0;
	if (e->web >= 0)
		close(e->web);
	e->web = msg->fds[0];
	msg->fds[0] = -1;
	e->npolls = 0;
	return 0;
}

/* The texts of the site's own manifests. */
static void
take_manifests(struct engine *e, struct msg *msg)
{
	struct sources manifests = { NULL, 0 };
	struct err err;

	if (json_array_size(json_object_get(msg->body, "files")) > 0 &&
	    sources_read(&manifests, msg, &err) < 0) {
		log_error("text=\"manifests: %s\"", err.text);
		return;
	}
	sources_fini(&e->manifests);
	e->manifests = manifests;
	cluster_changed(e);
}

int
engine_message(struct engine *e, int fd, struct msg *msg, struct err *err)
{
	const char *type = msg_type(msg);
	bool keeper = fd == e->keeper;

	if (keeper && (strcmp(type, "start") == 0 || strcmp(type, "reload") == 0))
		return start_take(e, msg, err);
	if (keeper && strcmp(type, "peer") == 0)
		return take_peer(e, msg);
	if (keeper && strcmp(type, "manifests") == 0) {
		take_manifests(e, msg);
		return 0;
	}
	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		if (messages[i].of_keeper != keeper || strcmp(messages[i].type, type) != 0)
			continue;
		if (e->started)
			messages[i].take(e, msg->body);
		return 0;
	}
	log_warn("type=%.40s text=\"%s sent what is not its to send: dropped\"", type,
		 keeper ? "keeper" : "web");
	return 0;
}

void *
engine_room(void *array, size_t count, size_t *size, size_t each)
{
	if (count < *size)
		return array;
	*size = *size ? 2 * *size : 16;
	return mem_grow(array, *size, each);
}

void
engine_send(struct engine *e, int fd, json_t *body)
{
	e->answers = engine_room(e->answers, e->nanswers, &e->answers_size, sizeof(*e->answers));
	e->answers[e->nanswers++] = (struct answer){ .fd = fd, .body = body };
}

void
engine_answer(struct engine *e, int64_t id, int status, const char *key, const char *text)
{
	json_t *answer = json_object();

	json_put(answer, "type", "answer");
	json_put_num(answer, "id", id);
	json_put_num(answer, "status", status);
	json_put(answer, key, text);
	engine_send(e, e->web, answer);
}

static void
save_boot(struct engine *e, struct boot *b)
{
	if (!b || !b->dirty)
		return;
	b->dirty = false;
	records_save_boot(e, b);
}

static void
save(struct engine *e)
{
	for (size_t i = 0; i < e->nstale; i++) {
		struct machine *m = e->stale[i];

		m->stale = false;
		if (m->changed)
			records_save_machine(e, m);
		m->changed = false;
		save_boot(e, m->former);
		save_boot(e, m->boot);
	}
	e->nstale = 0;
}

/* A web that is gone gets nothing; the loop sees its end of file. */
static void
send_answers(struct engine *e)
{
	for (size_t i = 0; i < e->nanswers; i++) {
		struct answer *answer = &e->answers[i];
		struct err err;

		if (answer->fd >= 0 && msg_send(answer->fd, answer->body, NULL, 0, &err) < 0)
			log_error("text=\"%s\"", err.text);
		if (answer->asked_ms)
			metrics_decision(&e->metrics, clock_mono_ms() - answer->asked_ms);
		json_decref(answer->body);
	}
	e->nanswers = 0;
}

int
engine_turn(struct engine *e, struct err *err)
{
	int r;

	save(e);
	r = db_commit(&e->db, err);
	if (r < 0)
		return r;
	send_answers(e);
	hub_turn(e);
	return 0;
}

void
engine_tick(struct engine *e)
{
	if (e->started)
		report_tick(e);
	agent_tick(e);
	timeline_sweep(e);
	if (e->started)
		trials_tick(e);
	names_tick(e);
	ear_tick(e);
}

int
engine_new(struct engine **ret, const char *db, struct err *err)
{
	struct engine *e = mem_new(sizeof(*e));
	int r;

	e->keeper = e->web = -1;
	e->hub = mem_new(sizeof(*e->hub));
	for (size_t i = 0; i < CHILD_COUNT; i++)
		str_copy(e->children[i].state, sizeof(e->children[i].state), "starting");
	r = db_open(&e->db, db, err);
	if (r == 0)
		r = machines_load(e, err);
	if (r < 0) {
		engine_free(e);
		return r;
	}
	*ret = e;
	return 0;
}

void
engine_free(struct engine *e)
{
	struct index *indexes[] = { &e->names, &e->macs, &e->uuids, &e->pins, &e->pendings,
				    &e->codes, &e->ips, &e->nonces };

	for (size_t i = 0; i < e->nanswers; i++)
		json_decref(e->answers[i].body);
	free(e->answers);
	free(e->polls);
	machines_fini(e);
	for (size_t i = 0; i < sizeof(indexes) / sizeof(indexes[0]); i++)
		index_fini(indexes[i]);
	index_fini_values(&e->leases);
	engine_images_fini(e);
	cluster_free(e->cluster);
	sources_fini(&e->manifests);
	start_fini(e);
	edit_fini(e);
	names_fini(e);
	ear_fini(e);
	db_close(&e->db);
	free(e->hub);
	free(e);
}
