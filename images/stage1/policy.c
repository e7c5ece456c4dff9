/* How long stage 1 tries, waits and bears: the numbers in one place.  Pure. */
#include "images/stage1/policy.h"

#include "lib/retry.h"

#define DEADLINE_MS (15 * 60 * INT64_C(1000))
#define STALL_WAIT_S 600	/* for a person on the way; then the plan may be new */
#define FAIL_WAIT_S 60
#define AGENT_SOUND_MS 60000

struct policy_next
policy_failed(unsigned tried, unsigned tries, bool person)
{
	if (person)
		return (struct policy_next){ .reboot = true, .wait_s = STALL_WAIT_S };
	if (tried >= tries)
		return (struct policy_next){ .reboot = true, .wait_s = FAIL_WAIT_S };
	return (struct policy_next){ .wait_s = 5 * (INT64_C(1) << (tried < 4 ? tried - 1 : 3)) };
}

int64_t
policy_deadline(int64_t alive_ms, int64_t now_ms, uint64_t limit_s)
{
	return alive_ms + (limit_s > 0 ? (int64_t)limit_s * 1000 : DEADLINE_MS) - now_ms;
}

int64_t
policy_agent_wait_ms(unsigned *nth, int64_t ran_ms)
{
	*nth = ran_ms >= AGENT_SOUND_MS ? 1 : *nth + 1;
	return retry_backoff_ms(*nth, 128);
}
