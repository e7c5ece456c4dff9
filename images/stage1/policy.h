#ifndef STAGE1_POLICY_H
#define STAGE1_POLICY_H

#include <stdbool.h>
#include <stdint.h>

/* What follows when a step failed. */
struct policy_next {
	bool reboot;		/* else the step is tried again */
	int64_t wait_s;		/* before either */
};

/* The `tried`th time (from 1) a step failed that may be tried `tries` times; `person`: it needs a
 * person (phase state stall), so trying again is no use and the screen stays long. */
struct policy_next policy_failed(unsigned tried, unsigned tries, bool person);

/* Milliseconds until a machine without progress since `alive_ms` is rebooted; 0 or less: now.
 * `limit_s`: the kernel argument bootserver.deadline, 0: without it, 15 minutes. */
int64_t policy_deadline(int64_t alive_ms, int64_t now_ms, uint64_t limit_s);

/* How long before the agent is started again that ran `ran_ms` and then ended; *nth counts its ends
 * in a row and is set back to 1 if it had run a minute. */
int64_t policy_agent_wait_ms(unsigned *nth, int64_t ran_ms);

#endif
