#ifndef ENGINE_CORE_H
#define ENGINE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "engine/db.h"
#include "engine/index.h"
#include "engine/metrics.h"
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

#define BOOT_NONCES 4		/* nonces of one boot that are good at the same time */
#define BOOT_NONCE 33		/* 32 hex digits and NUL */
#define BOOTS_KEPT 20		/* boots of a machine in the database */
#define EVENT_TEXT 400		/* bytes of an event's sentence, NUL included */
#define UNKNOWN_MOST 4096	/* machines nobody has approved; the one unseen for longest goes */

struct machine;

/* One life of a machine: from firmware's DHCP request to healthy, or to its next life. */
struct boot {
	struct machine *machine;
	int64_t id;
	int64_t begin_ms, script_ms, end_ms;	/* 0: not yet */
	char outcome[16];	/* "": open; healthy, over, local, … */
	bool past;		/* went past `script` */
	bool enrolled;		/* its agent's key was recognised */
	bool healthy;
	bool told;		/* has an event */
	bool dirty;		/* to be saved at the turn's end */
	enum plan_kind kind;
	char image[80];		/* "edge@2" */
	char reason[160];
	char nonces[BOOT_NONCES][BOOT_NONCE];	/* newest first */
	int64_t nonce_ms;	/* when the newest was given */
	char ip[NET_IP4_TEXT], mac[NET_MAC_TEXT];	/* who fetched the script */
	int64_t seq;		/* last agent event in store */
	int claims;		/* unsigned events taken */
	enum phase phase;
	enum phase_state state;
	int64_t phase_ms;	/* when the phase began */
	int64_t heard_ms;	/* last word of any kind, on the monotonic clock */
	char text[EVENT_TEXT];
	char part[16];		/* of the running transfer */
	int64_t done, total;
};

struct machine {
	int64_t id;
	char name[64];
	const struct site_machine *site;	/* NULL: not in the site file */
	char **macs;
	size_t nmacs;
	struct plan_claims claims;	/* as last said */
	char lldp[256], version[64];
	bool approved;		/* by a person */
	char code[10];		/* shown while it waits for a person; "" */
	enum plan_kind kind;
	bool kind_set, once;
	char image[64];		/* the operator's; "": the site's */
	int generation;
	char tried[80], last_good[80];
	char pin[SHA256_TEXT], pin_state[8];	/* the machine's key; kept, new or ram */
	int64_t counter;
	char pending[SHA256_TEXT], pending_state[8];	/* a key that waits for a person */
	int64_t pending_counter;
	char ip[NET_IP4_TEXT], ip_mac[NET_MAC_TEXT];	/* where it was seen last, by which MAC */
	json_t *facts;		/* NULL: none yet */
	int64_t first_ms, seen_ms;
	int64_t polled_ms;	/* last word of the agent, on the monotonic clock; 0: none */
	struct boot *boot;	/* the present or last one; NULL: never seen */
	struct boot *former;	/* the one before, while we may still hear of it */
	bool changed;		/* its row is to be saved at the turn's end */
	bool stale;		/* in engine.stale */
};

/* A request of an agent that is answered later. */
struct held_poll {
	struct machine *machine;
	int64_t id;		/* of web's request */
	int64_t until_ms;	/* monotonic */
};

struct answer {
	int fd;
	json_t *body;
};

struct hub;

struct engine {
	int keeper, web;	/* channels, -1: none */
	struct db db;
	bool started;

	struct site *site;
	char *url, *https;
	char *ours;		/* version of our undionly.kpxe, "" unknown */
	char *autoexec, *nic;	/* the plain scripts that go out by TFTP */
	EVP_PKEY *key;		/* the engine's */
	X509 *cert;
	char *ca_pem, *cert_pem;
	char ca[SHA256_TEXT];	/* fingerprint */

	struct images images;
	struct plan_image *choices;	/* images by architecture, for plan_choose() */
	size_t nchoices;

	struct machine **machines;
	size_t nmachines, machines_size;
	size_t unknown;		/* of them not in the site and not approved */
	struct index names, macs, uuids, pins, pendings, codes, ips;	/* to a machine */
	struct index nonces;	/* to a boot */
	struct index leases;	/* address to a MAC, owned */
	int64_t last_machine, last_boot;	/* highest ids given */
	struct machine **stale;	/* those with something to save at the turn's end */
	size_t nstale, stale_size;

	struct held_poll *polls;
	size_t npolls, polls_size;
	struct answer *answers;	/* sent after the commit */
	size_t nanswers, answers_size;
	struct hub *hub;	/* live subscribers to events */
	char dnsmasq[32], web_state[32];	/* as the keeper says */
	char child_text[2][160];
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
