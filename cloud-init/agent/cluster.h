#ifndef AGENT_CLUSTER_H
#define AGENT_CLUSTER_H

#include "cloud-init/agent/agent.h"
#include "cloud-init/agent/node.h"

/*
 * What the agent knows of its cluster, and the request POST /v1/self/cluster (docs/CLUSTER.md).
 * join.c makes the machine a node by it, roles.c gives the cluster its objects.
 */

/* Asks the engine what to do here.  DONE: agent->cluster.answer is its new «go», parts and files
 * taken from it; or `none` is set.  Else WAIT, STALL or FAIL with the reason. */
enum step_word cluster_ask(struct agent *agent, char text[AGENT_TEXT]);

/* Puts files, hosts lines and kernel settings into their places: DONE or FAIL. */
enum step_word cluster_place(struct agent *agent, char text[AGENT_TEXT]);

/* Tells the engine a thing of one member ("done", "report"; the value is taken over); 0 when the
 * engine has it. */
int cluster_tell(struct agent *agent, const char *key, json_t *value);

bool cluster_has_role(const struct agent *agent, const char *role);

/* What the machine is to be by the engine's answer, and whether its disk has it so; borrowed. */
struct node_id cluster_node_id(const struct agent *agent);
bool cluster_kept(const struct agent *agent);

/* The steps are gone through again, from the question to the engine on, and `why` stands in the
 * timeline: those that are done already cost little, and a machine that is to be a node of another
 * cluster joins that. */
void cluster_again(struct agent *agent, const char *why);

/*
 * One job of a step: started once by `start`, then looked at.  BUSY while it runs (`text`: `what`
 * and its last line to be told), DONE, or FAIL with the last line.  Dropped when it ended.
 */
struct cluster_work {
	const char *what;
	bool outside;		/* it waits for others: WAIT while it runs */
	int (*start)(struct agent *agent, struct err *err);
	/* A line it printed, as it is to be told in `ret`; false: not at all.  NULL: as it is. */
	bool (*take)(const char *line, char *ret, size_t size);
	/* The reason of a failure from all output; NULL: its last line. */
	void (*reason)(const char *output, char *ret, size_t size);
	/* What it failed for, if others will end that: the step waits for them, and begins with its
	 * first act again.  NULL, or no such function: it has failed. */
	const char *(*awaits)(const char *output);
};
enum step_word cluster_work(struct agent *agent, const struct cluster_work *work,
			    char text[AGENT_TEXT]);

/* Runs the acts of a step (NULL-ended) from agent->cluster.act on, until one is not done; a failure
 * begins with the first one again. */
typedef enum step_word (*cluster_act)(struct agent *agent, char text[AGENT_TEXT]);
enum step_word cluster_acts(struct agent *agent, const cluster_act *acts, char text[AGENT_TEXT]);

#endif
