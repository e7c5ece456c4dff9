/* Where the agent is, as a state table: see steps.h. */
#include "cloud-init/agent/steps.h"

#include "lib/str.h"

void
steps_init(struct steps *steps, enum phase phase, int64_t now_ms)
{
	*steps = (struct steps){ .phase = phase, .state = STATE_BEGIN, .since_ms = now_ms };
}

void
steps_back(struct steps *steps, enum phase phase, int64_t now_ms)
{
	steps_init(steps, phase, now_ms);
}

bool
steps_all_done(const struct steps *steps)
{
	return steps->phase >= PHASE_COUNT;
}

/* What a word is called in the timeline. */
static enum phase_state
state_of(const struct steps *steps, enum step_word word, int64_t now_ms)
{
	static const enum phase_state states[STEP_WORDS] = {
		[STEP_DONE] = STATE_DONE,
		[STEP_BUSY] = STATE_PROGRESS,
		[STEP_WAIT] = STATE_WAIT,
		[STEP_STALL] = STATE_STALL,
		[STEP_FAIL] = STATE_FAIL,
	};

	if (word == STEP_WAIT && steps->phase == PHASE_HEALTHY &&
	    now_ms - steps->since_ms >= STEPS_PATIENCE_MS)
		return STATE_STALL;
	return states[word];
}

void
steps_step(struct steps *steps, enum step_word word, const char *text, int64_t now_ms,
	   struct steps_news *ret)
{
	enum phase_state state = state_of(steps, word, now_ms);

	*ret = (struct steps_news){ .phase = steps->phase, .state = state };
	if (steps_all_done(steps))
		return;
	if (word == STEP_DONE) {
		ret->tell = ret->entered = true;
		steps_init(steps, steps->phase + 1, now_ms);
		return;
	}
	ret->tell = state != steps->state || !str_eq(text, steps->text);
	steps->state = state;
	str_copy(steps->text, sizeof(steps->text), text);
}

int64_t
steps_backoff_ms(unsigned int tries, uint8_t chance)
{
	int64_t ms = tries >= 5 ? 30000 : 1000 << tries;

	return ms + ms / 4 * chance / 255;
}
