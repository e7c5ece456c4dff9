#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "cloud-init/agent/ears.h"
#include "cloud-init/agent/input.h"
#include "cloud-init/agent/job.h"
#include "cloud-init/agent/key.h"
#include "cloud-init/agent/part.h"
#include "cloud-init/agent/queue.h"
#include "cloud-init/agent/steps.h"
#include "cloud-init/agent/verdict.h"
#include "cloud-init/agent/wire.h"

/*
 * The running agent: everything its steps share.  doings.c does the steps, talk.c speaks with the
 * server, run.c turns the wheel.
 */
#define AGENT_TEXT 256

/* The cluster that this machine is, or is to be, a node of. */
struct cluster {
	json_t *answer;		/* the engine's last «go», owned; NULL before it came */
	bool none;		/* it has no roles for this machine */
	char digest[80];	/* of its last answer, whatever that was */
	struct part parts[PARTS_MOST];
	size_t nparts;
	bool stale;		/* it has changed since: to be asked for again */
	size_t act, stage;	/* of the present step; the next one to be applied */
	json_t *applied;	/* those of this life by their names; owned, NULL: none */
	struct job job;
	char said[AGENT_TEXT];	/* the last line of the job that is to be told */
	char *report;		/* what the engine has, owned */
	int64_t look_at_ms, certs_at_ms;	/* when it, and its certificates, are looked at */
	bool renews;		/* the job renews those */
};

struct agent {
	struct input input;
	struct verdict verdict;
	bool has_verdict;
	struct ears ears;
	struct key key;
	struct wire wire;
	bool has_key;
	json_t *facts;		/* NULL before they are collected */
	struct queue queue;
	struct steps steps;
	struct cluster cluster;

	bool stale;		/* the server's facts are older than ours */
	bool enrolled;		/* the server knows our key in this boot */
	char code[32];		/* the one on the console, while approval is awaited */
	bool doubt;		/* the server's certificate was refused: is the clock right? */

	bool outside;		/* what the present step waits for is no fault of this machine */
	unsigned int tries;	/* failures in a row of the present step */
	int64_t step_at_ms;	/* monotonic: not before */
	unsigned int sends;	/* failures in a row of sending */
	int64_t send_at_ms;
	int64_t poll_at_ms;

	json_t *orders;		/* taken and not over yet, in their order */
	json_t *taken;		/* ids of those whose taking the server does not know yet */
	json_t *results;	/* [{id, good, text}]: how orders went, to be told */
	struct job order_job;	/* of the first order */
	bool dirty;		/* agent.json is older than this */
};

/* Doings.  One row of the table is one phase; `text` gets the sentence that goes with the word. */
struct doing {
	enum phase phase;
	enum step_word (*step)(struct agent *agent, char text[AGENT_TEXT]);
};
const struct doing *doing_find(enum phase phase);	/* NULL: none */

/* Doings of their own size. */
enum step_word enrol_step(struct agent *agent, char text[AGENT_TEXT]);
enum step_word join_step(struct agent *agent, char text[AGENT_TEXT]);
enum step_word roles_step(struct agent *agent, char text[AGENT_TEXT]);

/* Enrolled already: sends the facts once more; what fails is tried again at the next call. */
void enrol_refresh(struct agent *agent);

/* Opens the machine's key where the verdict says (once); 0 or negative. */
int enrol_open_key(struct agent *agent, struct err *err);

/* When all steps are done: acts on what has changed at the engine, tells it of the cluster.  How
 * long the server may hold a poll meanwhile, seconds. */
int tend(struct agent *agent);

/* Puts an event into the queue and, with its text, on the console. */
void agent_tell(struct agent *agent, enum phase phase, enum phase_state state, const char *text,
		json_t *data);

/* The next try of the present step, after a failure. */
void agent_later(struct agent *agent);

/* Sends what is in the queue; polls for orders (waits at the server up to `wait_s`).  What fails is
 * tried again later; both do nothing before their time. */
void talk_send(struct agent *agent);
void talk_poll(struct agent *agent, int wait_s);

/* One question of an enrolled machine; 0 with a good answer, which the caller frees.  Negative also
 * before the time for a next try has come; -ENOENT: the server knows no such path. */
#define PATH_CLUSTER "/v1/self/cluster"
int talk_ask(struct agent *agent, const struct wire_question *question, json_t **ret);

/* agent.json: read at the start (another boot's is ignored), written when `dirty`. */
void progress_load(struct agent *agent);
void progress_save(struct agent *agent);

/* The whole of `bootserver-agent run`; returns only on an error that no retry mends. */
int agent_run(struct err *err);

#endif
