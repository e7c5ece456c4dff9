#ifndef ENGINE_TRIAL_H
#define ENGINE_TRIAL_H

#include "engine/core.h"

/* The trials of all machines (plan/trial.h), kept over restarts. */

/* Reads them, once the machines are there. */
void trials_load(struct engine *e);

/* Once a second: time passes; a trial that is over gives the order to reboot. */
void trials_tick(struct engine *e);

/* The machine was given the script for this boot's image. */
void trial_script(struct engine *e, struct boot *b);

/* The boot is healthy: its image has passed. */
void trial_passed(struct engine *e, const struct boot *b);

/* The operator asks anew: what was abandoned is forgotten. */
void trial_forget(struct engine *e, struct machine *m);

/* {image, spent_ms, limit_ms, over}, or null. */
json_t *trial_view(const struct engine *e, const struct machine *m);

#endif
