#ifndef ENGINE_CORE_H
#define ENGINE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "engine/db.h"
#include "engine/edit.h"
#include "engine/index.h"
#include "engine/machine.h"
#include "engine/metrics.h"
#include "engine/sources.h"
#include "lib/err.h"
#include "lib/msg.h"
#include "lib/sha256.h"
#include "plan/phase.h"
#include "plan/plan.h"
#include "site/site.h"
#include "sitedir/images.h"

/*
 * The engine without its process: everything it knows, and one function a message.  engine.c wraps
 * the event loop around it; tests drive it by hand.  One thread, so nothing is locked.
 */

/* A request of an agent that is answered later. */
struct held_poll {
	struct machine *machine;
	int64_t id;		/* of web's request */
	int64_t until_ms;	/* monotonic */
	int64_t received_ms;
};

struct answer {
	int fd;
	json_t *body;
	int64_t asked_ms;	/* a script: when it was asked for, monotonic; 0: something else */
};

enum { CHILD_DNSMASQ, CHILD_WEB, CHILD_CHRONY, CHILD_COUNT };
struct child_word { char state[32], text[160]; };	/* as the keeper last said */

struct hub;
struct ear;
struct cluster;

struct engine {
	int keeper, web;	/* channels, -1: none */
	struct db db;
	bool started;

	struct site *site;
	struct sources sources;	/* what it was made from */
	struct edit edit;	/* a machine being written through the API */
	char *url, *https;
	char *ours;		/* version of our undionly.kpxe, "" unknown */
	char *autoexec, *nic;	/* the plain scripts that go out by TFTP */
	EVP_PKEY *key;		/* the engine's */
	X509 *cert;
	char *ca_pem, *cert_pem;
	char ca[SHA256_TEXT];	/* fingerprint */

	struct sources manifests;	/* the site's own, in its order */
	struct cluster *cluster;	/* NULL before the first start */

	struct images images;
	struct plan_image *choices;	/* images by architecture, for plan_choose() */
	size_t nchoices;

	struct machine **machines;	/* by name: roll.h */
	size_t nmachines, machines_size;
	size_t unknown;		/* of them not in the site and not approved */
	struct index names, macs, uuids, pins, pendings, codes, ips;	/* to a machine */
	struct index nonces;	/* to a boot */
	struct index leases;	/* address to a MAC, owned */
	char *names_text;	/* names and addresses, as the keeper was told; NULL: not yet */
	bool names_stale;	/* an address changed since */
	int64_t last_machine, last_boot;	/* highest ids given */
	struct machine **stale;	/* those with something to save at the turn's end */
	size_t nstale, stale_size;

	struct held_poll *polls;
	size_t npolls, polls_size;
	struct answer *answers;	/* sent after the commit */
	size_t nanswers, answers_size;
	struct ear *ear;	/* NULL: nothing heard yet */
	struct hub *hub;	/* live subscribers to events */
	struct child_word children[CHILD_COUNT];
	struct metrics metrics;
};

/* `db` is the database's path; channels may be -1.  The site comes by a `start` message. */
int engine_new(struct engine **ret, const char *db, struct err *err);
void engine_free(struct engine *e);

/* Takes one message that came from `fd` (e->keeper or e->web).  Negative: the engine must leave. */
int engine_message(struct engine *e, int fd, struct msg *msg, struct err *err);

/* What time brings: held polls that run out, boots that stand still.  Once a second. */
void engine_tick(struct engine *e);

/* The end of a turn: saves what changed, commits, sends the answers, wakes subscribers. */
int engine_turn(struct engine *e, struct err *err);

/* Queues a message (the reference is taken) until the turn's end. */
void engine_send(struct engine *e, int fd, json_t *body);

/* An `answer` to web's request with a status and text; `id` of the request. */
void engine_answer(struct engine *e, int64_t id, int status, const char *key, const char *text);

/* Grows an array of `*size` places so that one more fits behind `count`. */
void *engine_room(void *array, size_t count, size_t *size, size_t each);

#endif
