/* Generations on trial: see trial.h. */
#include "plan/trial.h"

#include <string.h>

#include "lib/str.h"

void
trial_begin(struct trial *trial, const char *image, const char *last_good)
{
	if (str_eq(image, last_good) || str_eq(image, trial->image))
		return;
	*trial = (struct trial){ .over = false };
	str_copy(trial->image, sizeof(trial->image), image);
}

/* Does time count against the image? */
static bool
counts(const struct trial *trial, const struct trial_look *look)
{
	if (trial->over || !trial->image[0] || !str_eq(trial->image, look->image))
		return false;
	if (!look->last_good[0] || str_eq(look->last_good, look->image))
		return false;
	return !look->healthy && !look->outside && look->quiet_ms <= TRIAL_QUIET_MS;
}

enum trial_word
trial_step(struct trial *trial, const struct trial_look *look)
{
	if (!counts(trial, look))
		return TRIAL_STILL;
	trial->spent_ms += look->passed_ms;
	trial->over = trial->spent_ms >= look->limit_ms;
	return trial->over ? TRIAL_OVER : TRIAL_RUNS;
}
