#ifndef ENGINE_MACHINE_H
#define ENGINE_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "lib/net.h"
#include "lib/sha256.h"
#include "plan/phase.h"
#include "plan/plan.h"
#include "plan/trial.h"
#include "site/site.h"

/* A machine and its boots, as the engine holds them in memory and in the database. */

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
	bool outside;		/* its agent waits for what lies outside the machine */
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
	char *text;		/* of the last event; NULL: it has none */
	char part[16];		/* of the running transfer */
	int64_t done, total;
};

/* The operator was shown it and is to say it again. */
struct wipe_code {
	char serial[129], code[10];	/* of the disk */
	int64_t until_ms;		/* monotonic */
};

struct machine {
	int64_t id;
	char name[64];
	const struct site_machine *site;	/* NULL: not in the site file */
	char **macs;
	size_t nmacs;
	struct plan_claims claims;	/* as last said */
	char *lldp, *version;	/* as last said; NULL: not yet */
	bool approved;		/* by a person */
	char code[10];		/* shown while it waits for a person; "" */
	enum plan_kind kind;
	bool kind_set, once;
	char image[64];		/* the operator's; "": the site's */
	int generation;
	char tried[80], last_good[80];
	struct trial trial;
	int64_t trial_at_ms;	/* when its clock was looked at last, monotonic */
	struct {
		bool known;
		int64_t offset_ms, within_ms;	/* its clock less ours, as exactly as that */
	} clock;
	char pin[SHA256_TEXT], pin_state[8];	/* the machine's key; kept, new or ram */
	bool vouched;		/* a person approved that key */
	int64_t counter;
	char pending[SHA256_TEXT], pending_state[8];	/* a key that waits for a person */
	int64_t pending_counter;
	char ip[NET_IP4_TEXT], ip_mac[NET_MAC_TEXT];	/* where it was seen last, by which MAC */
	json_t *facts;		/* NULL: none yet */
	struct wipe_code *wipe;	/* what confirms that a disk is wiped; NULL: none is to be */
	struct {
		char way[8];		/* to its own disk, the last it took; "": none yet */
		bool good;		/* it led there */
		int64_t tried_ms;	/* it is on its way, since then; 0: it is back */
		char binary[20];	/* iPXE's, instead of the one that did not start; "" */
		bool locked;		/* neither did */
	} learnt;
	char fetched[20];	/* the binary that it fetched and has not asked by yet */
	bool started;		/* that one came as far as its autoexec.ipxe */
	int misses;		/* how often firmware began anew after such a fetch */
	int64_t first_ms, seen_ms;
	int64_t polled_ms;	/* last word of the agent, on the monotonic clock; 0: none */
	struct boot *boot;	/* the present or last one; NULL: never seen */
	struct boot *former;	/* the one before, while we may still hear of it */
	char digest[SHA256_TEXT];	/* of its answer about the cluster */
	uint64_t digest_at;	/* cluster.changes when that was made */
	char told[SHA256_TEXT];	/* the digest that its agent knows */
	bool changed;		/* its row is to be saved at the turn's end */
	bool stale;		/* in engine.stale */
};

#endif
